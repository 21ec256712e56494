"""A checkpoint that answers: intents, fallback and parameters of a turn.

Runs in the web process, so nothing here imports torch, transformers or scikit-learn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.ml import bio, bundle, checkpoint, graph
from training.ml.data import OUT_OF_SCOPE, Example, Span
from training.ml.tokens import Encoded, TextEncoder, pad

PORTION = 1024  # turns whose words' states are in memory together
MOST, ENOUGH = 32, 16  # rows for the encoder at once; from ENOUGH on no row is padded
TOP_INTENTS = 5
EMBEDDING = "embedding"  # the graph's output where no word's state is wanted
# A live turn below this confidence, or this close a call, is worth a person's look.
UNSURE, CLOSE = 0.5, 0.2
# Two intents nearer than this are too close for the bot to go on with one of them.
AMBIGUOUS = 0.1

Floats = NDArray[np.floating[Any]]
Encodings = tuple[Floats, list[Floats]]  # of rows: vectors, and their words' states


@dataclass(frozen=True)
class Prediction:
    """What a model says about one turn.

    intents: best first, calibrated. is_fallback: the model does not know. seconds is
    what the turn took where it was asked alone.
    """

    intents: tuple[tuple[str, float], ...]
    is_fallback: bool
    spans: tuple[Span, ...]
    scope_score: float
    seconds: float = 0.0
    # The likeliest answer was out of scope, which some models are taught to say.
    is_named_out_of_scope: bool = False
    # What the turn does in its conversation; "" where the model has not learned it.
    act: str = ""
    act_confidence: float = 0.0

    @property
    def intent(self) -> str:
        """The answer: the likeliest intent, or out of scope."""
        return OUT_OF_SCOPE if self.is_fallback else self.intents[0][0]

    @property
    def is_torn(self) -> bool:
        """Whether the two likeliest intents are close, or even the first unlikely."""
        shares = [share for _, share in self.intents[:2]]
        return shares[0] < UNSURE or (len(shares) > 1 and shares[0] - shares[1] < CLOSE)

    @property
    def is_ambiguous(self) -> bool:
        """Whether the bot has to ask which of the two likeliest intents is meant."""
        shares = [share for _, share in self.intents[:2]]
        return (
            not self.is_fallback
            and len(shares) > 1
            and shares[0] - shares[1] < AMBIGUOUS
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "intents": [
                {"name": name, "confidence": round(confidence, 4)}
                for name, confidence in self.intents
            ],
            "act": (
                {"name": self.act, "confidence": round(self.act_confidence, 4)}
                if self.act
                else None
            ),
            "fallback": self.is_fallback,
            "parameters": [
                {"param": s.param, "start": s.start, "end": s.end, "text": s.value}
                for s in self.spans
            ],
        }


class Predictor:
    """A verified checkpoint in memory; safe to use from several threads."""

    def __init__(self, folder: Path, *, key: bytes, beside: int = 1) -> None:
        """Load a checkpoint. Raises CheckpointCorruptError, CheckpointFormatError.

        beside: how many encodings of `predict_many` are under way at a time, each on
        a thread of its own; one turn takes one thread.
        """
        self.manifest, files = checkpoint.load(folder, key=key)
        self.name = folder.name
        self.bundle = bundle.from_files(files)
        tokenizer = Tokenizer.from_str(files[bundle.TOKENIZER].decode())
        self._encoder = TextEncoder(tokenizer, max_tokens=self.bundle.max_tokens)
        self._session = graph.session(files[bundle.ENCODER])
        self._beside = beside
        self._tag_set = bio.TagSet(self.bundle.params)

    @property
    def intents(self) -> tuple[str, ...]:
        """The intents in scope, in the order of `predict_many`'s columns."""
        return self.bundle.intent_model.classes

    def predict(self, example: Example) -> Prediction:
        """Answer one turn."""
        started = time.perf_counter()
        [found] = self._answer([example], together=False)[1]
        return _timed(found, time.perf_counter() - started)

    def predict_many(
        self, examples: Sequence[Example], *, together: bool = False
    ) -> tuple[Floats, list[Prediction]]:
        """Answer many turns: calibrated (n, n_intents) and the predictions.

        Each is answered as it would be alone. together: the encoder takes turns of
        about one length at once, in three quarters of the time; as int8 it then rounds
        all of them by the largest number among them, so that answers move a little.
        """
        proba = np.zeros((len(examples), len(self.intents)))
        found: list[Prediction] = []
        for begin in range(0, len(examples), PORTION):
            part = examples[begin : begin + PORTION]
            proba[begin : begin + len(part)], predictions = self._answer(
                part, together=together
            )
            found += predictions
        return proba, found

    def _answer(
        self, examples: Sequence[Example], *, together: bool
    ) -> tuple[Floats, list[Prediction]]:
        turns = self.bundle.context_turns
        encoded = self._encoder.encode_many(
            [example.text for example in examples],
            [example.context[-turns:] if turns else () for example in examples],
        )
        embeddings, words = self._embed(encoded, together=together)
        said = self.bundle.predict(embeddings, [one.text for one in examples])
        ranked, fallback = said.top(TOP_INTENTS), said.is_fallback
        acts = self.bundle.acts(embeddings)
        spans = self._spans(examples, encoded, words)
        predictions = [
            Prediction(
                intents=tuple(ranked[row]),
                is_fallback=bool(fallback[row]),
                spans=spans[row],
                scope_score=float(said.scope_score[row]),
                is_named_out_of_scope=ranked[row][0][0] == OUT_OF_SCOPE,
                act=acts[row][0],
                act_confidence=acts[row][1],
            )
            for row in range(len(examples))
        ]
        return said.proba, predictions

    def _embed(
        self, encoded: Sequence[Encoded], *, together: bool
    ) -> tuple[Floats, list[Floats]]:
        """Embeddings (n, hidden) and, where words are tagged, each row's words."""
        has_tags = self.bundle.tag_scorer is not None
        outputs = None if has_tags else [EMBEDDING]
        vectors: dict[int, Floats] = {}
        words: dict[int, Floats] = {}
        order = range(len(encoded))

        def encode(rows: list[int]) -> Encodings:
            batch = pad([encoded[row] for row in rows])
            embeddings, *states = self._session.run(outputs, batch.feed())
            return embeddings, batch.word_means(states[0]) if states else []

        lengths = [len(one) for one in encoded]
        parts = list(batches(lengths)) if together else [[row] for row in order]
        for rows, (embeddings, means) in zip(
            parts, self._mapped(encode, parts), strict=True
        ):
            vectors.update(zip(rows, embeddings, strict=True))
            words.update(zip(rows, means, strict=bool(means)))
        found = np.stack([vectors[row] for row in order])
        return found, [words[row] for row in order] if has_tags else []

    def _mapped(
        self, encode: Callable[[list[int]], Encodings], parts: Sequence[list[int]]
    ) -> Iterator[Encodings]:
        if self._beside == 1 or len(parts) == 1:
            yield from map(encode, parts)
            return
        with ThreadPoolExecutor(self._beside) as threads:
            yield from threads.map(encode, parts)

    def _spans(
        self,
        examples: Sequence[Example],
        encoded: Sequence[Encoded],
        words: Sequence[Floats],
    ) -> list[tuple[Span, ...]]:
        if self.bundle.tag_scorer is None:
            return [()] * len(examples)
        tags = self.bundle.tag(words)
        return [
            tuple(bio.spans_from_tags(example.text, one.words, found, self._tag_set))
            for example, one, found in zip(examples, encoded, tags, strict=True)
        ]


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Rows to encode together: of one length, or of about one where those are few."""
    batch: list[int] = []
    for row in np.argsort(lengths, kind="stable"):
        is_longer = bool(batch) and lengths[row] > lengths[batch[-1]]
        if len(batch) == MOST or (is_longer and len(batch) >= ENOUGH):
            yield batch
            batch = []
        batch.append(int(row))
    if batch:
        yield batch


def _timed(prediction: Prediction, seconds: float) -> Prediction:
    return replace(prediction, seconds=seconds)
