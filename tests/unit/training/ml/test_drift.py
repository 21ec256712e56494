"""Drift figures worked by hand, and what they do when nothing or something changed."""

import numpy as np
import pytest

from training.ml import drift


def rows(n: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, 1.0, size=(n, 8))


def test_auc_counts_pairs_in_order_and_ties_half():
    scores = np.array([0.1, 0.4, 0.4, 0.9])
    positive = np.array([False, False, True, True])

    # pairs: 0.4>0.1, 0.4=0.4 (half), 0.9>0.1, 0.9>0.4
    assert drift.auc(scores[None], positive[None]) == pytest.approx([3.5 / 4])


def test_stability_of_two_shares_is_the_textbook_sum():
    found = drift.stability_test({"a": 900, "b": 100}, {"a": 600, "b": 400})

    by_hand = (0.6 - 0.9) * np.log(0.6 / 0.9) + (0.4 - 0.1) * np.log(0.4 / 0.1)
    assert found.effect == pytest.approx(by_hand, abs=0.005)
    assert found.p_value < 1e-6
    assert found.is_large


def test_cramers_v_of_a_table_worked_by_hand():
    # chi-square of [[30, 20], [20, 30]] is 4, of 100 items: V = 0.2
    found = drift.intents_test({"a": 30, "b": 20}, {"a": 20, "b": 30})

    assert found.effect == pytest.approx(0.2)
    assert found.p_value == pytest.approx(0.0455, abs=1e-4)


def test_rare_intents_are_counted_together():
    many = {f"rare{i}": 1 for i in range(30)}

    found = drift.intents_test({"a": 70, **many}, {"a": 70, **many})

    assert (found.effect, found.p_value) == (0.0, 1.0)


def test_confidence_distance_is_the_largest_gap_of_the_two_curves():
    found = drift.confidence_test(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.3, 0.4]))

    assert found.effect == pytest.approx(0.5)


def test_rows_of_one_source_cannot_be_told_apart():
    found, _ = drift.embeddings_test(
        rows(200, 1), rows(200, 2), np.random.default_rng(0)
    )

    assert found.effect < 0.58
    assert found.p_value > 0.05


def test_new_rows_are_told_apart_and_the_newest_come_first():
    current = np.concatenate([rows(150, 3), rows(50, 4, shift=1.5)])

    found, newness = drift.embeddings_test(
        rows(200, 1), current, np.random.default_rng(0)
    )

    assert found.p_value < 0.01
    newest = np.argsort(-newness)[:30]
    assert (newest >= 150).mean() > 0.8


def test_label_shift_finds_the_new_mix_and_the_accuracy_it_implies():
    # "a" is recognized 9 of 10 times, "b" 6 of 10, before half and half: 75 %.
    truth = ["a"] * 10 + ["b"] * 10
    predicted = ["a"] * 9 + ["b"] + ["b"] * 6 + ["a"] * 4
    # Now 20 % a: predicted a = 0.2 * 0.9 + 0.8 * 0.4 = 0.5.
    found = drift.label_shift(truth, predicted, {"a": 500, "b": 500})

    assert found.shares["a"] == pytest.approx(0.2, abs=0.01)
    assert found.accuracy == pytest.approx(0.2 * 0.9 + 0.8 * 0.6, abs=0.01)


def test_label_shift_refuses_what_it_knows_nothing_of():
    with pytest.raises(ValueError, match="current"):
        drift.label_shift(["a"], ["a"], {"b": 10})


def test_a_change_has_to_be_unlikely_and_large():
    tests = [
        drift.Test("large", 0.5, 0.001, 0.2),
        drift.Test("small", 0.1, 0.001, 0.2),
        drift.Test("chance", 0.5, 0.3, 0.2),
    ]

    assert drift.is_changed(tests, 0.01) == [True, False, False]


def test_the_same_seed_gives_the_same_figures():
    one, two = (
        drift.embeddings_test(rows(60, 1), rows(60, 2), np.random.default_rng(5))[0]
        for _ in range(2)
    )

    assert one == two


def test_a_change_persists_where_the_whole_is_large_and_each_part_confirms_it():
    def found(effect, p_value):
        return [drift.Test("embeddings", effect, p_value, 0.6)]

    whole, small, chance = found(0.62, 0.001), found(0.57, 0.03), found(0.62, 0.2)

    assert drift.persists(whole, [small, small]) == [True]
    assert drift.persists(whole, [small, chance]) == [False]
    assert drift.persists(small, [whole, whole]) == [False]


def test_the_embeddings_alone_can_be_beyond_chance():
    smallest = 1 / (1 + drift.PERMUTATIONS)
    others = [drift.Test(name, 0.0, 1.0, 0.1) for name in ("intents", "confidence")]

    tests = [drift.Test("embeddings", 0.7, smallest, 0.6), *others, others[0]]

    assert drift.is_changed(tests)[0]
