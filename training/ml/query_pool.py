"""What may be asked about, and what every way of choosing from it has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from training.ml import acquisition
from training.ml.acquisition import Acquisition
from training.ml.calibration import softmax
from training.ml.errors import EmptyPoolError, PoolExhaustedError
from training.ml.linear_head import LinearHead

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Pool:
    """What may be asked about (rows of unit vectors) and what is known already.

    head is None before the first labels; labeled are the vectors of what has been
    answered; weights say how many callers said each row. Only some strategies need the
    others: tags, the probabilities (n_tokens, n_tags) of every row's parameters;
    in_context, what a model says about the rows with the dialogue before them; and
    conversations, which rows belong together.
    """

    embeddings: Floats  # (n, d)
    labeled: Floats  # (m, d)
    head: LinearHead | None = None
    weights: Floats | None = None
    workers: int = 1
    tags: Sequence[Floats] | None = None
    in_context: Floats | None = None  # (n, n_intents)
    conversations: NDArray[Any] | None = None  # (n,)

    def __len__(self) -> int:
        return len(self.embeddings)

    @property
    def counts(self) -> Floats:
        if self.weights is None:
            return np.ones(len(self), dtype=np.float32)
        return np.asarray(self.weights, dtype=np.float32)

    def proba(self) -> Floats:
        """What the head says about every row, (n, n_intents)."""
        return softmax(self._head.logits(self.embeddings))

    def scores(self, score: Acquisition) -> Floats:
        """`score` of every row, (n,), without an array of (n, n_intents)."""
        return acquisition.score_blocked(
            self._head, self.embeddings, score, workers=self.workers
        )

    def nearest_ties(self, n: int) -> Indices:
        """The n rows with the highest margin score, best first."""
        return acquisition.most_uncertain_by_margin(
            self._head, self.embeddings, n, workers=self.workers
        )

    @property
    def _head(self) -> LinearHead:
        if self.head is None:
            raise ValueError("without a head nothing is known about the pool")
        return self.head

    def only(self, rows: Indices) -> Pool:
        """The pool without any but these rows, in their order."""
        return replace(
            self,
            embeddings=self.embeddings[rows],
            weights=None if self.weights is None else self.weights[rows],
            tags=None if self.tags is None else [self.tags[row] for row in rows],
            in_context=None if self.in_context is None else self.in_context[rows],
            conversations=None
            if self.conversations is None
            else self.conversations[rows],
        )


class QueryStrategy(Protocol):
    """Chooses rows of a pool."""

    @property
    def name(self) -> str: ...

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        """n distinct rows, the most informative first.

        Raises EmptyPoolError on an empty pool and PoolExhaustedError where n is
        larger than the pool. Without a head every strategy falls back on what it
        can know: typical rows, or chance.
        """
        ...


def check(pool: Pool, n: int) -> None:
    if len(pool) == 0:
        raise EmptyPoolError("the pool is empty")
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if n > len(pool):
        raise PoolExhaustedError(f"{n} wanted, the pool holds {len(pool)}")


def best(scores: Floats, n: int) -> Indices:
    """The n highest scores, highest first, equal ones in the order of their rows."""
    top = np.argpartition(-scores, n - 1)[:n]
    return np.asarray(top[np.lexsort((top, -scores[top]))], dtype=np.intp)


def filled(chosen: Indices, n_rows: int, n: int) -> Indices:
    """`chosen` and, where k-means left a cluster empty, the next best rows."""
    chosen = chosen[:n]
    if len(chosen) == n:
        return chosen
    rest = np.setdiff1d(np.arange(n_rows), chosen)
    return np.concatenate([chosen, rest[: n - len(chosen)]])
