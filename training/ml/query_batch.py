"""Batches whose members differ from each other: ranked batch, BADGE, cluster-margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from training.ml import acquisition
from training.ml.query_pool import Floats, Indices, Pool, check
from training.ml.query_uncertainty import RandomDraw


@dataclass(frozen=True)
class RankedBatch:
    """Uncertain and unlike what is labeled or picked (Cardoso et al. 2017).

    The picks of modAL's uncertainty_batch_sampling, with distances kept instead of
    computed again for every pick: n * (m + picks) products, not n * m * picks.
    """

    name: str = "batch"

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        check(pool, n)
        if pool.head is None:
            return RandomDraw().select(pool, n, rng)
        uncertainty = pool.scores(acquisition.least_confidence)
        x = np.asarray(pool.embeddings, dtype=np.float32)
        squared = _squared_distance_to_nearest(x, pool.labeled)
        picks: list[int] = []
        free = np.ones(len(x), dtype=bool)
        for _ in range(n):
            unlabeled = len(x) - len(picks)
            alpha = unlabeled / (unlabeled + len(pool.labeled) + len(picks))
            similarity = 1.0 / (1.0 + np.sqrt(squared))
            value = alpha * (1.0 - similarity) + (1.0 - alpha) * uncertainty
            pick = int(np.where(free, value, -np.inf).argmax())
            picks.append(pick)
            free[pick] = False
            np.minimum(squared, _squared_distance(x, x[pick]), out=squared)
        return np.array(picks, dtype=np.intp)


@dataclass(frozen=True)
class Badge:
    """k-means++ on the gradients a label would cause (Ash et al., BADGE, 2020)."""

    name: str = "badge"

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        check(pool, n)
        if pool.head is None:
            return RandomDraw().select(pool, n, rng)
        x = np.asarray(pool.embeddings, dtype=np.float32)
        residual = pool.proba()
        residual[np.arange(len(x)), residual.argmax(axis=1)] -= 1.0  # (n, n_intents)
        norms = (residual**2).sum(axis=1) * (x**2).sum(axis=1)
        pick = int(norms.argmax())
        picks = [pick]
        squared = np.full(len(x), np.inf, dtype=np.float32)
        while len(picks) < n:
            # The gradient is an outer product: its dot product is the dot products'.
            dot = (residual @ residual[pick]) * (x @ x[pick])
            squared = np.minimum(squared, np.maximum(norms + norms[pick] - 2 * dot, 0))
            squared[picks] = 0.0
            pick = _draw_by(squared, picks, rng)
            picks.append(pick)
        return np.array(picks, dtype=np.intp)


@dataclass(frozen=True)
class ClusterMargin:
    """The nearest ties, in turns from every cluster of them, the smallest first.

    Citovsky et al., Batch Active Learning at Scale (2021). Average linkage joins rows
    up to a distance; here it sees the candidates alone, not the pool, whose distances
    would not fit into memory.
    """

    name: str = "cluster_margin"
    widen: int = 10  # candidates for each row wanted
    most: int = 3000  # candidates in all: linkage costs their square
    distance: float = 0.8  # between unit vectors: a cosine of 0.68

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        check(pool, n)
        if pool.head is None:
            return RandomDraw().select(pool, n, rng)
        candidates = min(len(pool), max(n, min(n * self.widen, self.most)))
        best = pool.nearest_ties(candidates)
        if candidates == 1:
            return best
        x = np.asarray(pool.embeddings[best], dtype=np.float32)
        tree = linkage(x, method="average")
        groups = fcluster(tree, self.distance, criterion="distance")
        return best[_in_turns(groups, n)]


def _in_turns(groups: NDArray[Any], n: int) -> Indices:
    """n rows, one of each group in turn, the smallest group first."""
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    turn = np.empty(len(codes), dtype=np.intp)
    for code in range(len(sizes)):
        members = np.flatnonzero(codes == code)
        turn[members] = np.arange(len(members))
    return np.lexsort((np.arange(len(codes)), codes, sizes[codes], turn))[:n]


def _draw_by(squared: Floats, picks: list[int], rng: np.random.Generator) -> int:
    total = float(squared.sum(dtype=np.float64))
    if total <= 0.0:  # nothing left that differs: any row not yet taken
        return int(rng.choice(np.setdiff1d(np.arange(len(squared)), picks)))
    share = squared.astype(np.float64) / total
    return int(rng.choice(len(squared), p=share / share.sum()))


def _squared_distance(x: Floats, row: Floats) -> Floats:
    difference = x - row
    return np.asarray(np.einsum("ij,ij->i", difference, difference))


def _squared_distance_to_nearest(x: Floats, others: Floats) -> NDArray[np.float32]:
    nearest = np.full(len(x), np.inf, dtype=np.float32)
    others = np.asarray(others, dtype=np.float32)
    lengths = (others**2).sum(axis=1)
    for start in range(0, len(x), acquisition.BLOCK):
        block = x[start : start + acquisition.BLOCK]
        squared = lengths - 2.0 * (block @ others.T) + (block**2).sum(axis=1)[:, None]
        nearest[start : start + len(block)] = np.maximum(squared.min(axis=1), 0.0)
    return nearest
