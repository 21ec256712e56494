"""Intervals by resampling whole conversations.

Utterances of one conversation are alike, so that resampling them one by one would be
too sure (Davison and Hinkley, Bootstrap Methods and Their Application, 1997, 3.8).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.shares import wilson_interval

REPEATS, FEWEST_REPEATS = 1000, 200
MAX_CELLS = 20_000_000
CHUNK_CELLS = 4_000_000
# Below so many conversations a percentile interval is too narrow to be believed.
ENOUGH_GROUPS = 30

Floats = NDArray[np.floating[Any]]
Interval = tuple[float, float]
# weights (repeats, n) -> one value a row; NaN where the row has nothing to tell.
Statistic = Callable[[Floats], Floats]


class Resampler:
    """Draws of whole groups with replacement, the same for every figure."""

    def __init__(
        self,
        groups: Sequence[str],
        *,
        seed: int,
        repeats: int = REPEATS,
        level: float = 0.95,
    ) -> None:
        found, codes = np.unique(np.asarray(groups, dtype=object), return_inverse=True)
        self.codes: NDArray[np.intp] = codes
        self.n_groups = len(found)
        self.seed = seed
        self.level = level
        affordable = max(FEWEST_REPEATS, MAX_CELLS // max(self.n_groups, 1))
        self.repeats = min(repeats, affordable)

    @cached_property
    def _draws(self) -> NDArray[np.uint16]:
        """How often each group was drawn: (repeats, n_groups)."""
        rng = np.random.default_rng(self.seed)
        size = self.n_groups
        rows = [
            np.bincount(rng.integers(0, size, size), minlength=size).astype(np.uint16)
            for _ in range(self.repeats)
        ]
        return np.stack(rows)

    def interval(self, statistic: Statistic, base: Floats) -> Interval | None:
        """The percentile interval of a statistic of weights; None where it is void.

        base: (n,), what each item weighs in the sample itself.
        """
        if self.n_groups == 0:
            return None
        step = max(1, CHUNK_CELLS // max(len(base), 1))
        values = np.concatenate(
            [
                statistic(self._draws[begin : begin + step][:, self.codes] * base)
                for begin in range(0, self.repeats, step)
            ]
        )
        return self._edges(values)

    def _shares(self, sums: Floats) -> Floats:
        """What part of what each draw comes to; sums: (n_groups, 2), of the groups."""
        step = max(1, CHUNK_CELLS // self.n_groups)
        parts = [
            self._draws[begin : begin + step] @ sums
            for begin in range(0, self.repeats, step)
        ]
        return _divided(*np.concatenate(parts).T)

    def _edges(self, values: Floats) -> Interval | None:
        values = values[np.isfinite(values)]
        if len(values) == 0:
            return None
        tail = (1.0 - self.level) / 2.0
        low, high = np.quantile(values, [tail, 1.0 - tail])
        return (float(low), float(high))

    def share_interval(self, hits: Floats, of: Floats, base: Floats) -> Interval | None:
        """The interval of sum(hits) / sum(of), both weighed by `base`.

        From few conversations, or where all agree, it is Wilson's for the effective
        number of conversations (Kish 1965), which stays honest where a bootstrap
        would say 100 % with certainty.
        """
        sizes = np.bincount(self.codes, weights=of * base, minlength=self.n_groups)
        total = float(sizes.sum())
        if total == 0:
            return None
        share = float((hits * base).sum()) / total
        seen = int((sizes > 0).sum())
        if seen >= ENOUGH_GROUPS and 0.0 < share < 1.0:
            found = np.bincount(
                self.codes, weights=hits * base, minlength=self.n_groups
            )
            return self._edges(self._shares(np.stack([found, sizes], axis=1)))
        effective = total**2 / float((sizes**2).sum())
        return wilson_interval(share * effective, effective)


def ratio(hits: Floats, of: Floats) -> Statistic:
    """The statistic sum(hits) / sum(of)."""

    def statistic(weights: Floats) -> Floats:
        return _divided(weights @ hits, weights @ of)

    return statistic


def _divided(part: Floats, whole: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(part / whole, dtype=float)
