"""Parameters of a function with few examples: what the most similar known words are.

A head learned from a dozen utterances is guessing; the labeled words nearest to a new
one, retrieved by their states in the encoder, and the values a schema lists, say more.
Both join the head as log-linear votes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml import bio

NEIGHBOURS = 5
SHARPNESS = 20.0  # a neighbour's vote weighs exp(SHARPNESS * cosine)
FLOOR = 0.02  # no vote makes a tag impossible
HINT = 2.0  # logits a listed value adds to the tags of its words
MAX_WORDS = 4000  # beyond, there are examples enough for the head alone

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class WordMemory:
    """Words with known tags: unit states (m, hidden) and tags (m,)."""

    states: NDArray[np.float32]
    tags: NDArray[np.intp]
    n_tags: int
    weight: float

    @classmethod
    def of(
        cls,
        states: Sequence[Floats],
        tags: Sequence[Sequence[int]],
        n_tags: int,
        weight: float,
    ) -> WordMemory:
        """Keep the words of utterances: states (n_words, hidden) and tags of each."""
        flat = np.concatenate([np.asarray(one, dtype=np.float32) for one in states])
        known = np.array([tag for row in tags for tag in row], dtype=np.intp)
        return cls(_unit(flat), known, n_tags, weight)

    def __call__(self, states: Floats) -> NDArray[np.float32]:
        """What to add to the tags' logits: states (n_words, hidden) -> (.., n_tags)."""
        similarity = _unit(np.asarray(states, dtype=np.float32)) @ self.states.T
        k = min(NEIGHBOURS, len(self.tags))
        nearest = np.argpartition(similarity, -k, axis=1)[:, -k:]  # (n_words, k)
        cosine = np.take_along_axis(similarity, nearest, axis=1)
        vote = np.exp(SHARPNESS * (cosine - cosine.max(axis=1, keepdims=True)))
        vote /= vote.sum(axis=1, keepdims=True)
        share = np.full((len(states), self.n_tags), FLOOR, dtype=np.float32)
        rows = np.repeat(np.arange(len(states)), k)
        np.add.at(share, (rows, self.tags[nearest].ravel()), vote.ravel())
        return np.asarray(self.weight * np.log(share), dtype=np.float32)


def hinted(
    text: str,
    words: Sequence[bio.Word],
    hints: Mapping[str, Sequence[str]],
    tag_set: bio.TagSet,
) -> NDArray[np.float32]:
    """What listed values add to the tags' logits, (n_words, n_tags).

    hints: {parameter: values a caller may say}. Longer values come first, and a word
    that one of them took is not taken again.
    """
    found = np.zeros((len(words), tag_set.size), dtype=np.float32)
    said = [text[word.start : word.end].casefold() for word in words]
    listed = sorted(
        (
            ([value[w.start : w.end].casefold() for w in bio.words(value)], param)
            for param, values in hints.items()
            if param in tag_set.params
            for value in values
        ),
        key=lambda one: (-len(one[0]), one),
    )
    taken = np.zeros(len(words), dtype=bool)
    for parts, param in listed:
        n = len(parts)
        for start in range(len(said) - n + 1 if n else 0):
            place = slice(start, start + n)
            if said[place] == parts and not taken[place].any():
                taken[place] = True
                begin = tag_set.begin(param)
                found[start, begin] += HINT
                found[start + 1 : start + n, begin + 1] += HINT
    return found


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-6), dtype=np.float32)
