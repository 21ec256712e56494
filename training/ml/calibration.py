"""Make confidence mean what it says: temperature scaling on held-out rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

MIN_SCALE, MAX_SCALE = 0.05, 20.0
_STEPS = 60  # golden section: the bracket shrinks by 0.618 a step, far below 1e-6


def softmax(logits: Floats) -> NDArray[np.float32]:
    """Rows of probabilities from rows of logits, float32 of the same shape."""
    proba = np.array(logits, dtype=np.float32)
    proba -= proba.max(axis=1, keepdims=True)
    np.exp(proba, out=proba)
    proba /= proba.sum(axis=1, keepdims=True)
    return proba


def log_loss(
    logits: Floats, codes: NDArray[np.intp], weights: Floats | None = None
) -> float:
    """Mean negative log likelihood of the true columns `codes` under softmax."""
    logits = np.asarray(logits, dtype=np.float64)
    peak = logits.max(axis=1)
    total = np.log(np.exp(logits - peak[:, None]).sum(axis=1)) + peak
    losses = total - logits[np.arange(len(codes)), codes]
    return float(np.average(losses, weights=weights))


def fit_logit_scale(
    logits: Floats, codes: NDArray[np.intp], weights: Floats | None = None
) -> float:
    """The factor on the logits that fits held-out labels best (1 / temperature).

    logits: (n, n_intents), codes: (n,) true columns. Guo et al. 2017. With nothing
    held out the factor is 1.
    """
    if len(codes) == 0:
        return 1.0
    golden = (np.sqrt(5.0) - 1.0) / 2.0
    low, high = np.log(MIN_SCALE), np.log(MAX_SCALE)

    def loss(log_scale: float) -> float:
        return log_loss(np.exp(log_scale) * np.asarray(logits), codes, weights)

    left, right = high - golden * (high - low), low + golden * (high - low)
    left_loss, right_loss = loss(left), loss(right)
    for _ in range(_STEPS):
        if left_loss < right_loss:
            high, right, right_loss = right, left, left_loss
            left = high - golden * (high - low)
            left_loss = loss(left)
        else:
            low, left, left_loss = left, right, right_loss
            right = low + golden * (high - low)
            right_loss = loss(right)
        if high - low < 1e-4:
            break
    return float(np.exp((low + high) / 2.0))
