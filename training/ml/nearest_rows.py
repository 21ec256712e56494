"""Which rows are nearest to which queries: exact, and in blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

_BLOCK = 8192  # rows compared at once: a block of 400 queries is 13 MB


def nearest(
    queries: Floats, rows: Floats, k: int, *, floor: float
) -> list[list[tuple[int, float]]]:
    """For each query the k nearest rows with a cosine of at least `floor`, best first.

    queries (q, d) and rows (m, d) are unit vectors. Returns (row, cosine) pairs; of
    equally near rows the first.
    """
    best = np.full((len(queries), 0), 0.0, dtype=np.float32)
    index = np.empty((len(queries), 0), dtype=np.intp)
    for start in range(0, len(rows), _BLOCK):
        cosine = np.asarray(queries @ rows[start : start + _BLOCK].T, dtype=np.float32)
        best = np.concatenate([best, cosine], axis=1)
        here = np.arange(start, start + cosine.shape[1], dtype=np.intp)
        index = np.concatenate([index, np.tile(here, (len(queries), 1))], axis=1)
        order = np.argsort(-best, axis=1, kind="stable")[:, :k]
        best = np.take_along_axis(best, order, axis=1)
        index = np.take_along_axis(index, order, axis=1)
    return [
        [(int(i), float(c)) for i, c in zip(ids, cosines, strict=True) if c >= floor]
        for ids, cosines in zip(index, best, strict=True)
    ]
