"""The linear part of the fast head: multinomial logistic regression on embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from training.ml.errors import TooFewLabelsError

Floats = NDArray[np.floating[Any]]

VOTE_SHARE = 0.4


@dataclass(frozen=True)
class HeadConfig:
    """What can be chosen about the head; the defaults are the measured ones."""

    c: float = 10.0
    max_iter: int = 300
    vote_share: float = VOTE_SHARE
    small: int = 2000  # up to here calibration is cross-validated, above held out
    folds: int = 4


MEASURED = HeadConfig()


@dataclass(frozen=True)
class LinearHead:
    """Multinomial logistic regression: logits = embeddings @ coef.T + intercept."""

    classes: tuple[str, ...]
    coef: NDArray[np.float32]  # (n_intents, d)
    intercept: NDArray[np.float32]  # (n_intents,)

    def logits(self, embeddings: Floats) -> NDArray[np.float32]:
        """(n, n_intents) float32."""
        block = np.asarray(embeddings, dtype=np.float32)
        return np.asarray(block @ self.coef.T + self.intercept, dtype=np.float32)

    def codes(self, labels: Sequence[str]) -> NDArray[np.intp]:
        """The column of each label; raises KeyError for an intent not learned."""
        position = {name: index for index, name in enumerate(self.classes)}
        return np.array([position[label] for label in labels], dtype=np.intp)


def fit_linear_head(
    embeddings: Floats,
    labels: Sequence[str],
    *,
    sample_weight: Floats | None = None,
    config: HeadConfig = MEASURED,
    start: LinearHead | None = None,
) -> LinearHead:
    """Fit the linear part; `start` (an earlier head) saves iterations.

    embeddings: (n, d). One distinct label gives a head that always says it. Runs on
    one thread: BLAS threads spin longer than these small products take.
    """
    from training.ml import softmax_regression

    if len(labels) == 0:
        raise TooFewLabelsError("there is no label to learn from")
    x = np.ascontiguousarray(embeddings, dtype=np.float32)
    classes, codes = np.unique(np.asarray(labels, dtype=object), return_inverse=True)
    names = tuple(str(name) for name in classes)
    if len(names) == 1:
        zeros = np.zeros((1, x.shape[1]), dtype=np.float32)
        return LinearHead(names, zeros, np.zeros(1, dtype=np.float32))
    weights = np.ones(len(x)) if sample_weight is None else _mean_one(sample_weight)
    begin = None if start is None else _carry_over(start, names, x.shape[1])
    with threadpool_limits(1):
        found = softmax_regression.fit(
            x, codes, weights, c=config.c, max_iter=config.max_iter, start=begin
        )
    return LinearHead(names, *found)


def _carry_over(
    start: LinearHead, names: tuple[str, ...], dimension: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    coef = np.zeros((len(names), dimension), dtype=np.float32)
    intercept = np.zeros(len(names), dtype=np.float32)
    known = {name: index for index, name in enumerate(start.classes)}
    for row, name in enumerate(names):
        if name in known:
            coef[row] = start.coef[known[name]]
            intercept[row] = start.intercept[known[name]]
    return coef, intercept


def _mean_one(sample_weight: Floats) -> NDArray[np.float64]:
    weights = np.asarray(sample_weight, dtype=np.float64)
    if np.any(weights < 0) or weights.sum() <= 0:
        raise ValueError("sample_weight must be positive")
    return np.asarray(weights / weights.mean(), dtype=np.float64)
