"""Draw rows at random with known probabilities, so that what was drawn can be weighed.

A top-k picked without chance cannot be reweighted later (Farquhar et al., On
Statistical Bias in Active Learning, 2021); these draws can.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]
Drawn = tuple[Indices, NDArray[np.float64]]  # rows and the probability of each


def uniform(n_rows: int, k: int, rng: np.random.Generator) -> Drawn:
    """k of n rows, each as likely as any other."""
    k = min(k, n_rows)
    rows = rng.choice(n_rows, k, replace=False).astype(np.intp)
    return rows, np.full(k, k / n_rows if n_rows else 1.0)


def gumbel_top_k(log_weights: Floats, k: int, rng: np.random.Generator) -> Drawn:
    """k rows without replacement, proportionally to their weights, heaviest first.

    The probability of a row is that its perturbed weight passes the first one left
    out, 1 - exp(-exp(log_weight - threshold)) (Kool et al., 2019), which makes
    1 / probability an unbiased weight.
    """
    log_weights = np.asarray(log_weights, dtype=np.float64)
    n = len(log_weights)
    if k >= n:
        return np.argsort(-log_weights, kind="stable"), np.ones(n)
    keys = log_weights + rng.gumbel(size=n)
    best = np.argpartition(-keys, k)
    threshold = keys[best[k]]
    rows = best[:k][np.argsort(-keys[best[:k]], kind="stable")]
    return rows, -np.expm1(-np.exp(log_weights[rows] - threshold))


def one_per_group(
    log_weights: Floats, groups: NDArray[np.intp], rng: np.random.Generator
) -> Drawn:
    """One row of every group, proportionally to the weights inside it.

    Rows come in the order of their groups' numbers; probabilities are exact.
    """
    log_weights = np.asarray(log_weights, dtype=np.float64)
    if len(log_weights) == 0:
        return np.empty(0, dtype=np.intp), np.empty(0)
    names, codes = np.unique(groups, return_inverse=True)
    keys = log_weights + rng.gumbel(size=len(log_weights))
    order = np.lexsort((-keys, codes))
    rows = order[np.searchsorted(codes[order], np.arange(len(names)))]
    peak = np.full(len(names), -np.inf)
    np.maximum.at(peak, codes, log_weights)
    total = np.bincount(codes, weights=np.exp(log_weights - peak[codes]))
    share = np.exp(log_weights[rows] - peak[codes[rows]]) / total[codes[rows]]
    return rows.astype(np.intp), np.asarray(share, dtype=np.float64)
