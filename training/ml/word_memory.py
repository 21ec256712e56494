"""Parameters of a function with few examples: what the most similar known words are.

A head learned from a dozen utterances is guessing; the labeled words nearest to a new
one, retrieved by their states in the encoder, and the values a schema lists, say more.
Both join the head as log-linear votes. NumPy alone: the web
process has it.
"""

from __future__ import annotations

from collections import Counter
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
FEW = 20  # labeled utterances; with so many the head knows a parameter by itself
WEIGHT = 0.5  # cross-validated over several sets (docs/models.md)
MAX_WORDS = 4000  # kept; 3 MB at 384 numbers of two bytes

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class WordMemory:
    """Words with known tags: unit states (m, hidden) and tags (m,).

    The states are whole in half precision, so that a memory is the same after it was
    stored.
    """

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
        weight: float = WEIGHT,
    ) -> WordMemory:
        """Keep the words of utterances: states (n_words, hidden) and tags of each."""
        flat = np.concatenate([np.asarray(one, dtype=np.float32) for one in states])
        known = np.array([tag for row in tags for tag in row], dtype=np.intp)
        kept = _unit(flat).astype(np.float16).astype(np.float32)
        return cls(kept, known, n_tags, weight)

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

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain numeric arrays, as safetensors stores them."""
        return {
            "memory.states": self.states.astype(np.float16),
            "memory.tags": self.tags.astype(np.int32),
            "memory.weight": np.array([self.weight], dtype=np.float64),
        }

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, NDArray[Any]], n_tags: int
    ) -> WordMemory | None:
        """The memory `to_arrays` described; None where there is none.

        Raises ValueError for arrays that do not belong together.
        """
        if "memory.states" not in arrays:
            return None
        found = cls(
            arrays["memory.states"].astype(np.float32),
            arrays["memory.tags"].astype(np.intp),
            n_tags,
            float(arrays["memory.weight"][0]),
        )
        if not 0 < len(found.states) == len(found.tags) <= MAX_WORDS:
            raise ValueError(
                f"{len(found.states)} words with {len(found.tags)} tags are no memory"
            )
        if not ((found.tags >= 0) & (found.tags < n_tags)).all():
            raise ValueError("a memory's word has a tag that is none")
        return found


def is_wanted(tags: Sequence[Sequence[int]], tag_set: bio.TagSet) -> bool:
    """Whether a parameter has few examples and all words are few enough to keep.

    tags: of every utterance learned from.
    """
    counts = Counter(
        param for row in tags for param in {tag_set.param(tag) for tag in row if tag}
    )
    has_few = any(n < FEW for n in counts.values())
    return has_few and sum(map(len, tags)) <= MAX_WORDS


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
