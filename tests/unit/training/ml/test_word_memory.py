"""What the nearest known words and listed values add to a tagger."""

import numpy as np
import pytest
from safetensors.numpy import save

from training.ml import bio, bundle, tagger
from training.ml.tag_scorer import Linear, TagScorer
from training.ml.word_memory import (
    FEW,
    FLOOR,
    HINT,
    MAX_WORDS,
    WordMemory,
    hinted,
    is_wanted,
)

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

    scorer = tagger.with_memory(SILENT, lambda: states, [[0, 1, 2]], TAGS)

    assert scorer(np.eye(3, dtype=np.float32)).argmax(axis=1).tolist() == [0, 1, 2]


def test_examples_enough_need_no_memory():
    tags = [[TAGS.begin("amount")], [TAGS.begin("plan")]] * FEW

    scorer = tagger.with_memory(SILENT, lambda: pytest.fail("asked"), tags, TAGS)

    assert scorer is SILENT


def test_one_parameter_with_few_examples_wants_a_memory_while_words_are_few():
    amount, plan = TAGS.begin("amount"), TAGS.begin("plan")
    rows = [[0, amount]] * FEW + [[plan, 0]] * (FEW - 1)

    assert is_wanted(rows, TAGS)
    assert not is_wanted([*rows, [plan, 0]], TAGS)
    assert not is_wanted([*rows, [0] * MAX_WORDS], TAGS)
    assert not is_wanted([[0, 0]], TAGS)


def test_a_memory_that_answers_held_out_utterances_worse_is_dropped():
    known, tag = [np.eye(3, dtype=np.float32)[:1]], TAGS.begin("plan")
    asked = ([np.eye(3, dtype=np.float32)[:1]], [[0]])
    heard = (asked[0], [[tag]])

    dropped = tagger.with_memory(SILENT, lambda: known, [[tag]], TAGS, held=asked)
    kept = tagger.with_memory(SILENT, lambda: known, [[tag]], TAGS, held=heard)

    assert dropped.memory is None
    assert kept.memory is not None


def test_a_served_memory_scores_exactly_as_the_one_that_was_measured():
    rng = np.random.default_rng(0)
    states = [rng.normal(size=(4, 3)).astype(np.float16) for _ in range(5)]
    tags = [[0, TAGS.begin("plan"), TAGS.begin("plan") + 1, 0]] * 5
    scorer = tagger.with_memory(SILENT, lambda: states, tags, TAGS)
    asked = rng.normal(size=(6, 3)).astype(np.float32)

    stored = save(bundle._tag_arrays(scorer))
    served = bundle._tag_scorer({bundle.TAGS: stored})

    assert served is not None and served.memory is not None
    np.testing.assert_array_equal(served(asked), scorer(asked))
    assert scorer(asked).any()


def test_arrays_that_are_no_memory_are_refused():
    memory = WordMemory.of([np.eye(3)], [[0, 1, 2]], TAGS.size)
    arrays = memory.to_arrays()

    with pytest.raises(ValueError, match="3 words with 2 tags"):
        WordMemory.from_arrays(
            {**arrays, "memory.tags": arrays["memory.tags"][:2]}, TAGS.size
        )
    with pytest.raises(ValueError, match="a tag that is none"):
        WordMemory.from_arrays(
            {**arrays, "memory.tags": np.array([0, 1, 9])}, TAGS.size
        )


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
