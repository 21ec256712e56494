"""Choosing against chance: variances by hand, and curves of known shape."""

import numpy as np
import pytest

from training.ml import choosing
from training.ml.choosing import Answered, Exam, Labels
from training.ml.forecast import Band


def curve(*points: tuple[int, float]) -> list[Band]:
    return [Band(n, accuracy, 0.0, 1.0) for n, accuracy in points]


def hits(*rows: str) -> np.ndarray:
    return np.array([[mark == "1" for mark in row] for row in rows])


def test_the_variance_of_a_mean_counts_conversations_not_items():
    values, groups = np.array([1.0, 0.0, 1.0, 1.0]), ["a", "a", "b", "c"]

    # Less 0.75 each: a has -0.5, b and c 0.25: 0.375 / 16, times 3 / 2.
    assert choosing.mean_variance(values, groups) == pytest.approx(0.03515625)


def test_one_conversation_tells_nothing_of_the_variance():
    assert choosing.mean_variance(np.ones(3), ["a", "a", "a"]) == 1.0


def test_sets_that_share_most_of_their_labels_tell_more_than_they_spread():
    found = Answered(40, hits("11110", "11100"), share=0.8)

    # 0.8 and 0.6 vary by 0.02: four times that, as a fifth is left out each time,
    # and half of it for two sets only.
    assert found.accuracy == pytest.approx(0.7)
    assert found.label_variance == pytest.approx(0.09)


def test_a_band_adds_the_variances_of_sets_and_exam():
    found = Answered(40, hits("1110", "1100", "1110"), share=0.5)

    band = choosing.band(found, ["a", "b", "c", "d"])

    # Sets: 0.75, 0.5, 0.75 vary by 1/48, times 1 + 1/3. Items: 1, 1, 2/3, 0 less 2/3
    # are 1/3, 1/3, 0, -2/3: 4/3 * (6/9) / 16 = 1/18. Student's t with 2 is 4.3027.
    half = 4.302653 * (1 / 36 + 1 / 18) ** 0.5
    assert band.accuracy == pytest.approx(2 / 3)
    assert (band.low, band.high) == (max(0.0, 2 / 3 - half), 1.0)


def test_a_difference_is_measured_on_the_same_items():
    ours = Answered(40, hits("1111", "1111"), share=0.5)
    theirs = Answered(40, hits("1110", "1110"), share=0.5)

    found = choosing.difference(ours, theirs, ["a", "b", "c", "d"])

    # By item 0, 0, 0, 1 less 0.25: 4/3 * 0.75 / 16 = 1/16. Student's t with 1: 12.706.
    assert found.value == pytest.approx(0.25)
    assert found.high - found.value == pytest.approx(12.7062 / 4, abs=1e-4)
    assert (found.outcome, found.needed) == (choosing.OPEN, None)


def test_a_difference_beyond_doubt_has_a_direction():
    n = 400
    groups = [str(i) for i in range(n)]
    good = np.ones((12, n), dtype=bool)
    bad = good.copy()
    bad[:, ::4] = False
    ours, theirs = Answered(100, good, 0.5), Answered(100, bad, 0.5)

    assert choosing.difference(ours, theirs, groups).outcome == choosing.BETTER
    assert choosing.difference(theirs, ours, groups).outcome == choosing.WORSE


@pytest.mark.parametrize(
    "accuracy, needed", [(0.5, 20), (0.4, 20), (0.6, 30), (0.8, 60), (0.95, None)]
)
def test_a_dip_of_the_curve_needs_no_more_labels(accuracy, needed):
    points = curve((20, 0.5), (40, 0.7), (50, 0.6), (70, 0.9))
    # 0.8 lies between 0.7 (kept through the dip at 50) and 0.9 at 70.

    assert choosing.labels_to(points, accuracy) == needed


def test_sizes_grow_to_what_both_have_and_on_for_the_chosen():
    both, further = choosing.sizes(n_chosen=1000, n_control=100)

    assert both == [20, 27, 36, 49, 66]
    assert further == [143, 308, 666]
    assert choosing.sizes(100, 100) == ([20, 27, 36, 49, 66], [])
    assert choosing.sizes(90_000, 90_000)[0][-1] == choosing.MOST_LABELS


