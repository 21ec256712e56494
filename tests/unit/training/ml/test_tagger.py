"""What the tagger learns from, and what it leaves alone."""

from dataclasses import replace

import numpy as np
import pytest

from training.ml import bio
from training.ml.data import Dataset, Example, Span
from training.ml.tokens import Encoded

pytestmark = pytest.mark.models
TAGS = bio.TagSet(("month",))
MARCH = Example("march bill", "bill", (Span(0, 5, "month"),))
BARE = replace(MARCH, spans=(), marks_known=False)


def encoded(example: Example) -> Encoded:
    words = tuple(bio.words(example.text))
    return Encoded((), (), (), words)


def states(n: int) -> list[np.ndarray]:
    """The same two words, n times."""
    return [np.eye(2, 8, dtype=np.float32) for _ in range(n)]


def tagged(examples: list[Example]) -> list[int]:
    """The tags that a tagger of these examples gives to their words."""
    from training.ml import tagger

    tags = tagger.tags_of(
        [encoded(e) for e in examples], Dataset(tuple(examples)), TAGS
    )
    scorer = tagger.fit_with_transitions(
        states(len(tags)), tags, TAGS, n_train=len(tags), seed=0
    )
    return bio.best_tags(scorer(states(1)[0]), scorer.transitions)


def test_a_form_that_came_mostly_without_marks_is_still_marked():
    assert tagged([MARCH] * 10 + [BARE] * 40) == [TAGS.begin("month"), bio.OUTSIDE]


def test_a_form_that_people_mostly_left_unmarked_is_not_marked():
    none = replace(BARE, marks_known=True)

    assert tagged([MARCH] * 10 + [none] * 40) == [bio.OUTSIDE, bio.OUTSIDE]


def test_unknown_tags_decide_nothing_and_count_against_nobody():
    from training.ml import joint, tagger

    unknown = [[joint.IGNORED] * 2] * 60
    silent = tagger.fit_with_transitions(
        states(4), [[0, 0]] * 4, TAGS, n_train=4, seed=0
    )

    assert not tagger.can_decide(unknown, 0)
    assert tagger.are_right(silent, states(60), unknown, TAGS).all()
