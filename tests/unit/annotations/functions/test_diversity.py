"""Texts that differ, by their words."""

from annotations.functions.diversity import distance, nearest, spread

TEXTS = [
    "pay my bill",
    "pay my bill now",
    "the internet is down again",
    "pay my bill please now",
    "pay my bill",
]


def test_the_distance_of_word_sets_by_hand():
    assert distance(frozenset("ab"), frozenset("bc")) == 1 - 1 / 3
    assert distance(frozenset(), frozenset()) == 0.0


def test_the_first_is_of_median_length_and_the_next_the_farthest():
    assert spread(TEXTS, 2) == [1, 2]


def test_repetitions_are_never_chosen():
    assert len(spread(["a b", "a b", "b a"], 3)) == 1


def test_no_texts_give_none():
    assert spread([], 3) == []
    assert nearest([], ["x"]) is None


def test_the_nearest_is_near_any_target():
    assert nearest(TEXTS, ["call me", "is the internet down"]) == 2
