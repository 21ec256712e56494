"""Figures that are no plain shares, of samples that weigh their items.

Each is a function of weights (repeats, n), so that a bootstrap gets all its repeats
from a few matrix products.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from training.ml.metrics import CALIBRATION_BINS
from training.ml.resampling import Statistic

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]


def macro_f1(truth: Sequence[str], predicted: Sequence[str]) -> Statistic:
    """The mean F1 over the intents that occur in truth or prediction of a draw."""
    names = sorted(set(truth) | set(predicted))
    place = {name: index for index, name in enumerate(names)}
    true = np.array([place[name] for name in truth])
    said = np.array([place[name] for name in predicted])
    is_hit = np.asarray(true == said, dtype=float)
    hits = _one_hot(true, len(names), is_hit)
    total = _one_hot(true, len(names)) + _one_hot(said, len(names))

    def statistic(weights: Floats) -> Floats:
        both = np.asarray(weights @ total)  # (repeats, n_intents)
        with np.errstate(invalid="ignore", divide="ignore"):
            f1 = 2.0 * np.asarray(weights @ hits) / both
        return np.asarray(np.nanmean(np.where(both > 0, f1, np.nan), axis=1))

    return statistic


def calibration_error(
    confidence: Floats, right: Floats, among: Floats, bins: int = CALIBRATION_BINS
) -> Statistic:
    """The mean gap between confidence and accuracy over equal-width bins.

    among: 1 for the rows that count, 0 for the others.
    """
    gaps = _one_hot(bin_of(confidence, bins), bins, (confidence - right) * among)

    def statistic(weights: Floats) -> Floats:
        total = np.maximum(weights @ among, np.finfo(float).tiny)
        return np.asarray(np.abs(weights @ gaps).sum(axis=1) / total)

    return statistic


def oos_recall(scores: Floats, inside: Bools, acceptance: float = 0.95) -> Statistic:
    """As `metrics.out_of_scope_recall`, of a weighted sample."""
    order = np.argsort(scores[inside], kind="stable")
    sorted_scores = scores[inside][order]

    def single(weights: Floats) -> float:
        ours, others = weights[inside][order], weights[~inside]
        if ours.sum() == 0 or others.sum() == 0:
            return float("nan")
        reached = np.searchsorted(np.cumsum(ours), (1.0 - acceptance) * ours.sum())
        threshold = sorted_scores[min(int(reached), len(sorted_scores) - 1)]
        return float(others[scores[~inside] < threshold].sum() / others.sum())

    def statistic(weights: Floats) -> Floats:
        return np.array([single(row) for row in weights])

    return statistic


def _one_hot(
    codes: NDArray[np.intp], size: int, values: Floats | None = None
) -> csr_matrix:
    values = np.ones(len(codes)) if values is None else values
    rows = np.arange(len(codes))
    return csr_matrix((values, (rows, codes)), shape=(len(codes), size))


def bin_of(confidence: Floats, bins: int) -> NDArray[np.intp]:
    """The bin (low, high] of each confidence: (n,)."""
    found: NDArray[np.intp] = np.ceil(confidence * bins).astype(np.intp) - 1
    return np.clip(found, 0, bins - 1)
