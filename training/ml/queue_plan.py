"""What goes into the short queue, why, and how likely it was to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml import draws
from training.ml.acquisition import logit_margin
from training.ml.clusters import Rows, assign, cluster
from training.ml.half_margin import half_margin
from training.ml.linear_head import LinearHead

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]

UNCERTAIN, FALLBACK, DIVERSE = "uncertain", "fallback", "diverse"
RANDOM, EXAM = "random", "exam"
# Candidates for each place of the uncertain part, and the part of pool at most.
WIDEN, MAX_CANDIDATES = 15, 6000
# How much a count adds: said 100 times weighs as much as a gap smaller by 2.3.
COUNT_WEIGHT = 0.5
TYPICAL_WEIGHT = 10.0  # on the cosine to the cluster's middle


@dataclass(frozen=True)
class Quotas:
    """How long the queue is and the share of each reason; shares sum to 1."""

    length: int = 400
    uncertain: float = 0.45
    fallback: float = 0.15
    diverse: float = 0.10
    exam: float = 0.20
    random: float = 0.10

    def __post_init__(self) -> None:
        shares = (self.uncertain, self.fallback, self.diverse, self.exam, self.random)
        if self.length < 1 or min(shares) < 0 or abs(sum(shares) - 1.0) > 1e-6:
            raise ValueError(f"quotas must be positive and sum to 1: {self}")

    def places(self, share: float) -> int:
        return round(self.length * share)


@dataclass(frozen=True)
class Candidates:
    """The pool: vectors (n, d) and facts (n,) of every unlabeled utterance.

    halves: the vectors as bits of bfloat16, where these are the faster to score.
    """

    embeddings: Rows
    counts: Floats
    is_exam: NDArray[np.bool_]
    is_fallback: NDArray[np.bool_]
    halves: Rows | None = None

    def __len__(self) -> int:
        return len(self.counts)


@dataclass(frozen=True)
class Known:
    """What has been learned: None and no rows before the first labels."""

    head: LinearHead | None
    labeled: Floats  # (m, d)
    centres: NDArray[np.float32]  # (k, d), of pool and labeled rows together


@dataclass(frozen=True)
class Pick:
    """One place of the queue. score: 1 is a tie of two intents, 0 is certainty."""

    row: int
    reason: str
    probability: float
    score: float = 0.0


def plan(
    pool: Candidates,
    known: Known,
    quotas: Quotas,
    rng: np.random.Generator,
    *,
    workers: int = 1,
) -> list[Pick]:
    """The queue, first place first; every reason spread evenly over its length.

    Exam rows are drawn uniformly and for nothing else. The random control comes
    next, uniformly among the others, so that no later choice disturbs its chances.
    Places a reason cannot fill go to the uncertain part, or the diverse one while
    nothing is known.
    """
    # A pool shorter than the queue keeps the shares, else chance would take it all.
    quotas = replace(quotas, length=max(1, min(quotas.length, len(pool))))
    exam = np.flatnonzero(pool.is_exam)
    others = np.flatnonzero(~pool.is_exam)
    parts = [
        _uniform(exam, quotas.places(quotas.exam), EXAM, rng),
        _uniform(others, quotas.places(quotas.random), RANDOM, rng),
    ]
    gaps = _gaps(pool, known, workers)
    free = _without(others, parts)
    fallback = free[pool.is_fallback[free]]
    parts.append(_fallback(pool, gaps, fallback, quotas.places(quotas.fallback), rng))
    free = _without(free, parts)
    left = quotas.length - sum(map(len, parts))
    n_diverse = min(left, _diverse_places(known, quotas, left))
    parts.append(_diverse(pool, known, free, n_diverse, rng))
    free = _without(free, parts)
    left = quotas.length - sum(map(len, parts))
    if gaps is not None:
        parts.append(_uncertain(pool, gaps, free, left, rng))
    else:
        parts.append(_uniform(free, left, RANDOM, rng))
    return _scored(_interleaved(parts), gaps)


def _gaps(pool: Candidates, known: Known, workers: int) -> Floats | None:
    if known.head is None or len(known.head.classes) < 2:
        return None
    if pool.halves is not None:
        return half_margin(known.head, pool.halves, workers=workers)
    return logit_margin(known.head, pool.embeddings, workers=workers)


def _uniform(
    rows: Indices, k: int, reason: str, rng: np.random.Generator
) -> list[Pick]:
    drawn, probabilities = draws.uniform(len(rows), k, rng)
    return _picks(rows[drawn], probabilities, reason)


def _fallback(
    pool: Candidates,
    gaps: Floats | None,
    rows: Indices,
    k: int,
    rng: np.random.Generator,
) -> list[Pick]:
    weight = COUNT_WEIGHT * np.log(pool.counts[rows])
    if gaps is not None:
        weight = weight - gaps[rows]
    drawn, probabilities = draws.gumbel_top_k(weight, k, rng)
    return _picks(rows[drawn], probabilities, FALLBACK)


def _diverse_places(known: Known, quotas: Quotas, left: int) -> int:
    """Until every cluster holds a label, covering them comes before uncertainty."""
    if known.head is None:
        return left
    usual = quotas.places(quotas.diverse)
    if len(known.labeled) >= len(known.centres):
        return usual
    groups, _ = assign(known.labeled, known.centres)
    return max(usual, min(left, len(known.centres) - len(np.unique(groups))))


def _diverse(
    pool: Candidates, known: Known, rows: Indices, k: int, rng: np.random.Generator
) -> list[Pick]:
    """A typical row of each of the clusters with the fewest labels, largest first.

    With more places than clusters the others are drawn by chance afterwards.
    """
    if k < 1 or len(rows) == 0:
        return []
    groups, cosine = assign(_View(pool.embeddings, rows), known.centres)
    size = len(known.centres)
    labeled = np.zeros(size, dtype=np.intp)
    if len(known.labeled):
        nearest, _ = assign(known.labeled, known.centres)
        labeled = np.bincount(nearest, minlength=size)
    weight = TYPICAL_WEIGHT * cosine + COUNT_WEIGHT * np.log(pool.counts[rows])
    drawn, probabilities = draws.one_per_group(weight, groups, rng)
    volume = np.bincount(groups, weights=pool.counts[rows], minlength=size)
    order = np.lexsort((-volume[groups[drawn]], labeled[groups[drawn]]))[:k]
    return _picks(rows[drawn[order]], probabilities[order], DIVERSE)


def _uncertain(
    pool: Candidates, gaps: Floats, rows: Indices, k: int, rng: np.random.Generator
) -> list[Pick]:
    """Of the rows nearest to a tie one of each of k clusters, by weighted chance."""
    if k < 1 or len(rows) == 0:
        return []
    weight = COUNT_WEIGHT * np.log(pool.counts[rows]) - gaps[rows]
    n = min(len(rows), max(k, min(k * WIDEN, MAX_CANDIDATES)))
    best = np.argpartition(-weight, n - 1)[:n]
    groups = cluster(_View(pool.embeddings, rows[best]), min(k, n), rng)
    drawn, probabilities = draws.one_per_group(weight[best], groups, rng)
    first = np.argsort(-weight[best][drawn], kind="stable")
    chosen = best[drawn[first]]
    picks = _picks(rows[chosen], probabilities[first], UNCERTAIN)
    if len(picks) < min(k, n):  # k-means may leave clusters empty
        rest = np.setdiff1d(best, chosen)
        more, chances = draws.gumbel_top_k(weight[rest], min(k, n) - len(picks), rng)
        picks += _picks(rows[rest[more]], chances, UNCERTAIN)
    return picks


def _picks(rows: Indices, probabilities: Floats, reason: str) -> list[Pick]:
    # Rounding must not make a certain draw more than certain or a rare one nothing.
    safe = np.clip(probabilities, 1e-12, 1.0)
    return [
        Pick(int(row), reason, float(probability))
        for row, probability in zip(rows, safe, strict=True)
    ]


def _without(rows: Indices, parts: Iterable[list[Pick]]) -> Indices:
    taken = [pick.row for part in parts for pick in part]
    return np.setdiff1d(rows, np.array(taken, dtype=np.intp))


def _interleaved(parts: list[list[Pick]]) -> list[Pick]:
    placed = [
        ((place + 0.5) / len(part), number, pick)
        for number, part in enumerate(parts)
        for place, pick in enumerate(part)
    ]
    return [pick for _, _, pick in sorted(placed, key=lambda entry: entry[:2])]


def _scored(picks: list[Pick], gaps: Floats | None) -> list[Pick]:
    if gaps is None:
        return picks
    return [replace(pick, score=float(np.exp(-gaps[pick.row]))) for pick in picks]


@dataclass(frozen=True)
class _View:
    """Some rows of vectors that may lie in a file."""

    embeddings: Rows
    rows: Indices

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, part: Any) -> Any:
        return self.embeddings[self.rows[part]]
