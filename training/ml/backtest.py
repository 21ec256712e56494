"""Replay the labeling loop with a file's labels as the annotator.

Both strategies start without a label and train the same model, the fast head as the
ranking fits it; only the choice of what to ask differs. The pool holds every distinct
text once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from training.ml import lure, metrics, self_training
from training.ml.data import Dataset, normalized
from training.ml.encoder import Embeddings
from training.ml.neighbours import mix
from training.ml.query import DEFAULT_STRATEGY, Pool, QueryStrategy, strategy_named
from training.ml.self_training import Landscape, Learned

TARGETS = (0.85, 0.88, 0.90, 0.92)
RANDOM = "random"
DRAWN = 200  # labels from which the error in the pool is estimated
MOST_ROWS = 20_000  # of a longer file a sample is replayed
Embed = Callable[[Sequence[str]], Embeddings]
Announce = Callable[[str], None]


@dataclass(frozen=True)
class BacktestConfig:
    """How long and how often the loop is replayed, and by how many threads.

    self_training: whether the model learns from the pool as well as from the labels.
    """

    strategy: str = DEFAULT_STRATEGY
    budget: int = 3000
    batch: int = 100
    seeds: int = 3
    self_training: bool = True
    workers: int = 1

    def __post_init__(self) -> None:
        for name in ("budget", "batch", "seeds", "workers"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")


@dataclass(frozen=True)
class Point:
    """What the model knew after so many labels."""

    labels: int
    accuracy: float
    macro_f1: float

    def as_json(self) -> dict[str, float | int]:
        return {
            "labels": self.labels,
            "accuracy": round(self.accuracy, 6),
            "macro_f1": round(self.macro_f1, 6),
        }


@dataclass(frozen=True)
class PoolError:
    """The error among what is left of the pool: as estimated from items drawn by doubt
    (lure.py), by as many drawn uniformly, and as it is."""

    drawn: int
    estimate: lure.Risk
    uniform: float
    truth: float

    def as_json(self) -> dict[str, float | int]:
        return {
            "drawn": self.drawn,
            "estimate": round(self.estimate.error, 6),
            "low": round(self.estimate.low, 6),
            "high": round(self.estimate.high, 6),
            "uniform": round(self.uniform, 6),
            "truth": round(self.truth, 6),
        }


@dataclass(frozen=True)
class Replay:
    """One seed: its learning curve, and the error its last model leaves in the pool.

    pool_error: None where the budget used up the pool.
    """

    curve: tuple[Point, ...]
    pool_error: PoolError | None


@dataclass(frozen=True)
class Backtest:
    """The learning curves of a strategy and of chance, a list of points a seed."""

    strategy: str
    curves: tuple[tuple[Point, ...], ...]
    random: tuple[tuple[Point, ...], ...]
    pool_errors: tuple[PoolError, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "strategy": self.strategy,
            "seeds": len(self.curves),
            "curve": [point.as_json() for point in mean_curve(self.curves)],
            "random": [point.as_json() for point in mean_curve(self.random)],
            "labels_to": {
                f"{target:.2f}": {
                    "strategy": labels_to(self.curves, target),
                    "random": labels_to(self.random, target),
                }
                for target in TARGETS
            },
            "pool_error": [found.as_json() for found in self.pool_errors],
        }


def backtest(
    train: Dataset,
    test: Dataset,
    embed: Embed,
    config: BacktestConfig = BacktestConfig(),
    *,
    announce: Announce = lambda line: None,
) -> Backtest:
    """Replay `config.strategy` and random over the same seeds.

    `embed` gives unit vectors for texts. Rows without an intent are left out. Raises
    ValueError where too few are left.
    """
    chosen = strategy_named(config.strategy)
    pool, test = one_answer_per_text(train.labeled()), test.labeled()
    if len(pool) < 2:
        raise ValueError("the training file needs two different texts with an intent")
    if len(test) == 0:
        raise ValueError("the test file has no row with an intent")
    if len(pool) > MOST_ROWS:
        announce(f"replaying a sample of {MOST_ROWS} of {len(pool)} distinct texts")
        rows = np.random.default_rng(0).choice(len(pool), MOST_ROWS, replace=False)
        pool = Dataset(tuple(pool.examples[row] for row in np.sort(rows)))
    arena = _Arena.of(pool, test, embed(pool.texts), embed(test.texts))

    def replay(strategy: QueryStrategy, seed: int) -> Replay:
        found = arena.replay(strategy, config, seed)
        last = found.curve[-1]
        announce(
            f"{strategy.name}, seed {seed}: {last.accuracy:.1%} "
            f"with {last.labels} labels"
        )
        return found

    names = dict.fromkeys((RANDOM, chosen.name))  # once, where the two are the same
    jobs = [
        (strategy_named(name), seed) for name in names for seed in range(config.seeds)
    ]
    # One thread for each product: more of them would spin for the same two cores.
    with threadpool_limits(1), ThreadPoolExecutor(config.workers) as threads:
        found = list(threads.map(lambda job: replay(*job), jobs))
    ours, by_chance = found[-config.seeds :], found[: config.seeds]
    return Backtest(
        chosen.name,
        tuple(one.curve for one in ours),
        tuple(one.curve for one in by_chance),
        tuple(one.pool_error for one in ours if one.pool_error is not None),
    )


def one_answer_per_text(dataset: Dataset) -> Dataset:
    """Every distinct text once, with its most frequent label and its count."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for example in dataset:
        votes[normalized(example.text)][str(example.intent)] += 1
    return Dataset(
        tuple(
            replace(e, intent=votes[normalized(e.text)].most_common(1)[0][0])
            for e in dataset.deduplicated()
        )
    )


