"""Giving rare intents their share: before fitting, or after.

Before: weights, or copies of rare rows, drawn at random or made between neighbours
(SMOTE: Chawla et al., Synthetic Minority Over-sampling Technique, 2002). Weights are
what copies come to on average, in the time of a plain fit. After: logit adjustment,
subtracting a share of the log frequency (Menon et al. 2021), which needs no refit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Codes = NDArray[np.intp]
Way = TypeVar("Way")

METHODS = ("none", "weights", "oversample", "smote", "logit")
SHARES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
NEIGHBOURS = 3


def check(method: str) -> None:
    """Raises ValueError for a method nobody knows."""
    if method not in (*METHODS, "auto"):
        raise ValueError(f"balance is {method!r}, known are {(*METHODS, 'auto')}")


def fits(method: str) -> tuple[str, ...]:
    """The methods of fitting to compare for `method`, the plain one first."""
    if method == "auto":
        return ("none", "weights")
    return (method,)


def weights(labels: Sequence[str]) -> NDArray[np.float64]:
    """What each row weighs so that every intent weighs as much as the largest: (n,)."""
    _, codes, counts = np.unique(
        np.asarray(labels, dtype=object), return_inverse=True, return_counts=True
    )
    return np.asarray((counts.max() / counts)[codes], dtype=np.float64)


def resampled(
    x: Floats, labels: Sequence[str], method: str, *, seed: int
) -> tuple[Floats, list[str]]:
    """The rows and copies of rare ones, so that every intent has as many.

    x: (n, d) unit rows. "oversample" repeats rows, "smote" makes new ones between a
    row and one of its three nearest of the same intent. Other methods: as it was.
    """
    if method not in ("oversample", "smote"):
        return x, list(labels)
    rng = np.random.default_rng(seed)
    names = np.asarray(labels, dtype=object)
    classes, counts = np.unique(names, return_counts=True)
    rows, added_labels = [np.asarray(x)], list(labels)
    for name, count in zip(classes, counts, strict=True):
        missing = int(counts.max() - count)
        own = np.asarray(x)[names == name]
        if missing == 0:
            continue
        picked = rng.integers(len(own), size=missing)
        made = own[picked]
        if method == "smote" and len(own) > 1:
            made = _between(own, picked, rng)
        rows.append(made)
        added_labels += [str(name)] * missing
    return np.concatenate(rows).astype(np.float32), added_labels


def _between(own: Floats, picked: Codes, rng: np.random.Generator) -> Floats:
    similarity = own @ own.T
    np.fill_diagonal(similarity, -np.inf)
    k = min(NEIGHBOURS, len(own) - 1)
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
    other = own[nearest[picked, rng.integers(k, size=len(picked))]]
    step = rng.random((len(picked), 1))
    made = own[picked] + step * (other - own[picked])
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True))


def log_prior(codes: Codes, n_intents: int) -> NDArray[np.float64]:
    """Log of each intent's share, (n_intents,); one never seen counts as one."""
    counts = np.bincount(codes, minlength=n_intents)
    return np.asarray(np.log(np.maximum(counts, 1) / max(len(codes), 1)))


def choose(tried: Mapping[Way, Floats], codes: Codes) -> Way:
    """The way held-out rows speak for: the best mean of accuracy and macro-F1.

    tried: {way: scores (n, n_intents) of held-out rows}, the plain one first; codes:
    (n,) their intents. Another than the plain one has to win by more than the standard
    error of the difference in accuracy, so that a handful of rows does not decide.
    """
    ways = iter(tried)
    best, best_gain = next(ways), 0.0
    if len(codes) == 0:
        return best
    plain = np.asarray(tried[best]).argmax(axis=1)
    for way in ways:
        answer = np.asarray(tried[way]).argmax(axis=1)
        gain = _quality(answer, codes) - _quality(plain, codes)
        changed = (answer == codes).astype(float) - (plain == codes).astype(float)
        error = float(changed.std() / np.sqrt(len(codes)))
        if gain > max(best_gain, error):
            best, best_gain = way, gain
    return best


def _quality(answer: Codes, codes: Codes) -> float:
    present = np.unique(codes)
    hits = np.array([((answer == c) & (codes == c)).sum() for c in present])
    total = np.array([(answer == c).sum() + (codes == c).sum() for c in present])
    return float(((answer == codes).mean() + (2.0 * hits / total).mean()) / 2.0)
