"""How many labels are still needed, and which intents they would help most.

A learning curve is fitted to the error that heads on growing parts of the labels make
on the same exam items: error(n) = floor + scale * n ** -exponent, the inverse power
law of Figueroa et al., Predicting sample size required for classification
performance, 2012. Intervals come from drawing the conversations of the exam again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Laws = NDArray[np.float64]  # (n, 3): floor, scale, exponent

MIN_POINTS = 4
MIN_ITEMS = 50
N_BOOTSTRAP = 400
LEVEL = 0.9
# Beyond so many times the labels there are, a forecast is "not in sight".
HORIZON = 10.0
# The next labels are not worth their price below a quarter of a point for 200 of them.
STOP_LABELS, STOP_GAIN = 200, 0.0025

_EXPONENTS = np.linspace(0.1, 2.0, 39)
# The floor as a share of the lowest error seen.
_FLOORS = np.linspace(0.0, 0.95, 20)


class PowerLaw(NamedTuple):
    """error(n) = floor + scale * n ** -exponent."""

    floor: float
    scale: float
    exponent: float

    def error(self, labels: float) -> float:
        """The share of wrong answers after so many labels, at most 1."""
        return float(min(1.0, self.floor + self.scale * labels**-self.exponent))

    def labels_to(self, error: float) -> float:
        """Labels until the error is this low; infinite where the floor is higher."""
        return float(_labels_to(np.array([self]), error)[0])


@dataclass(frozen=True)
class Target:
    """When an accuracy will be reached; None stands for "not in sight".

    chance: the share of redrawn curves that reach it within the horizon.
    """

    accuracy: float
    labels: int | None
    low: int | None
    high: int | None
    chance: float


@dataclass(frozen=True)
class Band:
    """An accuracy and the interval around it, after so many labels."""

    labels: int
    accuracy: float
    low: float
    high: float


class Curve:
    """A fitted learning curve, and the curves that other exam items would have given.

    labels: (k,) growing; hits: bool (k, m), whether the head after `labels[i]` labels
    answers exam item j rightly; groups: the conversation of each item, its own where
    not given. Raises ValueError below MIN_POINTS points or MIN_ITEMS items.
    """

    def __init__(
        self,
        labels: Sequence[int],
        hits: NDArray[np.bool_],
        rng: np.random.Generator,
        *,
        groups: Sequence[str] | None = None,
        n_bootstrap: int = N_BOOTSTRAP,
    ) -> None:
        hits = np.asarray(hits, dtype=bool)
        n_points, n_items = hits.shape
        if n_points < MIN_POINTS or n_items < MIN_ITEMS or len(labels) != n_points:
            raise ValueError(
                f"a curve needs {MIN_POINTS} points on {MIN_ITEMS} exam items, "
                f"got {n_points} on {n_items} for {len(labels)} sizes"
            )
        self.labels = np.asarray(labels, dtype=np.float64)
        missed = (~hits).astype(np.float64)  # (k, m)
        errors = missed.mean(axis=1)
        groups = groups or [str(item) for item in range(n_items)]
        number: dict[str, int] = {}  # as they come
        of = [number.setdefault(group, len(number)) for group in groups]
        n_groups = len(number)
        drawn = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), n_bootstrap)
        counts = drawn[:, of]  # (n_bootstrap, m), how often each item
        redrawn = counts @ missed.T / counts.sum(axis=1, keepdims=True)
        laws = fit_laws(self.labels, np.concatenate([errors[None], redrawn]), n_items)
        fitted = _errors(laws[:1], self.labels)[0]
        # What the law leaves over: no curve is a power law, and labels come in luck.
        spread = float(np.sqrt(np.mean((errors - fitted) ** 2)))
        noise = spread * rng.standard_normal(redrawn.shape)
        self.errors, self.redrawn = errors, redrawn
        self.law = PowerLaw(*map(float, laws[0]))
        self.laws = fit_laws(self.labels, np.maximum(redrawn + noise, 0.0), n_items)

    def target(self, accuracy: float, *, level: float = LEVEL) -> Target:
        """How many labels in all, from the first, the accuracy takes."""
        horizon = HORIZON * float(self.labels[-1])
        found = _labels_to(self.laws, 1.0 - accuracy)
        low, middle, high = _quantiles(found, level)
        return Target(
            accuracy=accuracy,
            labels=_whole(middle, horizon),
            low=_whole(low, horizon),
            high=_whole(high, horizon),
            chance=float(np.mean(found <= horizon)),
        )

    def ahead(self, labels: Sequence[int], *, level: float = LEVEL) -> list[Band]:
        """The accuracies to expect after so many labels."""
        wanted = np.asarray(labels, dtype=np.float64)
        low, middle, high = _quantiles(1.0 - _errors(self.laws, wanted), level)
        return _bands(labels, middle, low, high)

    def measured(self, *, level: float = LEVEL) -> list[Band]:
        """The accuracies that were measured."""
        low, _, high = _quantiles(1.0 - self.redrawn, level)
        return _bands([int(n) for n in self.labels], 1.0 - self.errors, low, high)

    def gain(self, more: int) -> float:
        """The accuracy that so many further labels are expected to add."""
        now, then = self.labels[-1], self.labels[-1] + more
        return self.law.error(float(now)) - self.law.error(float(then))


def fit_laws(labels: Floats, errors: Floats, n_items: int) -> Laws:
    """The law of each row of `errors` (n, k), by weighted least squares on a grid.

    A point weighs by its binomial variance; for a given floor and exponent the scale
    has a closed form.
    """
    labels, errors = np.asarray(labels, float), np.atleast_2d(errors)
    size = labels[-1]
    smooth = (errors * n_items + 1.0) / (n_items + 2.0)
    weight = n_items / (smooth * (1.0 - smooth))  # (n, k)
    lowest = errors.min(axis=1)
    best = np.full(len(errors), np.inf)
    laws = np.zeros((len(errors), 3))
    for exponent in _EXPONENTS:
        x = (labels / size) ** -exponent
        divisor = (weight * x**2).sum(axis=1)
        for share in _FLOORS:
            floor = share * lowest
            above = errors - floor[:, None]
            scale = np.maximum((weight * above * x).sum(axis=1) / divisor, 0.0)
            loss = (weight * (above - scale[:, None] * x) ** 2).sum(axis=1)
            better = loss < best
            best[better] = loss[better]
            laws[better, 0] = floor[better]
            laws[better, 1] = scale[better] * size**exponent
            laws[better, 2] = exponent
    return laws


@dataclass(frozen=True)
class Stop:
    """Whether to go on labeling, and why, in words."""

    stop: bool
    reason: str
    gain: float  # accuracy that STOP_LABELS further labels are expected to add


def stop_signal(curve: Curve, accuracy: float) -> Stop:
    """Stop once the exam shows the target with confidence, or the curve is flat."""
    now, gain = curve.measured()[-1], curve.gain(STOP_LABELS)
    if now.low >= accuracy:
        return Stop(True, f"The exam shows {accuracy:.0%} or more.", gain)
    if gain < STOP_GAIN:
        added = f"{STOP_LABELS} more labels would add {100 * gain:.1f} points"
        return Stop(True, f"{added}; other intents or a larger model add more.", gain)
    added = f"{STOP_LABELS} more labels add about {100 * gain:.1f} points"
    return Stop(False, f"{added}.", gain)


def _errors(laws: Laws, labels: Floats) -> NDArray[np.float64]:
    """(n_laws, n_labels), at most 1."""
    floor, scale, exponent = laws.T[:, :, None]
    return np.asarray(np.minimum(1.0, floor + scale * labels[None, :] ** -exponent))


def _labels_to(laws: Laws, error: float) -> NDArray[np.float64]:
    floor, scale, exponent = laws.T
    out = np.full(len(laws), np.inf)
    ok = (error > floor) & (scale > 0)
    out[ok] = ((error - floor[ok]) / scale[ok]) ** (-1.0 / exponent[ok])
    out[(scale <= 0) & (error >= floor)] = 0.0
    return out


def _quantiles(values: Floats, level: float) -> tuple[Any, Any, Any]:
    """Low, median and high over the first axis; infinite values sort last."""
    tail = (1.0 - level) / 2.0
    low, middle, high = np.quantile(
        values, [tail, 0.5, 1.0 - tail], axis=0, method="nearest"
    )
    return low, middle, high


def _whole(labels: float, horizon: float) -> int | None:
    return None if labels > horizon else round(float(labels))


def _bands(
    labels: Sequence[int], accuracy: Floats, low: Floats, high: Floats
) -> list[Band]:
    return [
        Band(int(n), *(round(float(v), 6) for v in values))
        for n, *values in zip(labels, accuracy, low, high, strict=True)
    ]
