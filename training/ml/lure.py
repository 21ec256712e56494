"""The error of a model over a whole pool, from items drawn by their uncertainty.

The levelled unbiased risk estimator R_LURE of Farquhar et al., On Statistical Bias in
Active Learning (2021), as used for testing by Kossen et al., Active Testing (2021).
It is applied to the error: on the accuracy the weights are as unbiased and the noise
is far larger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from annotations.shares import wilson_interval

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]

LEVEL = 0.95
# The share of the draw that is uniform: it bounds every weight.
FLOOR = 0.5
# Fewer items than this in effect, and the interval is not to be relied on.
MIN_EFFECTIVE = 30.0


@dataclass(frozen=True)
class Draw:
    """Rows in the order in which they were drawn, and the chance of each.

    chances: (m,), of drawing that row next among all rows not drawn before it.
    """

    rows: Indices
    chances: NDArray[np.float64]
    n_pool: int


@dataclass(frozen=True)
class Risk:
    """The share of wrong answers over the pool, with an interval.

    effective: how many uniformly drawn items would tell as much.
    """

    error: float
    low: float
    high: float
    effective: float

    @property
    def is_reliable(self) -> bool:
        return self.effective >= MIN_EFFECTIVE


def draw(
    scores: Floats, m: int, rng: np.random.Generator, *, floor: float = FLOOR
) -> Draw:
    """m rows one after another, by score and, to the share `floor`, by chance.

    scores: (n,) >= 0, higher = more likely wrong. Every next row is drawn with the
    chance (1 - floor) * score / (scores left) + floor / (rows left).
    """
    scores = np.asarray(scores, dtype=np.float64)
    n = len(scores)
    if not 0.0 < floor <= 1.0:
        raise ValueError(f"floor is {floor}, it must lie above 0 and at most at 1")
    if np.any(scores < 0) or m > n:
        raise ValueError(f"{m} of {n} rows wanted, or a score below 0")
    left = np.arange(n)
    rows, chances = np.empty(m, dtype=np.intp), np.empty(m)
    for place in range(m):
        weight = scores[left]
        total = weight.sum()
        share = weight / total if total > 0 else np.full(len(left), 1.0 / len(left))
        chance = (1.0 - floor) * share + floor / len(left)
        chosen = int(rng.choice(len(left), p=chance / chance.sum()))
        rows[place], chances[place] = left[chosen], chance[chosen]
        left = np.delete(left, chosen)
    return Draw(rows, chances, n)


def weights(chances: Floats, n_pool: int) -> NDArray[np.float64]:
    """What each drawn item counts, (m,); they are 1 on average.

    v_m = 1 + (N - M) / (N - m) * (1 / ((N - m + 1) * q_m) - 1) for the m-th of M items
    out of N.
    """
    chances = np.asarray(chances, dtype=np.float64)
    m = len(chances)
    if m > n_pool or np.any(chances <= 0) or np.any(chances > 1):
        raise ValueError(f"{m} chances for a pool of {n_pool}, each in (0, 1]")
    if m == n_pool:
        return np.ones(m)
    place = np.arange(1, m + 1)
    level = (n_pool - m) / (n_pool - place)
    return np.asarray(1.0 + level * (1.0 / ((n_pool - place + 1) * chances) - 1.0))


def risk(
    wrong: NDArray[np.bool_], chances: Floats, n_pool: int, *, level: float = LEVEL
) -> Risk:
    """The pool's error from the drawn items, in the order of their drawing.

    wrong: bool (m,). The interval is Wilson's for as many items as the draw is worth,
    shortened by what of the pool was seen: unlike a normal one it holds for few
    errors. Raises ValueError without an item.
    """
    if len(wrong) == 0:
        raise ValueError("no drawn item to estimate from")
    weight = weights(chances, n_pool)
    lost = weight * np.asarray(wrong, dtype=np.float64)
    error = float(np.clip(lost.mean(), 0.0, 1.0))
    effective = _effective(weight, np.asarray(wrong, dtype=bool), error)
    unseen = max(1.0 - len(wrong) / n_pool, 1e-9)
    n = effective / unseen
    low, high = wilson_interval(error * n, n, float(norm.ppf(0.5 + level / 2.0)))
    return Risk(error, low, high, effective)


def _effective(weight: Floats, wrong: NDArray[np.bool_], error: float) -> float:
    """Uniform items with the same variance; by the weights where none was wrong."""
    variance = float(np.var(weight * wrong, ddof=1)) if len(wrong) > 1 else 0.0
    if variance > 0 and 0 < error < 1:
        return error * (1.0 - error) / (variance / len(wrong))
    return float(weight.sum() ** 2 / (weight**2).sum())
