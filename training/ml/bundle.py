"""What a trained model consists of, and how it lies in a checkpoint's files.

`config.json` holds names and numbers, the safetensors files the arrays, `encoder.onnx`
the encoder and `tokenizer.json` its tokenizer. No torch, no scikit-learn: the web
process reads it.
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

from training.ml.errors import CheckpointFormatError
from training.ml.intent_model import IntentModel
from training.ml.tag_scorer import Linear, TagScorer

CONFIG, INTENTS, TAGS = "config.json", "intents.safetensors", "tags.safetensors"
ENCODER, TOKENIZER = "encoder.onnx", "tokenizer.json"
LAYERS = ("inner", "outer")
MEMORY = "neighbour_embeddings"

Array = NDArray[Any]


@dataclass(frozen=True)
class Bundle:
    """A trained model without its encoder."""

    recipe: str
    intent_model: IntentModel
    params: tuple[str, ...]
    tag_scorer: TagScorer | None
    max_tokens: int
    context_turns: int = 0


def to_files(bundle: Bundle, encoder: Path, tokenizer: Path) -> dict[str, bytes | Path]:
    """The files of a checkpoint, by name."""
    config = {
        "recipe": bundle.recipe,
        "params": list(bundle.params),
        "max_tokens": bundle.max_tokens,
        "context_turns": bundle.context_turns,
    }
    files: dict[str, bytes | Path] = {
        CONFIG: json.dumps(config, ensure_ascii=False, indent=1).encode(),
        INTENTS: save_arrays(_intent_arrays(bundle.intent_model)),
        ENCODER: encoder,
        TOKENIZER: tokenizer,
    }
    if bundle.tag_scorer is not None:
        files[TAGS] = save_arrays(_tag_arrays(bundle.tag_scorer))
    return files


def from_files(files: Mapping[str, bytes]) -> Bundle:
    """The model in a checkpoint's files. Raises CheckpointFormatError."""
    try:
        config = json.loads(files[CONFIG])
        arrays = load_arrays(files[INTENTS])
        arrays[MEMORY] = arrays[MEMORY].astype(np.float32)
        return Bundle(
            recipe=config["recipe"],
            intent_model=IntentModel.from_arrays(arrays),
            params=tuple(config["params"]),
            tag_scorer=_tag_scorer(files),
            max_tokens=int(config["max_tokens"]),
            context_turns=int(config["context_turns"]),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise CheckpointFormatError(f"not a model: {error!r}") from error


def _intent_arrays(model: IntentModel) -> dict[str, Array]:
    arrays = {k: np.ascontiguousarray(a) for k, a in model.to_arrays().items()}
    arrays[MEMORY] = arrays[MEMORY].astype(np.float16)  # half the size, same votes
    return arrays


def _tag_arrays(scorer: TagScorer) -> dict[str, Array]:
    arrays: dict[str, Array] = {}
    for name in LAYERS:
        layer: Linear = getattr(scorer, name)
        arrays[f"{name}.weight"] = np.ascontiguousarray(layer.weight, np.float32)
        arrays[f"{name}.bias"] = np.ascontiguousarray(layer.bias, np.float32)
    return arrays


def _tag_scorer(files: Mapping[str, bytes]) -> TagScorer | None:
    if TAGS not in files:
        return None
    arrays = load_arrays(files[TAGS])
    inner, outer = (Linear(arrays[f"{n}.weight"], arrays[f"{n}.bias"]) for n in LAYERS)
    return TagScorer(inner, outer)
