"""Labels that are probably wrong: confident learning, and near-duplicates that differ.

C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident Learning: Estimating Uncertainty
in Dataset Labels", JAIR 70, 2021; the confident joint is the one of their package.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml.calibration import softmax
from training.ml.linear_head import HeadConfig, fit_linear_head
from training.ml.neighbours import DEFAULT_SCALE

Floats = NDArray[np.floating[Any]]
Codes = NDArray[np.intp]

DEFAULTS = HeadConfig()
FOLDS = 5
MAX_TRAIN = 20_000  # rows a fold learns from, at most: time
_BLOCK = 1024


@dataclass(frozen=True)
class Suspect:
    """A row whose label the model, which never saw it, contradicts.

    score: 0..1, higher is more suspect; from 0.5, where the model is torn between the
    label and its own answer, to 1. is_confident: off the confident joint's diagonal.
    """

    row: int
    predicted: int
    confidence: float
    self_confidence: float
    score: float
    is_confident: bool


def out_of_fold(
    embeddings: Floats,
    labels: Sequence[str],
    *,
    seed: int = 0,
    config: HeadConfig = DEFAULTS,
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Each row's probabilities by a head that was fitted without it.

    embeddings: (n, d) unit rows. Returns the classes and (n, n_classes), rows summing
    to 1; every class is spread evenly over the folds.
    """
    x = np.ascontiguousarray(embeddings, dtype=np.float32)
    names = np.asarray(labels, dtype=object)
    classes = tuple(sorted(set(labels)))
    rng = np.random.default_rng(seed)
    fold = _stratified(names, rng)
    proba = np.full((len(names), len(classes)), 1.0 / max(len(classes), 1))
    start = None
    for part in range(FOLDS):
        seen, rows = np.flatnonzero(fold != part), np.flatnonzero(fold == part)
        if len(rows) == 0 or len(seen) == 0:
            continue
        if len(seen) > MAX_TRAIN:
            seen = np.sort(rng.choice(seen, MAX_TRAIN, replace=False))
        start = fit_linear_head(x[seen], list(names[seen]), config=config, start=start)
        columns = np.searchsorted(np.asarray(classes, dtype=object), start.classes)
        proba[rows] = 0.0
        answers = softmax(DEFAULT_SCALE * start.logits(x[rows]))
        proba[np.ix_(rows, columns)] = answers
    return classes, proba


def _stratified(names: NDArray[Any], rng: np.random.Generator) -> Codes:
    """A fold for each row; a label's rows take the folds in turn."""
    fold = np.zeros(len(names), dtype=np.intp)
    for turn, name in enumerate(sorted(set(names))):
        rows = rng.permutation(np.flatnonzero(names == name))
        fold[rows] = (np.arange(len(rows)) + turn) % FOLDS
    return fold


def suspects(codes: Codes, proba: NDArray[np.float64]) -> list[Suspect]:
    """Every row that the model answers otherwise, most suspect first.

    codes: (n,) the column of each row's label. Those off the confident joint's diagonal
    come first: rows whose probability of another class reaches the mean one of the rows
    labeled so. The joint alone misses too many wrong labels between look-alikes, see
    benchmarks/poisoning.py.
    """
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    if len(codes) == 0 or len(np.unique(codes)) < 2:
        return []
    # The package wants columns without gaps: only classes that some row has.
    present, dense = np.unique(codes, return_inverse=True)
    share = proba[:, present]
    share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
    joint = find_label_issues(dense, share, filter_by="confident_learning", n_jobs=1)
    score = 1.0 - get_label_quality_scores(dense, share, method="normalized_margin")
    best = share.argmax(axis=1)
    rows = np.flatnonzero(best != dense)
    order = np.lexsort((-score[rows], ~joint[rows]))
    return [
        Suspect(
            row=int(row),
            predicted=int(present[best[row]]),
            confidence=float(share[row, best[row]]),
            self_confidence=float(share[row, dense[row]]),
            score=float(score[row]),
            is_confident=bool(joint[row]),
        )
        for row in rows[order]
    ]


@dataclass(frozen=True)
class Twin:
    """Two rows that say nearly the same; left < right."""

    left: int
    right: int
    cosine: float


def twins(embeddings: Floats, *, least: float) -> list[Twin]:
    """All pairs with a cosine of at least `least`, by their rows.

    embeddings: (n, d) unit rows; takes time as n squared and memory as n.
    """
    x = np.ascontiguousarray(embeddings, dtype=np.float32)
    return [twin for start in range(0, len(x), _BLOCK) for twin in _of(x, start, least)]


def _of(x: NDArray[np.float32], start: int, least: float) -> Iterator[Twin]:
    block = x[start : start + _BLOCK]
    cosine = block @ x[start:].T  # (b, n - start)
    for left, right in np.argwhere(cosine >= least):
        if right > left:
            yield Twin(
                start + int(left), start + int(right), float(cosine[left, right])
            )
