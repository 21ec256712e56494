"""Typical rows of the kinds there are, and diverse rows among the uncertain ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from training.ml.acquisition import margin
from training.ml.calibration import softmax
from training.ml.clusters import assign, centres, cluster, most_typical
from training.ml.query_pool import Indices, Pool, QueryStrategy, check, filled


def n_coverage_clusters(n_rows: int) -> int:
    """How many clusters stand for the kinds of utterances, before intents are known."""
    return int(min(n_rows, np.clip(1.5 * np.sqrt(n_rows), 16, 300)))


@dataclass(frozen=True)
class DiverseMargin:
    """Of the rows with the smallest margins, one of each cluster near its middle.

    Within a cluster the margin score counts times exp(-typical * squared distance to
    the middle): an outlier teaches little about the rows around it.
    """

    name: str = "margin_diverse"
    widen: int = 20  # candidates for each row wanted
    typical: float = 3.0

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        check(pool, n)
        if pool.head is None:
            return TypicalPoints().select(pool, n, rng)
        candidates = min(len(pool), max(n, min(n * self.widen, 5000)))
        best = pool.nearest_ties(candidates)
        x = np.asarray(pool.embeddings[best], dtype=np.float32)
        middles = centres(x, n, rng)
        groups, _ = assign(x, middles)
        distance = ((x - middles[groups]) ** 2).sum(axis=1)
        score = margin(softmax(pool.head.logits(x)))
        order = np.argsort(-score * np.exp(-self.typical * distance), kind="stable")
        _, first = np.unique(groups[order], return_index=True)
        chosen = order[np.sort(first)]
        return best[filled(chosen, len(best), n)]


@dataclass(frozen=True)
class TypicalPoints:
    """The typical row of every cluster without a label, the largest clusters first.

    Needs no head (TypiClust, Hacohen et al., Active Learning on a Budget, 2022).
    """

    name: str = "typical"

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        check(pool, n)
        chosen = _typical(pool, n, n + len(pool.labeled), rng)
        return _with_others(chosen, pool, n, rng)


@dataclass(frozen=True)
class TypicalThenMargin:
    """Typical rows until every cluster has a label, then diverse small margins."""

    name: str = "typiclust_margin"
    then: QueryStrategy = field(default_factory=DiverseMargin)

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        check(pool, n)
        wanted = n_coverage_clusters(len(pool) + len(pool.labeled))
        if pool.head is None:
            chosen = _typical(pool, n, max(wanted, n), rng)
            return _with_others(chosen, pool, n, rng)
        if len(pool.labeled) >= wanted:
            return self.then.select(pool, n, rng)
        covering = _typical(pool, n, wanted, rng)
        if len(covering) == n:
            return covering
        others = np.setdiff1d(np.arange(len(pool)), covering)
        more = self.then.select(pool.only(others), n - len(covering), rng)
        return np.concatenate([covering, others[more]])


def _typical(pool: Pool, n: int, n_clusters: int, rng: np.random.Generator) -> Indices:
    """Up to n typical rows of the largest clusters that hold no labeled row."""
    rows = np.asarray(pool.embeddings, dtype=np.float32)
    known = np.asarray(pool.labeled, dtype=np.float32)
    groups = cluster(np.concatenate([rows, known]), n_clusters, rng)
    covered = set(groups[len(rows) :].tolist())
    groups = groups[: len(rows)]
    size = np.bincount(groups, weights=np.log1p(pool.counts))
    largest = [g for g in np.argsort(-size, kind="stable") if size[g] > 0]
    picks = [
        most_typical(rows, np.flatnonzero(groups == group), rng)
        for group in largest
        if int(group) not in covered
    ][:n]
    return np.array(picks, dtype=np.intp)


def _with_others(
    chosen: Indices, pool: Pool, n: int, rng: np.random.Generator
) -> Indices:
    """The rows and, where clusters are fewer, others by chance, n in all."""
    if len(chosen) == n:
        return chosen
    rest = rng.permutation(np.setdiff1d(np.arange(len(pool)), chosen))
    return np.concatenate([chosen, rest[: n - len(chosen)]]).astype(np.intp)
