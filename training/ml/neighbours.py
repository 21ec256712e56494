"""What the most similar labeled utterances say: a vote and a familiarity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml.calibration import softmax
from training.ml.linear_head import VOTE_SHARE

Floats = NDArray[np.floating[Any]]

N_NEIGHBOURS = 10
N_FAMILIAR = 5  # familiarity = mean similarity to this many nearest rows
SHARPNESS = 20.0  # a neighbour's vote weighs exp(SHARPNESS * cosine)
MAX_ROWS = 30_000  # more labeled rows than this are thinned: memory and time
# What fitting the scale finds for C = 10 within a tenth or two, for use without it.
DEFAULT_SCALE = 1.5
_BLOCK = 1024


@dataclass(frozen=True)
class Neighbours:
    """Labeled rows to compare with: unit vectors (m, d) and intent columns (m,)."""

    embeddings: NDArray[np.float32]
    codes: NDArray[np.intp]
    n_intents: int

    @classmethod
    def of(
        cls,
        embeddings: Floats,
        codes: NDArray[np.intp],
        n_intents: int,
        *,
        seed: int = 0,
        limit: int = MAX_ROWS,
    ) -> Neighbours:
        """Keep the rows, or a seeded sample of `limit` of them."""
        rows = np.arange(len(codes))
        if len(rows) > limit:
            rng = np.random.default_rng(seed)
            rows = np.sort(rng.choice(rows, limit, replace=False))
        kept = np.ascontiguousarray(embeddings[rows], dtype=np.float32)
        return cls(kept, np.asarray(codes)[rows].astype(np.intp), n_intents)

    def vote_and_familiarity(
        self, embeddings: Floats
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return votes (n, n_intents), rows summing to 1, and familiarity (n,).

        Familiarity is the mean cosine to the nearest few rows, in [-1, 1].
        """
        n = len(embeddings)
        votes = np.zeros((n, self.n_intents), dtype=np.float32)
        familiarity = np.empty(n, dtype=np.float32)
        for start in range(0, n, _BLOCK):
            block = np.asarray(embeddings[start : start + _BLOCK], dtype=np.float32)
            part = slice(start, start + len(block))
            votes[part], familiarity[part] = self._vote_block(block)
        return votes, familiarity

    def _vote_block(
        self, block: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        similarity = block @ self.embeddings.T  # (b, m)
        k = min(N_NEIGHBOURS, similarity.shape[1])
        nearest = np.argpartition(similarity, -k, axis=1)[:, -k:]  # (b, k)
        cosine = np.take_along_axis(similarity, nearest, axis=1)  # (b, k)
        weight = np.exp(SHARPNESS * (cosine - cosine.max(axis=1, keepdims=True)))
        weight /= weight.sum(axis=1, keepdims=True)
        votes = np.zeros((len(block), self.n_intents), dtype=np.float32)
        rows = np.repeat(np.arange(len(block)), k)
        np.add.at(votes, (rows, self.codes[nearest].ravel()), weight.ravel())
        familiar = np.sort(cosine, axis=1)[:, -min(N_FAMILIAR, k) :]
        return votes, familiar.mean(axis=1)


def mix(
    logits: Floats,
    votes: Floats,
    scale: float = DEFAULT_SCALE,
    share: float = VOTE_SHARE,
) -> NDArray[np.float32]:
    """Log of the mixture of the scaled head and the neighbour vote (n, n_intents)."""
    proba = (1.0 - share) * softmax(scale * np.asarray(logits)) + share * votes
    return np.asarray(np.log(np.maximum(proba, 1e-9)), dtype=np.float32)
