"""The tag head of a served model, in NumPy alone, so that the web process has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml.word_memory import WordMemory

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Linear:
    """A linear layer: weight (n_out, n_in), bias (n_out,)."""

    weight: Floats
    bias: Floats

    def __call__(self, inputs: Floats) -> Floats:
        return inputs @ self.weight.T + self.bias


@dataclass(frozen=True)
class TagScorer:
    """Two layers over the states of a word and of its two neighbours.

    transitions: what following tags add to their scores, as bio.TagSet.transitions
    lays them out; None: nothing but what is forbidden. memory: what the nearest known
    words add, where examples are few.
    """

    inner: Linear
    outer: Linear
    transitions: Floats | None = None
    memory: WordMemory | None = None

    def __call__(self, states: Floats) -> Floats:
        """states: (n_words, hidden) -> tag logits (n_words, n_tags)."""
        return self.many([states])[0]

    def many(self, states: Sequence[Floats]) -> list[Floats]:
        """The logits of several utterances, each as if it were scored alone.

        Their words go through the layers together: one product, not one an utterance.
        """
        lengths = np.array([len(one) for one in states])
        flat = np.concatenate(states)
        logits = self.outer(np.maximum(self._inner(flat, lengths), 0.0))
        if self.memory is not None:
            logits = logits + self.memory(flat)
        return np.split(logits, np.cumsum(lengths)[:-1])

    def _inner(self, flat: Floats, lengths: NDArray[np.intp]) -> Floats:
        """The inner layer over each word between its neighbours, (n_words, n_inner).

        A word says the same to its neighbours whoever they are, so the three parts of
        the layer are computed once a word and added up.
        """
        parts = np.split(self.inner.weight, 3, axis=1)
        one_before, own, one_behind = (flat @ part.T for part in parts)
        lengths = lengths[lengths > 0]
        ends = np.cumsum(lengths)
        found = own + self.inner.bias
        one_before[ends - 1] = 0.0  # the last word is before nobody
        one_behind[ends - lengths] = 0.0
        found[1:] += one_before[:-1]
        found[:-1] += one_behind[1:]
        return found
