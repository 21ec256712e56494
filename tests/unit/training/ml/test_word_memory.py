"""What the nearest known words and listed values add to a tagger."""

import numpy as np
import pytest

from training.ml import bio, tagger
from training.ml.tag_scorer import Linear, TagScorer
from training.ml.word_memory import FLOOR, HINT, WordMemory, hinted

TAGS = bio.TagSet(("amount", "plan"))
SILENT = TagScorer(
    Linear(np.zeros((2, 9), np.float32), np.zeros(2, np.float32)),
    Linear(np.zeros((TAGS.size, 2), np.float32), np.zeros(TAGS.size, np.float32)),
)


def test_a_word_is_tagged_as_the_known_one_it_is_nearest_to():
    known = [np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])]
    memory = WordMemory.of(known, [[0, 3]], TAGS.size, weight=0.5)

    added = memory(np.array([[0.0, 0.9, 0.1], [5.0, 0.0, 0.0]]))

    assert added.argmax(axis=1).tolist() == [3, 0]
    # The other neighbour's vote is nearly nothing at cosine 0 against 1.
    assert added[1, 0] == pytest.approx(0.5 * np.log(1.0 + FLOOR), abs=1e-4)
    assert added[1, 1] == pytest.approx(0.5 * np.log(FLOOR), abs=1e-4)


def test_a_scorer_with_a_memory_adds_what_it_says():
    states = [np.eye(3, dtype=np.float32)]

    scorer = tagger.with_memory(SILENT, states, [[0, 1, 2]], TAGS)

    assert scorer(np.eye(3, dtype=np.float32)).argmax(axis=1).tolist() == [0, 1, 2]


def test_many_words_need_no_memory():
    states = [np.ones((5000, 3), dtype=np.float32)]

    assert tagger.with_memory(SILENT, states, [[0] * 5000], TAGS) == SILENT


def test_listed_values_mark_their_words_longest_first():
    text = "The Gold plus plan, or gold"
    hints = {"plan": ["gold", "gold plus"], "unknown": ["the"]}

    added = hinted(text, bio.words(text), hints, TAGS)

    begin = TAGS.begin("plan")
    assert [(int(i), int(j)) for i, j in zip(*np.nonzero(added), strict=True)] == [
        (1, begin),
        (2, begin + 1),
        (6, begin),
    ]
    assert added.max() == HINT


def test_how_tags_follow_each_other_is_counted():
    rows = [[0, 1, 2], [0, 1, 2], [0, 0, 0]]

    found = tagger.follows(rows, TAGS)

    assert found.shape == (TAGS.size + 1, TAGS.size)
    # After a begin: two insides of two, each count beginning at one; over all: 2 of 9
    # and as many again from the starting counts of each of the six rows.
    after, at_all = 3 / 7, (2 + 6) / (9 + 30)
    assert found[1, 2] == pytest.approx(np.log(after / at_all))
    assert found[TAGS.size, 0] > found[TAGS.size, 1]


def test_transitions_count_as_far_as_they_help_on_held_out_utterances():
    learned = [[0, 1, 2]] * 50
    # The scores leave the last word between outside and inside; its neighbour decides.
    scorer = TagScorer(
        Linear(
            np.tile(np.eye(3, dtype=np.float32), (1, 3)) * 0, np.zeros(3, np.float32)
        ),
        Linear(np.zeros((TAGS.size, 3), np.float32), np.array([0.1, 0, 0.05, -9, -9])),
    )
    states = [np.zeros((3, 3), dtype=np.float32)]

    helped = tagger.with_transitions(scorer, TAGS, learned, states, [[0, 1, 2]])
    harmed = tagger.with_transitions(scorer, TAGS, learned, states, [[0, 0, 0]])

    assert bio.best_tags(helped(states[0]), helped.transitions) == [0, 1, 2]
    assert bio.best_tags(harmed(states[0]), harmed.transitions) == [0, 0, 0]