def world(n_intents: int, n_each: int, spread: float, rng: np.random.Generator):
    """Labels around the centres of their intents, shuffled: vectors and names."""
    centres = np.random.default_rng(0).standard_normal((n_intents, 16))
    codes = rng.permutation(np.repeat(np.arange(n_intents), n_each))
    x = centres[codes] + spread * rng.standard_normal((len(codes), 16))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x.astype(np.float32), [f"i{code}" for code in codes]


def test_labels_of_every_intent_beat_labels_of_half_of_them():
    rng = np.random.default_rng(1)
    exam = Exam(*world(10, 12, 0.6, rng), [str(i) for i in range(120)])
    chosen = Labels(*world(10, 10, 0.6, rng))
    x, names = world(10, 20, 0.6, rng)
    kept = [row for row, name in enumerate(names) if name < "i5"]
    control = Labels(x[kept], [names[row] for row in kept])
    steps: list[tuple[int, int]] = []

    found = choosing.compare(
        chosen, control, exam, rng, tell=lambda *step: steps.append(step)
    )

    assert found.difference.outcome == choosing.BETTER
    assert found.difference.low > 0
    assert found.difference.needed < found.difference.labels == 66
    assert steps[-1] == (10, 10)
    assert [band.labels for band in found.control] == [20, 27, 36, 49, 66]
    assert all(band.low <= band.accuracy <= band.high for band in found.chosen)


def test_equals_are_told_apart_no_oftener_than_the_level_allows():
    """Sets that share nothing, on exams whose conversations have three turns each."""
    rng = np.random.default_rng(5)
    groups = [str(i // 3) for i in range(90)]
    outcomes = []
    for _ in range(400):
        hardness = np.repeat(rng.random(30), 3)  # one call, one kind of trouble
        sides = [
            Answered(
                50,
                rng.random((12, 90)) < hardness + 0.1 * rng.standard_normal((12, 1)),
                share=0.0,
            )
            for _ in range(2)
        ]
        outcomes.append(choosing.difference(*sides, groups).outcome)

    assert outcomes.count(choosing.OPEN) >= 0.95 * len(outcomes)


def test_the_same_seed_gives_the_same_curves():
    rng = np.random.default_rng(3)
    exam = Exam(*world(5, 12, 1.0, rng), [str(i) for i in range(60)])
    labels = Labels(*world(5, 12, 1.0, rng))

    first, second = (
        choosing.compare(labels, labels, exam, np.random.default_rng(7), repeats=3)
        for _ in range(2)
    )

    assert first == second


def test_too_little_is_refused_with_what_is_missing():
    rng = np.random.default_rng(3)
    few = Labels(*world(5, 9, 1.0, rng))
    many = Labels(*world(5, 12, 1.0, rng))
    exam = Exam(*world(5, 12, 1.0, rng), [str(i) for i in range(60)])
    small = Exam(*world(5, 9, 1.0, rng), [str(i) for i in range(45)])

    with pytest.raises(ValueError, match="got 45 and 60 drawn"):
        choosing.compare(few, many, exam, rng)
    with pytest.raises(ValueError, match="exam items are needed: 45"):
        choosing.compare(many, many, small, rng)


def test_what_a_person_adds_is_told_on_top_of_what_others_labeled():
    """The person labels the half of the intents that nobody else has."""
    rng = np.random.default_rng(1)
    exam = Exam(*world(10, 12, 0.6, rng), [str(i) for i in range(120)])
    own, known, control = (half(rng, is_upper) for is_upper in (True, False, False))

    found = choosing.effect(own, control, known, exam, rng, repeats=4)

    assert found.difference.labels == found.own.labels == 66
    assert found.difference.outcome == choosing.BETTER
    assert found.without == pytest.approx(0.5, abs=0.03)
    assert found.control.accuracy == pytest.approx(0.5, abs=0.03)
    assert found.own.accuracy > 0.9


def test_without_other_labels_there_is_no_accuracy_without():
    rng = np.random.default_rng(1)
    exam = Exam(*world(10, 12, 0.6, rng), [str(i) for i in range(120)])
    nothing = Labels(np.zeros((0, 16), dtype=np.float32), [])

    found = choosing.effect(
        half(rng, True), half(rng, False), nothing, exam, rng, repeats=3
    )

    assert found.without is None


def half(rng: np.random.Generator, is_upper: bool) -> Labels:
    """A hundred labels of five of the ten intents."""
    x, names = world(10, 20, 0.6, rng)
    kept = [row for row, name in enumerate(names) if (name >= "i5") == is_upper]
    return Labels(x[kept], [names[row] for row in kept])
