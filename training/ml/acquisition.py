"""Acquisition functions: how much a label on each utterance would teach.

All score higher = more informative, from proba (n, n_intents) to (n,).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from training.ml.calibration import softmax
from training.ml.clusters import Rows
from training.ml.linear_head import LinearHead

Floats = NDArray[np.floating[Any]]
Scores = NDArray[np.float32]
Acquisition = Callable[[Floats], Floats]

# Rows a block: the product (rows, n_intents) then stays in the processor's cache.
BLOCK = 2048


def least_confidence(proba: Floats) -> Floats:
    """Score how unsure the likeliest intent is: 0 is certainty."""
    return np.asarray(1.0 - np.asarray(proba).max(axis=1))


def margin(proba: Floats) -> Floats:
    """Score how nearly the two likeliest intents tie: 1 is a tie, 0 is certainty."""
    proba = np.asarray(proba)
    if proba.shape[1] < 2:
        return np.zeros(len(proba), dtype=proba.dtype)
    best_two = np.partition(proba, -2, axis=1)[:, -2:]  # (n, 2)
    return np.asarray(1.0 - (best_two[:, 1] - best_two[:, 0]))


def entropy(proba: Floats) -> Floats:
    """Score how spread the probabilities are, in nats: 0 is certainty."""
    proba = np.asarray(proba)
    return np.asarray(-(proba * np.log(np.maximum(proba, 1e-30))).sum(axis=1))


def token_margin(tags: Sequence[Floats], n_words: int = 3) -> Floats:
    """Score each utterance by its words nearest to a tie of two tags, (n,).

    tags: (n_tokens, n_tags) an utterance. The mean over the `n_words` highest margin
    scores; an utterance without a word scores 0.
    """
    scores = np.zeros(len(tags), dtype=np.float64)
    for row, proba in enumerate(tags):
        if len(proba):
            scores[row] = np.sort(margin(proba))[-n_words:].mean()
    return scores


def score_blocked(
    head: LinearHead,
    embeddings: Rows,
    acquisition: Acquisition,
    *,
    workers: int = 1,
    scale: float = 1.0,
) -> Scores:
    """`acquisition` over a pool of any size, (n,); no (n, n_intents) array is made."""

    def score(block: Floats) -> Floats:
        return acquisition(softmax(scale * head.logits(block)))

    return _over_blocks(embeddings, score, workers)


def logit_margin(head: LinearHead, embeddings: Rows, *, workers: int = 1) -> Scores:
    """The gap between the two highest logits, (n,) >= 0: SMALLER is more informative.

    Within a few percent of the bare matrix product: no exponential, no second pass.
    """
    coef, intercept = np.ascontiguousarray(head.coef.T), head.intercept
    if coef.shape[1] < 2:
        return np.full(len(embeddings), np.inf, dtype=np.float32)

    def gap(block: Floats) -> Floats:
        logits = np.asarray(block, dtype=np.float32) @ coef  # (b, n_intents)
        logits += intercept
        rows = np.arange(len(logits))
        columns = logits.argmax(axis=1)
        best = logits[rows, columns]
        logits[rows, columns] = -np.inf
        return np.asarray(best - logits.max(axis=1))

    return _over_blocks(embeddings, gap, workers)


def most_uncertain_by_margin(
    head: LinearHead, embeddings: Rows, n: int, *, workers: int = 1
) -> NDArray[np.intp]:
    """The n rows of highest `margin`, best first, as a full pass would pick them.

    With p1 > p2 the likeliest two, p1 - p2 = p1 (1 - exp(-gap)) and p1 >= 1 / k, so
    the cheap gap bounds the exact margin from both sides; only rows the bounds
    cannot rule out are scored exactly.
    """
    gap = logit_margin(head, embeddings, workers=workers)
    n = min(n, len(gap))
    if n == 0:
        return np.empty(0, dtype=np.intp)
    upper = -np.expm1(-gap)  # p1 - p2 at most: p1 = 1
    worst = np.partition(upper, n - 1)[n - 1]
    first = np.flatnonzero(upper <= worst)
    limit = np.partition(_gaps(head, embeddings, first), n - 1)[n - 1]
    # The pad covers float32 rounding between the two ways to the same number.
    rows = np.flatnonzero(upper <= limit * len(head.classes) * (1 + 1e-4) + 1e-6)
    exact = _gaps(head, embeddings, rows)
    return rows[np.argsort(exact, kind="stable")[:n]]


def _gaps(head: LinearHead, embeddings: Rows, rows: NDArray[np.intp]) -> Floats:
    out = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), BLOCK):
        part = rows[start : start + BLOCK]
        out[start : start + len(part)] = 1.0 - margin(
            softmax(head.logits(embeddings[part]))
        )
    return out


def _over_blocks(
    embeddings: Rows, score: Callable[[Floats], Floats], workers: int
) -> Scores:
    """Score block by block; workers share the blocks, BLAS keeps to one thread each."""
    out = np.empty(len(embeddings), dtype=np.float32)

    def one(start: int) -> None:
        block = embeddings[start : start + BLOCK]
        out[start : start + len(block)] = score(block)

    starts = range(0, len(embeddings), BLOCK)
    with threadpool_limits(1, user_api="blas"):
        if workers <= 1:
            for start in starts:
                one(start)
        else:
            with ThreadPoolExecutor(workers) as threads:
                list(threads.map(one, starts))
    return out