def mean_curve(curves: Sequence[Sequence[Point]]) -> list[Point]:
    """The mean over the seeds, point by point (every seed asks in equal steps)."""
    return [
        Point(
            points[0].labels,
            float(np.mean([point.accuracy for point in points])),
            float(np.mean([point.macro_f1 for point in points])),
        )
        for points in zip(*curves, strict=True)
    ]


def labels_to(curves: Sequence[Sequence[Point]], target: float) -> int | None:
    """Labels until the target is first met, mean over seeds; None if a seed never."""
    first: list[int] = []
    for curve in curves:
        met = [point.labels for point in curve if point.accuracy >= target]
        if not met:
            return None
        first.append(met[0])
    return round(float(np.mean(first)))


@dataclass(frozen=True)
class _Arena:
    """Pool and test set as arrays, and which rows of the pool lie near which."""

    pool: Dataset
    test: Dataset
    pool_vectors: Embeddings
    test_vectors: Embeddings
    landscape: Landscape

    @classmethod
    def of(
        cls,
        pool: Dataset,
        test: Dataset,
        pool_vectors: Embeddings,
        test_vectors: Embeddings,
    ) -> _Arena:
        return cls(pool, test, pool_vectors, test_vectors, Landscape.of(pool_vectors))

    def replay(
        self, strategy: QueryStrategy, config: BacktestConfig, seed: int
    ) -> Replay:
        """Ask, label, refit, measure; until the budget or the pool is used up."""
        rng = np.random.default_rng(seed)
        labels = np.asarray(self.pool.labels, dtype=object)
        weights = np.asarray(self.pool.weights, dtype=np.float32)
        labeled = np.empty(0, dtype=np.intp)
        unlabeled = np.arange(len(labels))
        learned: Learned | None = None
        points = []
        while len(labeled) < config.budget and len(unlabeled):
            n = min(config.batch, config.budget - len(labeled), len(unlabeled))
            view = Pool(
                self.pool_vectors[unlabeled],
                self.pool_vectors[labeled],
                learned.head if learned else None,
                weights[unlabeled],
            )
            picked = unlabeled[strategy.select(view, n, rng)]
            labeled = np.concatenate([labeled, picked])
            unlabeled = np.setdiff1d(unlabeled, picked, assume_unique=True)
            learned = self._learn(labeled, list(labels[labeled]), learned, config)
            points.append(self._measure(learned, len(labeled)))
        left = (
            self._pool_error(learned, unlabeled, np.random.default_rng([seed, 1]))
            if learned and len(unlabeled)
            else None
        )
        return Replay(tuple(points), left)

    def _learn(
        self,
        labeled: NDArray[np.intp],
        labels: list[str],
        before: Learned | None,
        config: BacktestConfig,
    ) -> Learned:
        return self_training.learn(
            self.pool_vectors,
            labeled,
            labels,
            landscape=self.landscape if config.self_training else None,
            before=before,
        )

    def _measure(self, learned: Learned, n_labels: int) -> Point:
        said = self._said(learned, self.test_vectors)
        predicted = [learned.head.classes[i] for i in said.argmax(axis=1)]
        return Point(
            n_labels,
            metrics.accuracy(self.test.labels, predicted),
            metrics.macro_f1(self.test.labels, predicted),
        )

    def _pool_error(
        self, learned: Learned, rows: NDArray[np.intp], rng: np.random.Generator
    ) -> PoolError:
        said = self._said(learned, self.pool_vectors[rows])
        found = np.asarray(learned.head.classes, dtype=object)[said.argmax(axis=1)]
        wrong = found != np.asarray(self.pool.labels, dtype=object)[rows]
        doubt = np.maximum(1.0 - np.exp(said.max(axis=1)), 0.0)
        n = min(DRAWN, len(rows))
        drawn = lure.draw(doubt, n, rng)
        return PoolError(
            n,
            lure.risk(wrong[drawn.rows], drawn.chances, len(rows)),
            float(wrong[rng.choice(len(rows), n, replace=False)].mean()),
            float(wrong.mean()),
        )

    def _said(self, learned: Learned, vectors: Embeddings) -> NDArray[np.float32]:
        """Log of what head and labeled neighbours say together, (n, n_classes)."""
        votes, _ = learned.neighbours.vote_and_familiarity(vectors)
        return mix(learned.head.logits(vectors), votes)
