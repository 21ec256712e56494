"""What a trained model consists of, and how it lies in a checkpoint's files.

`config.json` holds names and numbers, the safetensors files the arrays, `encoder.onnx`
the encoder and `tokenizer.json` its tokenizer. No torch, no scikit-learn: the web
process reads it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from training.ml import bio
from training.ml.calibration import softmax
from training.ml.errors import CheckpointFormatError
from training.ml.intent_model import IntentAnswers, IntentModel, LinearHead
from training.ml.lexical import LexicalHead
from training.ml.tag_scorer import Linear, TagScorer
from training.ml.word_memory import WordMemory

CONFIG, INTENTS, TAGS = "config.json", "intents.safetensors", "tags.safetensors"
ENCODER, TOKENIZER = "encoder.onnx", "tokenizer.json"
LAYERS = ("inner", "outer")
MEMORY = "neighbour_embeddings"

Array = NDArray[Any]
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Bundle:
    """A trained model without its encoder."""

    recipe: str
    intent_model: IntentModel
    params: tuple[str, ...]
    tag_scorer: TagScorer | None
    max_tokens: int
    context_turns: int = 0
    lexical: LexicalHead | None = None
    act_head: LinearHead | None = None

    def predict(self, embeddings: Floats, texts: Sequence[str]) -> IntentAnswers:
        """What the model says about utterances: embeddings (n, d) and their texts."""
        added = self.lexical.logits(texts) if self.lexical is not None else None
        return self.intent_model.predict(embeddings, added)

    def acts(self, embeddings: Floats) -> list[tuple[str, float]]:
        """The dialogue act of each row and how likely it is.

        ("", 0.0) where the model has not learned acts.
        """
        if self.act_head is None:
            return [("", 0.0)] * len(embeddings)
        proba = softmax(self.act_head.logits(embeddings))
        return [
            (self.act_head.classes[column], float(row[column]))
            for row, column in zip(proba, proba.argmax(axis=1), strict=True)
        ]

    def tag(self, states: Sequence[Floats]) -> list[list[int]]:
        """The tags of utterances' words from their states, (n_words, hidden) each."""
        if self.tag_scorer is None or not any(len(one) for one in states):
            return [[bio.OUTSIDE] * len(one) for one in states]
        return bio.best_sequences(self.tag_scorer.many(states), self._transitions)

    @functools.cached_property
    def _transitions(self) -> Floats:
        learned = self.tag_scorer.transitions if self.tag_scorer else None
        return bio.TagSet(self.params).transitions() if learned is None else learned


def to_files(bundle: Bundle, encoder: Path, tokenizer: Path) -> dict[str, bytes | Path]:
    """The files of a checkpoint, by name."""
    config = {
        "recipe": bundle.recipe,
        "params": list(bundle.params),
        "max_tokens": bundle.max_tokens,
        "context_turns": bundle.context_turns,
        "acts": list(bundle.act_head.classes) if bundle.act_head else [],
    }
    files: dict[str, bytes | Path] = {
        CONFIG: json.dumps(config, ensure_ascii=False, indent=1).encode(),
        INTENTS: save_arrays(_intent_arrays(bundle)),
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
            lexical=_lexical(arrays),
            act_head=_act_head(tuple(config.get("acts", ())), arrays),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise CheckpointFormatError(f"not a model: {error!r}") from error


def _intent_arrays(bundle: Bundle) -> dict[str, Array]:
    found = bundle.intent_model.to_arrays()
    if bundle.lexical is not None:
        found |= bundle.lexical.to_arrays()
    if bundle.act_head is not None:
        found["act_coef"] = bundle.act_head.coef
        found["act_intercept"] = bundle.act_head.intercept
    arrays = {name: np.ascontiguousarray(array) for name, array in found.items()}
    arrays[MEMORY] = arrays[MEMORY].astype(np.float16)  # half the size, same votes
    return arrays


def _lexical(arrays: Mapping[str, Array]) -> LexicalHead | None:
    if "lexical_coef" not in arrays:
        return None
    facts = json.loads(np.asarray(arrays["facts"]).tobytes())
    return LexicalHead.from_arrays(tuple(facts["classes"]), dict(arrays))


def _act_head(acts: tuple[str, ...], arrays: Mapping[str, Array]) -> LinearHead | None:
    if not acts:
        return None
    return LinearHead(acts, arrays["act_coef"], arrays["act_intercept"])


def _tag_arrays(scorer: TagScorer) -> dict[str, Array]:
    arrays: dict[str, Array] = {}
    for name in LAYERS:
        layer: Linear = getattr(scorer, name)
        arrays[f"{name}.weight"] = np.ascontiguousarray(layer.weight, np.float32)
        arrays[f"{name}.bias"] = np.ascontiguousarray(layer.bias, np.float32)
    if scorer.transitions is not None:
        arrays["transitions"] = np.ascontiguousarray(scorer.transitions, np.float32)
    if scorer.memory is not None:
        arrays |= scorer.memory.to_arrays()
    return arrays


def _tag_scorer(files: Mapping[str, bytes]) -> TagScorer | None:
    if TAGS not in files:
        return None
    arrays = load_arrays(files[TAGS])
    inner, outer = (Linear(arrays[f"{n}.weight"], arrays[f"{n}.bias"]) for n in LAYERS)
    memory = WordMemory.from_arrays(arrays, len(outer.bias))
    return TagScorer(inner, outer, arrays.get("transitions"), memory)
