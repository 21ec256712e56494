"""How much to trust each of several opinions: weights fitted on rows none has seen.

Log-linear pooling (the logits of the opinions, weighed and added) with weights that
minimize the log loss on held-out rows: convex, a handful of numbers, so it does not
learn the held-out rows by heart. A penalty draws the weights to where they start, so
that few rows move them little. Stacked generalization: Wolpert 1992.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from training.ml.calibration import softmax

Floats = NDArray[np.floating[Any]]

CAUTION = 1.0  # as if so many held-out rows spoke for the starting weights


def fit_weights(
    opinions: Sequence[Floats],
    codes: NDArray[np.intp],
    start: Sequence[float],
    *,
    caution: float = CAUTION,
) -> NDArray[np.float64]:
    """Weights >= 0 of the opinions. opinions: logits (n, n_intents) each; codes: (n,).

    Without rows the starting weights are kept.
    """
    begin = np.asarray(start, dtype=np.float64)
    if len(begin) != len(opinions):
        raise ValueError(f"{len(opinions)} opinions but {len(begin)} starting weights")
    if len(codes) == 0:
        return begin
    stacked = np.stack([np.asarray(z, dtype=np.float64) for z in opinions])  # (k, n, c)
    rows = np.arange(len(codes))
    true = stacked[:, rows, codes]  # (k, n)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = np.tensordot(weights, stacked, axes=1)  # (n, c)
        peak = logits.max(axis=1)
        total = peak + np.log(np.exp(logits - peak[:, None]).sum(axis=1))
        proba = np.exp(logits - total[:, None])
        expected = np.einsum("knc,nc->kn", stacked, proba)
        pull = caution * (weights - begin)
        value = (total - weights @ true).sum() + 0.5 * float(pull @ (weights - begin))
        return float(value), (expected - true).sum(axis=1) + pull

    found = minimize(
        loss, begin, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(begin)
    )
    return np.asarray(found.x, dtype=np.float64)


def fit_vote_share(
    logits: Floats,
    votes: Floats,
    codes: NDArray[np.intp],
    shares: Sequence[float],
    default: float,
) -> float:
    """The share of the neighbours' vote that explains held-out rows best."""
    if len(codes) == 0:
        return default
    rows = np.arange(len(codes))
    own, vote = softmax(logits)[rows, codes], np.asarray(votes)[rows, codes]
    losses = [
        -np.log(np.maximum((1.0 - share) * own + share * vote, 1e-9)).mean()
        for share in shares
    ]
    return float(shares[int(np.argmin(losses))])
