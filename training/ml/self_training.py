"""Learn from the pool as well: what is known spreads to what lies near it.

Labels spread along the graph of nearest utterances (Zhou et al., Learning with Local
and Global Consistency, 2004); a head on the labels and what they spread to then
answers for the pool, and the answers it is sure of teach the head that is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.ml.calibration import softmax
from training.ml.linear_head import (
    MEASURED,
    HeadConfig,
    LinearHead,
    fit_linear_head,
)
from training.ml.neighbours import Neighbours, mix

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]

_BLOCK = 1024


@dataclass(frozen=True)
class SelfTraining:
    """What can be chosen about it; the defaults are the measured ones.

    most_rows: pool rows beyond it are left out, since the graph costs their square.
    """

    spread: float = 0.8  # how much a row takes from its neighbours at each step
    steps: int = 15
    n_neighbours: int = 10
    sharpness: float = 10.0  # a neighbour weighs exp(sharpness * cosine)
    sure: float = 0.5  # answers at least this likely teach
    weight: float = 0.5  # of an answer of the model, beside a person's 1
    most_rows: int = 8000


MEASURED_SELF = SelfTraining()


class Landscape:
    """Which rows lie near which, as a sparse symmetric matrix, normalized by degree."""

    def __init__(self, weights: sparse.csr_matrix, config: SelfTraining) -> None:
        self._weights, self.config = weights, config
        degree = np.asarray(weights.sum(axis=1)).ravel()
        scale = sparse.diags(1.0 / np.sqrt(np.maximum(degree, 1e-12)))
        self._normal = (scale @ weights @ scale).astype(np.float32)

    @classmethod
    def of(cls, embeddings: Floats, config: SelfTraining = MEASURED_SELF) -> Landscape:
        """The landscape of unit rows (n, d)."""
        x = np.asarray(embeddings, dtype=np.float32)
        n, k = len(x), min(config.n_neighbours, len(x) - 1)
        near = np.empty((n, k), dtype=np.intp)
        cosine = np.empty((n, k), dtype=np.float32)
        for start in range(0, n, _BLOCK):
            product = x[start : start + _BLOCK] @ x.T  # (b, n)
            part = slice(start, start + len(product))
            rows = np.arange(len(product))
            product[rows, start + rows] = -np.inf
            near[part] = np.argpartition(product, n - k, axis=1)[:, n - k :]
            cosine[part] = np.take_along_axis(product, near[part], axis=1)
        weight = np.exp(config.sharpness * (cosine - 1.0)).ravel()
        places = (np.repeat(np.arange(n), k), near.ravel())
        matrix = sparse.csr_matrix((weight, places), shape=(n, n))
        return cls(matrix.maximum(matrix.T).tocsr(), config)

    def __len__(self) -> int:
        return int(self._weights.shape[0])

    def only(self, rows: Indices) -> Landscape:
        """The landscape without any but these rows, in their order."""
        return Landscape(self._weights[rows][:, rows], self.config)

    def spread(self, answers: Floats) -> NDArray[np.float32]:
        """Shares (n, n_intents) after spreading; a row nothing reaches is zero."""
        known = np.asarray(answers, dtype=np.float32)
        share = self.config.spread
        found = known
        for _ in range(self.config.steps):
            found = share * (self._normal @ found) + (1.0 - share) * known
        total = found.sum(axis=1, keepdims=True)
        return np.asarray(found / np.maximum(total, 1e-12), dtype=np.float32)


@dataclass(frozen=True)
class Learned:
    """What the labels taught, and the pool with them where it was asked.

    head: to be used, with `neighbours`; teacher: on the labels alone, as the neighbours
    are, since what is near a guess need not be familiar.
    """

    head: LinearHead
    teacher: LinearHead
    neighbours: Neighbours

    @classmethod
    def only(cls, head: LinearHead) -> Learned:
        """A head to begin from, of which nothing else is known."""
        nothing = np.empty((0, head.coef.shape[1]), dtype=np.float32)
        near = Neighbours(nothing, np.empty(0, dtype=np.intp), len(head.classes))
        return cls(head, head, near)


def learn(
    embeddings: Floats,
    labeled: Indices,
    labels: Sequence[str],
    *,
    landscape: Landscape | None,
    sample_weight: Floats | None = None,
    config: HeadConfig = MEASURED,
    before: Learned | None = None,
) -> Learned:
    """Fit on the labeled rows, and on what they say about the others.

    embeddings: (n, d), all rows of the landscape; labels: of the rows `labeled`.
    Without a landscape the labels teach alone. before: what was learned from fewer
    labels saves iterations.
    """
    x = np.asarray(embeddings, dtype=np.float32)
    weights = np.ones(len(labeled)) if sample_weight is None else sample_weight
    teacher = fit_linear_head(
        x[labeled],
        labels,
        sample_weight=weights,
        config=config,
        start=before.teacher if before else None,
    )
    codes = teacher.codes(labels)
    near = Neighbours.of(x[labeled], codes, len(teacher.classes))
    if landscape is None:
        return Learned(teacher, teacher, near)
    rows, said = _sure_of(x, landscape, teacher, labeled, codes, config)
    guessed = np.full(len(rows), landscape.config.weight * np.mean(weights))
    rows, said = np.concatenate([labeled, rows]), np.concatenate([codes, said])
    names = np.asarray(teacher.classes, dtype=object)
    head = fit_linear_head(
        x[rows],
        list(names[said]),
        sample_weight=np.concatenate([weights, guessed]),
        config=config,
        start=before.head if before else teacher,
    )
    return Learned(head, teacher, near)


def _sure_of(
    x: NDArray[np.float32],
    landscape: Landscape,
    teacher: LinearHead,
    labeled: Indices,
    codes: Indices,
    config: HeadConfig,
) -> tuple[Indices, Indices]:
    """Unlabeled rows with a likely answer, and the answers: both (n_sure,)."""
    known = np.zeros((len(x), len(teacher.classes)), dtype=np.float32)
    known[labeled, codes] = 1.0
    mixture = mix(teacher.logits(x), landscape.spread(known), share=config.vote_share)
    proba = softmax(mixture)
    sure = proba.max(axis=1) >= landscape.config.sure
    sure[labeled] = False
    rows = np.flatnonzero(sure)
    return rows, proba[rows].argmax(axis=1)
