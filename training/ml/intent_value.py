"""What the next labels of each intent would be worth, in accuracy over all calls.

An intent's error is measured on few exam items, so it leans on what intents with as
many labels get wrong: a beta-binomial whose mean falls as a power of the labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln
from scipy.stats import beta

Floats = NDArray[np.floating[Any]]

MORE = 20  # labels whose worth is told
LEVEL = 0.9
# The share of an intent in the pool as predicted weighs as much as so many exam items.
PREDICTED_WEIGHT = 50.0

_EXPONENTS = np.linspace(0.05, 1.5, 30)
_STRENGTHS = np.array([1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0])


@dataclass(frozen=True)
class Evidence:
    """What is known about the intents: arrays (n_intents,).

    labels: training labels; trials, errors: exam items of the intent and how many of
    them the head got wrong; share: of all calls, summing to at most 1.
    """

    labels: NDArray[np.integer[Any]]
    trials: NDArray[np.integer[Any]]
    errors: NDArray[np.integer[Any]]
    share: Floats


@dataclass(frozen=True)
class Value:
    """One intent: its error with an interval, and what MORE labels would add.

    gain: the share of all calls answered rightly thanks to them.
    """

    error: float
    low: float
    high: float
    gain: float


@dataclass(frozen=True)
class Pooled:
    """error(n) = scale * (n + 1) ** -exponent over all intents, and how firmly."""

    scale: float
    exponent: float
    strength: float  # exam items that the pooled error is worth

    def error(self, labels: NDArray[Any]) -> NDArray[np.float64]:
        power = (np.asarray(labels, dtype=np.float64) + 1.0) ** -self.exponent
        return np.asarray(np.clip(self.scale * power, 1e-4, 0.95))


def values(evidence: Evidence, *, more: int = MORE) -> list[Value]:
    """The value of `more` labels for every intent, in the order of the evidence."""
    law = pool(evidence)
    expected = law.error(evidence.labels)
    wrong = law.strength * expected + evidence.errors
    right = law.strength * (1.0 - expected) + (evidence.trials - evidence.errors)
    error = wrong / (wrong + right)
    tail = (1.0 - LEVEL) / 2.0
    low, high = beta.ppf(tail, wrong, right), beta.ppf(1.0 - tail, wrong, right)
    n = np.asarray(evidence.labels, dtype=np.float64)
    left = ((n + 1.0) / (n + 1.0 + more)) ** law.exponent
    gain = np.asarray(evidence.share) * error * (1.0 - left)
    return [
        Value(*(round(float(value), 6) for value in row))
        for row in zip(error, low, high, gain, strict=True)
    ]


def pool(evidence: Evidence) -> Pooled:
    """The law of all intents together, by maximum likelihood.

    The power law by Poisson likelihood, whose scale has a closed form; then the
    strength by the beta-binomial likelihood of the intents around it.
    """
    trials, errors = evidence.trials.astype(float), evidence.errors.astype(float)
    if trials.sum() == 0:
        return Pooled(0.5, 0.5, _STRENGTHS[0])
    n = evidence.labels + 1.0
    power = n[None, :] ** -_EXPONENTS[:, None]  # (n_exponents, n_intents)
    total = max(errors.sum(), 0.5)
    scale = total / (trials * power).sum(axis=1)
    likelihood = (errors * np.log(scale[:, None] * power)).sum(axis=1)
    likelihood -= scale * (trials * power).sum(axis=1)
    best = int(likelihood.argmax())
    law = Pooled(float(scale[best]), float(_EXPONENTS[best]), 1.0)
    a = _STRENGTHS[:, None] * law.error(evidence.labels)[None, :]
    b = _STRENGTHS[:, None] - a
    fit = (betaln(a + errors, b + trials - errors) - betaln(a, b)).sum(axis=1)
    return Pooled(law.scale, law.exponent, float(_STRENGTHS[int(fit.argmax())]))


def shares(exam: Floats, predicted: Floats) -> NDArray[np.float64]:
    """Each intent's share of all calls, from exam items and the predicted pool.

    exam: (n,) items by true intent, predicted: (n,) shares of the pool as predicted.
    """
    exam, predicted = np.asarray(exam, float), np.asarray(predicted, float)
    summed = predicted.sum()
    prior = predicted / summed if summed > 0 else np.full(len(exam), 1 / len(exam))
    weight = exam.sum() + PREDICTED_WEIGHT
    return np.asarray((exam + PREDICTED_WEIGHT * prior) / weight)


def order_by_gain(found: Sequence[Value]) -> list[int]:
    """Positions, the most worthwhile first."""
    return sorted(range(len(found)), key=lambda i: -found[i].gain)
