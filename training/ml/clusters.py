"""Groups of like utterances, and the most typical member of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Floats = NDArray[np.floating[Any]]

SAMPLE = 20_000  # centres are learned on at most this many rows
TYPICAL_NEIGHBOURS = 20
_MEMBERS = 2000  # typicality compares at most this many members of a cluster
_BLOCK = 8192


def cluster(
    embeddings: Floats,
    n_clusters: int,
    rng: np.random.Generator,
    *,
    weights: Floats | None = None,
) -> NDArray[np.intp]:
    """The cluster of every row, (n,), by k-means on unit vectors.

    Large pools are clustered on a sample and assigned to the nearest centre.
    """
    from sklearn.cluster import KMeans

    n = len(embeddings)
    n_clusters = min(n_clusters, n)
    rows = np.arange(n)
    if n > SAMPLE:
        rows = np.sort(rng.choice(n, SAMPLE, replace=False))
    sample = np.ascontiguousarray(embeddings[rows], dtype=np.float32)
    model = KMeans(
        n_clusters,
        n_init=1,
        max_iter=25,
        tol=1e-3,
        random_state=int(rng.integers(2**31)),
    )
    with threadpool_limits(1):
        model.fit(sample, sample_weight=None if weights is None else weights[rows])
    return assign(embeddings, np.asarray(model.cluster_centers_, dtype=np.float32))


def assign(embeddings: Floats, centres: NDArray[np.float32]) -> NDArray[np.intp]:
    """The nearest centre of every row, (n,)."""
    out = np.empty(len(embeddings), dtype=np.intp)
    offset = 0.5 * np.einsum("ij,ij->i", centres, centres)
    for start in range(0, len(embeddings), _BLOCK):
        block = np.asarray(embeddings[start : start + _BLOCK], dtype=np.float32)
        out[start : start + len(block)] = (block @ centres.T - offset).argmax(axis=1)
    return out


def most_typical(
    embeddings: Floats, members: NDArray[np.intp], rng: np.random.Generator
) -> int:
    """The member with the highest mean similarity to its nearest members.

    Hacohen et al., Active Learning on a Budget (TypiClust), 2022.
    """
    if len(members) > _MEMBERS:
        members = np.sort(rng.choice(members, _MEMBERS, replace=False))
    x = np.asarray(embeddings[members], dtype=np.float32)
    similarity = x @ x.T  # (m, m)
    k = min(TYPICAL_NEIGHBOURS, len(members) - 1)
    if k < 1:
        return int(members[0])
    np.fill_diagonal(similarity, -np.inf)
    nearest = np.partition(similarity, -k, axis=1)[:, -k:]
    return int(members[nearest.mean(axis=1).argmax()])
