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
        windows = np.concatenate([_windows(one) for one in states])
        logits = self.outer(np.maximum(self.inner(windows), 0.0))
        if self.memory is not None:
            logits = logits + self.memory(np.concatenate(states))
        return np.split(logits, np.cumsum([len(one) for one in states])[:-1])


def _windows(states: Floats) -> Floats:
    """Each word's state between those of its neighbours: (n_words, 3 * hidden)."""
    edges = np.pad(states, ((1, 1), (0, 0)))
    return np.concatenate([edges[:-2], states, edges[2:]], axis=1)
