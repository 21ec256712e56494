"""Tag logits of several utterances at once."""

import numpy as np
import pytest

from training.ml.tag_scorer import Linear, TagScorer
from training.ml.word_memory import WordMemory

HIDDEN, N_TAGS = 4, 3


def _states(seed: int, n_words: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n_words, HIDDEN), np.float32)


def _scorer(memory: WordMemory | None = None) -> TagScorer:
    drawn = np.random.default_rng(0)
    return TagScorer(
        Linear(drawn.standard_normal((6, 3 * HIDDEN)), drawn.standard_normal(6)),
        Linear(drawn.standard_normal((N_TAGS, 6)), drawn.standard_normal(N_TAGS)),
        memory=memory,
    )


MEMORY = WordMemory.of([_states(9, 8)], [[0, 1, 2, 0, 0, 1, 0, 2]], N_TAGS)


@pytest.mark.parametrize("memory", [None, MEMORY], ids=["head", "head and memory"])
def test_words_of_one_utterance_do_not_see_those_of_the_next(memory):
    scorer = _scorer(memory)
    utterances = [_states(1, 3), _states(2, 1), _states(3, 0), _states(4, 5)]

    together = scorer.many(utterances)

    assert [one.shape for one in together] == [(3, 3), (1, 3), (0, 3), (5, 3)]
    for states, logits in zip(utterances, together, strict=True):
        if len(states):
            np.testing.assert_allclose(logits, scorer(states), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("memory", [None, MEMORY], ids=["head", "head and memory"])
def test_an_utterance_without_a_word_has_no_logits(memory):
    """The recognizer heard nothing, and nothing else was asked about."""
    scorer = _scorer(memory)

    assert scorer(_states(1, 0)).shape == (0, N_TAGS)
    assert [len(one) for one in scorer.many([_states(1, 0), _states(2, 0)])] == [0, 0]


def test_a_word_is_scored_with_its_neighbours_and_nothing_beyond_the_edges():
    # The one hidden unit sums a word's state, ten times the one before and a hundred
    # times the one behind it.
    inner = Linear(np.array([[10.0, 1.0, 100.0]]), np.zeros(1))
    scorer = TagScorer(inner, Linear(np.array([[1.0]]), np.zeros(1)))

    logits = scorer(np.array([[1.0], [2.0], [3.0]]))

    assert logits[:, 0].tolist() == [201.0, 312.0, 23.0]
