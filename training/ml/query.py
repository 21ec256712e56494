"""Query strategies: which utterances of the pool to ask people about next.

The only importer of modAL. Its learners cannot be taught under the scikit-learn we
run, so its query functions are used on a stand-in classifier and the fit is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from training.ml import acquisition
from training.ml.calibration import softmax
from training.ml.clusters import cluster, most_typical
from training.ml.errors import EmptyPoolError, PoolExhaustedError
from training.ml.intent_model import LinearHead

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]

SMALL_POOL = 20_000  # rows up to which modAL's own functions are called
DEFAULT_STRATEGY = "typiclust_margin"


@dataclass(frozen=True)
class Pool:
    """What may be asked about (rows of unit vectors) and what is known already.

    `head` is None before the first labels; `labeled` are the vectors of what has
    been answered; `weights` say how many callers said each row.
    """

    embeddings: Floats  # (n, d)
    labeled: Floats  # (m, d)
    head: LinearHead | None = None
    weights: Floats | None = None
    workers: int = 1

    def __len__(self) -> int:
        return len(self.embeddings)

    @property
    def counts(self) -> Floats:
        if self.weights is None:
            return np.ones(len(self), dtype=np.float32)
        return np.asarray(self.weights, dtype=np.float32)


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


@dataclass(frozen=True)
class RandomDraw:
    """Every row is as likely as any other: the yardstick."""

    name: str = "random"

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        _check(pool, n)
        return rng.choice(len(pool), n, replace=False).astype(np.intp)


@dataclass(frozen=True)
class Uncertainty:
    """The n rows with the highest acquisition score, through modAL on small pools."""

    name: str
    score: acquisition.Acquisition
    query: str  # the name of modAL's function

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        _check(pool, n)
        if pool.head is None:
            return RandomDraw().select(pool, n, rng)
        if len(pool) <= SMALL_POOL:
            return _through_modal(self.query, pool.head, pool.embeddings, n)
        if self.score is acquisition.margin:
            return acquisition.most_uncertain_by_margin(
                pool.head, pool.embeddings, n, workers=pool.workers
            )
        scores = acquisition.score_blocked(
            pool.head, pool.embeddings, self.score, workers=pool.workers
        )
        return _best(scores, n)


@dataclass(frozen=True)
class RankedBatch:
    """Uncertain and unlike what is labeled or picked (Cardoso et al. 2017).

    The picks of modAL's uncertainty_batch_sampling, with distances kept instead of
    computed again for every pick: n * (m + picks) products, not n * m * picks.
    """

    name: str = "batch"

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        _check(pool, n)
        if pool.head is None:
            return RandomDraw().select(pool, n, rng)
        uncertainty = acquisition.score_blocked(
            pool.head,
            pool.embeddings,
            acquisition.least_confidence,
            workers=pool.workers,
        )
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
class DiverseMargin:
    """Of the rows with the smallest margins, the nearest to a tie in each cluster."""

    name: str = "margin_diverse"
    widen: int = 20  # candidates for each row wanted

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        _check(pool, n)
        if pool.head is None:
            return TypicalPoints().select(pool, n, rng)
        candidates = min(len(pool), max(n, min(n * self.widen, 5000)))
        best = acquisition.most_uncertain_by_margin(
            pool.head, pool.embeddings, candidates, workers=pool.workers
        )
        groups = cluster(pool.embeddings[best], n, rng)
        _, first = np.unique(groups, return_index=True)  # best is sorted by margin
        chosen = np.sort(first)
        return best[_filled(chosen, len(best), n)]


@dataclass(frozen=True)
class TypicalPoints:
    """The typical row of every cluster, the largest clusters first; needs no head."""

    name: str = "typical"

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        _check(pool, n)
        return _typical(pool, n, n + len(pool.labeled), rng, None)


@dataclass(frozen=True)
class TypicalThenMargin:
    """Typical rows until every cluster has a label, then diverse small margins."""

    name: str = DEFAULT_STRATEGY
    then: QueryStrategy = field(default_factory=DiverseMargin)

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        _check(pool, n)
        wanted = n_coverage_clusters(len(pool) + len(pool.labeled))
        if pool.head is None:
            return _typical(pool, n, max(wanted, n), rng, None)
        if len(pool.labeled) >= wanted:
            return self.then.select(pool, n, rng)
        covering = _typical(pool, n, wanted, rng, pool.labeled)
        if len(covering) == n:
            return covering
        others = np.setdiff1d(np.arange(len(pool)), covering)
        rest = Pool(
            pool.embeddings[others], pool.labeled, pool.head, None, pool.workers
        )
        more = self.then.select(rest, n - len(covering), rng)
        return np.concatenate([covering, others[more]])


@dataclass(frozen=True)
class Badge:
    """k-means++ on the gradients a label would cause (Ash et al., BADGE, 2020)."""

    name: str = "badge"

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> Indices:
        _check(pool, n)
        if pool.head is None:
            return RandomDraw().select(pool, n, rng)
        x = np.asarray(pool.embeddings, dtype=np.float32)
        residual = softmax(pool.head.logits(x))
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


def strategies() -> dict[str, QueryStrategy]:
    """Every strategy by name."""
    known: list[QueryStrategy] = [
        RandomDraw(),
        Uncertainty(
            "least_confidence", acquisition.least_confidence, "uncertainty_sampling"
        ),
        Uncertainty("margin", acquisition.margin, "margin_sampling"),
        Uncertainty("entropy", acquisition.entropy, "entropy_sampling"),
        RankedBatch(),
        DiverseMargin(),
        TypicalPoints(),
        TypicalThenMargin(),
        Badge(),
    ]
    return {strategy.name: strategy for strategy in known}


def strategy_named(name: str) -> QueryStrategy:
    """Raises ValueError naming the known strategies where there is no such."""
    known = strategies()
    if name not in known:
        raise ValueError(f"no strategy {name!r}; there are {', '.join(sorted(known))}")
    return known[name]


def n_coverage_clusters(n_rows: int) -> int:
    """How many clusters stand for the kinds of utterances, before intents are known."""
    return int(min(n_rows, np.clip(1.5 * np.sqrt(n_rows), 16, 300)))


class _Frozen:
    """A classifier as modAL expects one, answering with our head's probabilities."""

    def __init__(self, head: LinearHead) -> None:
        self._head = head

    def predict_proba(self, x: Floats, **_: Any) -> NDArray[np.float64]:
        return softmax(self._head.logits(x)).astype(np.float64)


