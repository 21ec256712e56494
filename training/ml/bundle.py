"""What a trained model consists of, and how it lies in a checkpoint's files.

`config.json` holds names and numbers, `heads.safetensors` the arrays, `encoder.onnx`
the encoder and `tokenizer.json` its tokenizer. NumPy only: the web process reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from training.ml.scoring import IntentHead, Linear, Neighbours, TagScorer

CONFIG, HEADS = "config.json", "heads.safetensors"
ENCODER, TOKENIZER = "encoder.onnx", "tokenizer.json"

Array = NDArray[Any]


@dataclass(frozen=True)
class Bundle:
    """A trained model without its encoder."""

    recipe: str
    intents: tuple[str, ...]
    params: tuple[str, ...]
    intent_head: IntentHead
    tag_scorer: TagScorer | None
    max_tokens: int
    context_turns: int = 0


def to_files(bundle: Bundle, encoder: Path, tokenizer: Path) -> dict[str, bytes | Path]:
    """The files of a checkpoint, by name."""
    config = json.dumps(_config(bundle), ensure_ascii=False, indent=1)
    return {
        CONFIG: config.encode(),
        HEADS: save_arrays(_arrays(bundle)),
        ENCODER: encoder,
        TOKENIZER: tokenizer,
    }


def from_files(files: Mapping[str, bytes]) -> Bundle:
    """The model in a checkpoint's files."""
    config = json.loads(files[CONFIG])
    arrays = load_arrays(files[HEADS])
    return Bundle(
        recipe=config["recipe"],
        intents=tuple(config["intents"]),
        params=tuple(config["params"]),
        intent_head=_intent_head(config, arrays),
        tag_scorer=_tag_scorer(arrays),
        max_tokens=int(config["max_tokens"]),
        context_turns=int(config["context_turns"]),
    )


def _config(bundle: Bundle) -> dict[str, Any]:
    head = bundle.intent_head
    near = head.neighbours
    return {
        "recipe": bundle.recipe,
        "intents": list(bundle.intents),
        "params": list(bundle.params),
        "max_tokens": bundle.max_tokens,
        "context_turns": bundle.context_turns,
        "shares": list(head.shares),
        "temperature": head.temperature,
        "scope_threshold": head.scope_threshold,
        "neighbours": {"k": near.k, "sharpness": near.sharpness} if near else None,
    }


def _arrays(bundle: Bundle) -> dict[str, Array]:
    head = bundle.intent_head
    arrays: dict[str, Array] = {}
    for index, linear in enumerate(head.linears):
        arrays[f"intent.{index}.weight"] = linear.weight.astype(np.float32)
        arrays[f"intent.{index}.bias"] = linear.bias.astype(np.float32)
    if head.neighbours is not None:
        arrays["neighbours.vectors"] = head.neighbours.vectors.astype(np.float16)
        arrays["neighbours.labels"] = head.neighbours.labels.astype(np.int32)
    if bundle.tag_scorer is not None:
        for name in ("inner", "outer"):
            layer: Linear = getattr(bundle.tag_scorer, name)
            arrays[f"tag.{name}.weight"] = layer.weight.astype(np.float32)
            arrays[f"tag.{name}.bias"] = layer.bias.astype(np.float32)
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _intent_head(config: dict[str, Any], arrays: Mapping[str, Array]) -> IntentHead:
    near = config["neighbours"]
    n_linears = len(config["shares"]) - (1 if near else 0)
    return IntentHead(
        linears=tuple(_linear(arrays, f"intent.{i}") for i in range(n_linears)),
        neighbours=_neighbours(near, arrays) if near else None,
        shares=tuple(config["shares"]),
        temperature=float(config["temperature"]),
        scope_threshold=float(config["scope_threshold"]),
    )


def _neighbours(near: dict[str, Any], arrays: Mapping[str, Array]) -> Neighbours:
    return Neighbours(
        vectors=arrays["neighbours.vectors"].astype(np.float32),
        labels=arrays["neighbours.labels"],
        k=int(near["k"]),
        sharpness=float(near["sharpness"]),
    )


def _tag_scorer(arrays: Mapping[str, Array]) -> TagScorer | None:
    if "tag.inner.weight" not in arrays:
        return None
    return TagScorer(_linear(arrays, "tag.inner"), _linear(arrays, "tag.outer"))


def _linear(arrays: Mapping[str, Array], name: str) -> Linear:
    return Linear(arrays[f"{name}.weight"], arrays[f"{name}.bias"])
