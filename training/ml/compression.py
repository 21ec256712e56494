"""An int8 copy of an exported encoder, taken only where it answers as the exact one.

Weights as int8 make a turn about a third cheaper and the graph two thirds the size.
How far the answers move depends on what was learned, so each model is asked.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from training.ml import frozen, storage
from training.ml.bundle import Bundle
from training.ml.data import Dataset
from training.ml.encoder_onnx import quantize
from training.ml.tokens import TextEncoder

PARITY = "parity.json"
MOST_ROWS = 600
LEAST_ROWS = 50  # fewer say too little: the exact graph is kept
AGREEMENT = 0.99  # of intents, fallbacks and tags, each
MAX_LOSS = 0.002  # of accuracy on the same rows


@dataclass(frozen=True)
class Parity:
    """How the int8 graph answers beside the exact one; shares of `rows`, of words."""

    precision: str
    rows: int
    intents: float = 1.0
    fallbacks: float = 1.0
    tags: float = 1.0
    accuracy_exact: float | None = None
    accuracy_int8: float | None = None

    def as_json(self) -> bytes:
        return json.dumps(asdict(self), indent=1).encode()


@dataclass(frozen=True)
class _Answers:
    intents: tuple[str, ...]
    fallbacks: tuple[bool, ...]
    tags: tuple[int, ...]


def smaller(
    bundle: Bundle, encoder: Path, tokenizer: Path, sample: Dataset
) -> tuple[Path, Parity]:
    """The graph to serve with, int8 where it is as good, and what was found out.

    sample: rows the model has not learned from, where there are any; its first 600
    are asked. Labels count where they are there. The copy stays beside the encoder, so
    that one that many models share is made small once.
    """
    rows = Dataset(sample.examples[:MOST_ROWS])
    if len(rows) < LEAST_ROWS:
        return encoder, Parity("fp32", len(rows))
    of_encoder = storage.sha256_of(encoder)[:16]
    quantized = encoder.with_name(f"{encoder.stem}-{of_encoder}-int8.onnx")
    if not quantized.is_file():
        quantize(encoder, quantized)
    with threadpool_limits(1, user_api="blas"):  # the heads' products are tiny
        exact, small = (
            _answers(bundle, p, tokenizer, rows) for p in (encoder, quantized)
        )
    found = _compare(exact, small, rows)
    return (quantized if found.precision == "int8" else encoder), found


def _answers(bundle: Bundle, graph: Path, tokenizer: Path, rows: Dataset) -> _Answers:
    """What the bundle says behind this graph of each row alone, as of a live turn.

    What the graph makes of these rows stays beside it: those held out hardly change
    from round to round, and a light head's graph never does.
    """
    text_encoder = TextEncoder(tokenizer, max_tokens=bundle.max_tokens)
    turns = bundle.context_turns
    encoded = text_encoder.encode_many(
        rows.texts, [e.context[-turns:] if turns else () for e in rows]
    )
    memory = graph.with_suffix(".parity.npz")
    made = frozen.embed(graph, encoded, memory=memory, batch_size=1)
    assert made.words is not None, "an exported encoder gives words' states"
    words = [states.astype(np.float32) for states in made.words]
    said = bundle.predict(made.embeddings, rows.texts)
    return _Answers(
        tuple(said.classes[column] for column in said.proba.argmax(axis=1)),
        tuple(bool(one) for one in said.is_fallback),
        tuple(tag for tags in bundle.tag(words) for tag in tags),
    )


def _compare(exact: _Answers, small: _Answers, rows: Dataset) -> Parity:
    shares = {
        name: _share(getattr(exact, name), getattr(small, name))
        for name in ("intents", "fallbacks", "tags")
    }
    accuracy: dict[str, float | None] = {"exact": None, "int8": None}
    is_labeled = all(example.intent is not None for example in rows)
    if is_labeled:
        truth = tuple(rows.labels)
        accuracy = {
            "exact": _share(truth, exact.intents),
            "int8": _share(truth, small.intents),
        }
    before, after = accuracy["exact"], accuracy["int8"]
    loses = before is not None and after is not None and before - after > MAX_LOSS
    is_as_good = min(shares.values()) >= AGREEMENT and not loses
    return Parity(
        precision="int8" if is_as_good else "fp32",
        rows=len(rows),
        accuracy_exact=before,
        accuracy_int8=after,
        **shares,
    )


def _share(one: tuple[Any, ...], other: tuple[Any, ...]) -> float:
    if not one:
        return 1.0
    return float(np.mean([a == b for a, b in zip(one, other, strict=True)]))