def _through_modal(query: str, head: LinearHead, x: Floats, n: int) -> Indices:
    from modAL import uncertainty

    function: Callable[..., tuple[Indices, Floats]] = getattr(uncertainty, query)
    indices, scores = function(_Frozen(head), np.asarray(x), n_instances=n)
    # modAL hands the best n in no order; margin_sampling's scores fall, others rise.
    sign = 1.0 if query == "margin_sampling" else -1.0
    return np.asarray(indices[np.lexsort((indices, sign * scores))], dtype=np.intp)


def _typical(
    pool: Pool,
    n: int,
    n_clusters: int,
    rng: np.random.Generator,
    labeled: Floats | None,
) -> Indices:
    """Up to n typical rows of the largest clusters that hold no labeled row.

    Without `labeled` exactly n rows: clusters give a second row where they must.
    """
    rows = np.asarray(pool.embeddings, dtype=np.float32)
    known = rows[:0] if labeled is None else np.asarray(labeled, dtype=np.float32)
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
    chosen = np.array(picks, dtype=np.intp)
    if labeled is not None or len(chosen) == n:
        return chosen
    rest = rng.permutation(np.setdiff1d(np.arange(len(pool)), chosen))
    return np.concatenate([chosen, rest[: n - len(chosen)]]).astype(np.intp)


def _filled(chosen: Indices, n_rows: int, n: int) -> Indices:
    """`chosen` and, where k-means left a cluster empty, the next best rows."""
    chosen = chosen[:n]
    if len(chosen) == n:
        return chosen
    rest = np.setdiff1d(np.arange(n_rows), chosen)
    return np.concatenate([chosen, rest[: n - len(chosen)]])


def _best(scores: Floats, n: int) -> Indices:
    top = np.argpartition(-scores, n - 1)[:n]
    return np.asarray(top[np.lexsort((top, -scores[top]))], dtype=np.intp)


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


def _check(pool: Pool, n: int) -> None:
    if len(pool) == 0:
        raise EmptyPoolError("the pool is empty")
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if n > len(pool):
        raise PoolExhaustedError(f"{n} wanted, the pool holds {len(pool)}")
