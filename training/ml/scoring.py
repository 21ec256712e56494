"""From an encoder's output to intents and tags, in NumPy alone.

These are the heads of a served model; training writes them, the web process reads
them, and both score with this code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

EPSILON = 1e-9


@dataclass(frozen=True)
class Linear:
    """A linear head: weight (n_out, n_in), bias (n_out,)."""

    weight: Floats
    bias: Floats

    def __call__(self, inputs: Floats) -> Floats:
        return inputs @ self.weight.T + self.bias


@dataclass(frozen=True)
class Neighbours:
    """Labeled embeddings whose nearest ones vote.

    vectors: unit rows (n, hidden); labels: int (n,); k voters, each weighing
    exp(sharpness * cosine).
    """

    vectors: Floats
    labels: Ints
    k: int
    sharpness: float

    def proba(self, embeddings: Floats, n_intents: int) -> Floats:
        """The share of votes for each intent: (n, n_intents), rows sum to 1."""
        likeness = embeddings @ self.vectors.T.astype(np.float32)  # (n, n_memory)
        k = min(self.k, likeness.shape[1])
        near = np.argpartition(likeness, -k, axis=1)[:, -k:]
        close = np.take_along_axis(likeness, near, axis=1)
        votes = np.exp(self.sharpness * (close - close.max(axis=1, keepdims=True)))
        proba = np.zeros((len(embeddings), n_intents))
        rows = np.repeat(np.arange(len(embeddings)), k)
        np.add.at(proba, (rows, self.labels[near].ravel()), votes.ravel())
        return proba / proba.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class IntentHead:
    """An average of linear heads and neighbours, calibrated, with a fallback rule.

    `scope_threshold`: below this scope score (higher = more surely in scope) an
    utterance is out of scope. `shares` weighs the linear heads, then the neighbours.
    """

    linears: tuple[Linear, ...]
    neighbours: Neighbours | None
    shares: tuple[float, ...]
    temperature: float
    scope_threshold: float

    def raw_proba(self, embeddings: Floats) -> Floats:
        """The uncalibrated average: (n, n_intents)."""
        parts = [softmax(linear(embeddings)) for linear in self.linears]
        n_intents = len(self.linears[0].bias)
        if self.neighbours is not None:
            parts.append(self.neighbours.proba(embeddings, n_intents))
        weighed = [share * p for share, p in zip(self.shares, parts, strict=True)]
        return np.sum(weighed, axis=0) / sum(self.shares)

    def proba(self, embeddings: Floats) -> Floats:
        """Calibrated probabilities over the intents in scope: (n, n_intents)."""
        return sharpen(self.raw_proba(embeddings), self.temperature)

    def scope_score(self, embeddings: Floats) -> Floats:
        """How surely an utterance is in scope at all: the energy, (n,).

        Liu et al., Energy-based Out-of-distribution Detection, 2020.
        """
        return log_sum_exp(self.linears[0](embeddings))


@dataclass(frozen=True)
class TagScorer:
    """The tag head as arrays: two layers over a word and its two neighbours."""

    inner: Linear
    outer: Linear

    def __call__(self, states: Floats) -> Floats:
        """states: (n_words, hidden) -> tag logits (n_words, n_tags)."""
        edges = np.pad(states, ((1, 1), (0, 0)))
        window = np.concatenate([edges[:-2], states, edges[2:]], axis=1)
        return self.outer(np.maximum(self.inner(window), 0.0))


def softmax(logits: Floats) -> Floats:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def sharpen(proba: Floats, temperature: float) -> Floats:
    """Divide log-probabilities by the temperature: below 1 is surer."""
    return softmax(np.log(proba + EPSILON) / temperature)


def log_sum_exp(logits: Floats) -> Floats:
    top = logits.max(axis=1)
    return np.asarray(top + np.log(np.exp(logits - top[:, None]).sum(axis=1)))


def best(proba: Floats, names: Sequence[str], k: int) -> list[list[tuple[str, float]]]:
    """The k likeliest intents of every row, best first."""
    order = np.argsort(-proba, axis=1)[:, :k]
    return [
        [(names[i], float(row[i])) for i in indices]
        for row, indices in zip(proba, order, strict=True)
    ]
