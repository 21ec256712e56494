"""Groups of like utterances, and the most typical member of each."""

from __future__ import annotations

import warnings
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Floats = NDArray[np.floating[Any]]

SAMPLE = 12_000  # centres are learned on at most this many rows
TYPICAL_NEIGHBOURS = 20
_MEMBERS = 2000  # typicality compares at most this many members of a cluster
_BLOCK = 8192


class Rows(Protocol):
    """Vectors that need not be in memory at once: an array or a view of a file."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any) -> Any: ...


def cluster(
    embeddings: Rows, n_clusters: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """The cluster of every row, (n,)."""
    return assign(embeddings, centres(embeddings, n_clusters, rng))[0]


def centres(
    embeddings: Rows, n_clusters: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """The centres (k, d) that k-means finds in the rows, or in a sample of many."""
    from sklearn.cluster import KMeans

    n = len(embeddings)
    rows = np.arange(n)
    if n > SAMPLE:
        rows = np.sort(rng.choice(n, SAMPLE, replace=False))
    sample = np.ascontiguousarray(embeddings[rows], dtype=np.float32)
    model = KMeans(
        min(n_clusters, n),
        n_init=1,
        max_iter=15,
        tol=1e-3,
        random_state=int(rng.integers(2**31)),
    )
    with threadpool_limits(1), warnings.catch_warnings():
        # Fewer distinct rows than clusters leaves some clusters empty, as it should.
        warnings.filterwarnings("ignore", message="Number of distinct clusters")
        model.fit(sample)
    return np.asarray(model.cluster_centers_, dtype=np.float32)


def assign(
    embeddings: Rows, middle: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The nearest centre of every row, and the cosine to it: both (n,)."""
    nearest = np.empty(len(embeddings), dtype=np.intp)
    cosine = np.empty(len(embeddings), dtype=np.float32)
    length = np.maximum(np.linalg.norm(middle, axis=1), 1e-9)
    for start in range(0, len(embeddings), _BLOCK):
        block = np.asarray(embeddings[start : start + _BLOCK], dtype=np.float32)
        product = block @ middle.T  # (b, k)
        best = (product - 0.5 * length**2).argmax(axis=1)
        part = slice(start, start + len(block))
        nearest[part] = best
        cosine[part] = product[np.arange(len(block)), best] / length[best]
    return nearest, cosine


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
