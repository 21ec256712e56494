"""An encoder as one ONNX graph, pooling inside, for serving without torch."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import nn

from training.ml import joint, storage
from training.ml.encoder_onnx import OPSET

INPUTS = ("input_ids", "attention_mask", "token_type_ids", "pool")
OUTPUTS = ("embedding", "states")


def export_encoder(encoder: nn.Module, path: Path, *, layer: int = -1) -> None:
    """Write `encoder` to `path`, whole or not at all.

    The graph takes int64 (n, n_tokens) arrays and gives the normalized mean of the
    pooled tokens, float32 (n, hidden), and every token's state in `layer`, (n,
    n_tokens, hidden).
    """
    model = joint.EmbeddingModel(encoder, layer).to("cpu").float().eval()
    sample = tuple(torch.ones((2, 7), dtype=torch.int64) for _ in INPUTS)
    axes = {name: {0: "n", 1: "n_tokens"} for name in (*INPUTS, "states")}
    axes["embedding"] = {0: "n"}
    with storage.written_aside(path) as aside, warnings.catch_warnings():
        # The tracer warns about Python branches that do not depend on the input.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            sample,
            str(aside),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,  # the tracing exporter needs no further package
        )
