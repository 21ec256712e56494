"""The tag head of a served model, in NumPy alone, so that the web process has it."""

from __future__ import annotations

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
        edges = np.pad(states, ((1, 1), (0, 0)))
        window = np.concatenate([edges[:-2], states, edges[2:]], axis=1)
        logits = self.outer(np.maximum(self.inner(window), 0.0))
        return logits if self.memory is None else logits + self.memory(states)
