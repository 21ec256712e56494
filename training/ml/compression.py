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
import onnxruntime
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from training.ml.bundle import Bundle
from training.ml.data import Dataset
from training.ml.encoder_onnx import quantize
from training.ml.tokens import TextEncoder, pad

PARITY = "parity.json"
MOST_ROWS = 600
BATCH_SIZE = 32
LEAST_ROWS = 50  # fewer say too little: the exact graph is kept
AGREEMENT = 0.99  # of intents, fallbacks and tags, each
MAX_LOSS = 0.002  # of accuracy on the same rows

Floats = NDArray[np.floating[Any]]


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
    bundle: Bundle, encoder: Path, tokenizer: Path, sample: Dataset, work: Path
) -> tuple[Path, Parity]:
    """The graph to serve with, int8 where it is as good, and what was found out.

    sample: rows the model has not learned from, where there are any; its first 600
    are asked. Labels count where they are there.
    """
    rows = Dataset(sample.examples[:MOST_ROWS])
    if len(rows) < LEAST_ROWS:
        return encoder, Parity("fp32", len(rows))
    quantized = work / f"{encoder.stem}-int8.onnx"
    quantize(encoder, quantized)
    with threadpool_limits(1, user_api="blas"):  # the heads' products are tiny
        exact, small = (
            _answers(bundle, p, tokenizer, rows) for p in (encoder, quantized)
        )
    found = _compare(exact, small, rows)
    return (quantized if found.precision == "int8" else encoder), found


def _answers(bundle: Bundle, graph: Path, tokenizer: Path, rows: Dataset) -> _Answers:
    session = onnxruntime.InferenceSession(
        str(graph), providers=["CPUExecutionProvider"]
    )
    text_encoder = TextEncoder(tokenizer, max_tokens=bundle.max_tokens)
    turns = bundle.context_turns
    encoded = [
        text_encoder.encode(e.text, e.context[-turns:] if turns else ()) for e in rows
    ]
    intents: dict[int, str] = {}
    fallbacks: dict[int, bool] = {}
    tags: dict[int, list[int]] = {}
    order = np.argsort([len(one) for one in encoded], kind="stable")
    for begin in range(0, len(order), BATCH_SIZE):
        part = [int(row) for row in order[begin : begin + BATCH_SIZE]]
        batch = pad([encoded[row] for row in part])
        embeddings, states = session.run(None, batch.feed())
        said = bundle.predict(embeddings, [rows.texts[row] for row in part])
        best = said.proba.argmax(axis=1)
        tags.update(zip(part, bundle.tag(batch.word_means(states)), strict=True))
        for place, row in enumerate(part):
            intents[row] = said.classes[best[place]]
            fallbacks[row] = bool(said.is_fallback[place])
    return _Answers(
        tuple(intents[row] for row in range(len(rows))),
        tuple(fallbacks[row] for row in range(len(rows))),
        tuple(tag for row in range(len(rows)) for tag in tags[row]),
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
