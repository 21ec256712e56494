"""Answering live turns with the champion: ONNX Runtime, NumPy and tokenizers only."""
