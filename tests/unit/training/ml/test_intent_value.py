import numpy as np
import pytest

from training.ml import intent_value
from training.ml.intent_value import Evidence, Pooled


def evidence(labels, trials, errors, share):
    return Evidence(*(np.array(part) for part in (labels, trials, errors, share)))


def test_the_pooled_law_worked_by_hand():
    assert Pooled(0.9, 0.5, 1.0).error(np.array([0, 8])) == pytest.approx([0.9, 0.3])


def test_the_law_of_many_intents_is_found():
    rng = np.random.default_rng(0)
    labels = rng.integers(1, 200, 400)
    error = 0.8 * (labels + 1.0) ** -0.5
    errors = rng.binomial(30, error)

    found = intent_value.pool(
        evidence(labels, np.full(400, 30), errors, np.full(400, 1 / 400))
    )

    assert found.exponent == pytest.approx(0.5, abs=0.06)
    expected = 0.8 * np.array([10.0, 100.0]) ** -0.5
    assert found.error(np.array([9, 99])) == pytest.approx(expected, rel=0.15)
    assert found.strength == 100.0  # nothing but the labels makes them differ


def test_equal_intents_gain_in_proportion_to_their_share():
    found = intent_value.values(
        evidence([30, 30], [20, 20], [5, 5], [0.06, 0.02]),
    )

    assert found[0].error == found[1].error
    assert found[0].gain == pytest.approx(3 * found[1].gain, rel=1e-3)


def test_an_intent_with_few_labels_and_many_errors_comes_first():
    found = intent_value.values(
        evidence([200, 5, 200, 60], [40, 40, 40, 40], [2, 25, 20, 8], [0.25] * 4)
    )

    assert intent_value.order_by_gain(found)[0] == 1
    assert found[2].gain > found[0].gain


def test_an_intent_without_exam_items_takes_the_error_of_its_like():
    found = intent_value.values(
        evidence([10, 10, 10, 10], [50, 50, 50, 0], [10, 11, 9, 0], [0.25] * 4)
    )

    assert found[3].error == pytest.approx(0.2, abs=0.02)
    assert found[3].high - found[3].low > found[0].high - found[0].low


def test_nothing_measured_still_gives_numbers():
    found = intent_value.values(evidence([0, 3], [0, 0], [0, 0], [0.5, 0.5]))

    assert all(0 < value.gain < 0.5 for value in found)


def test_shares_lean_on_the_prediction_while_the_exam_is_short():
    # (10 + 50 * 0.2) / (10 + 50) and (0 + 50 * 0.8) / 60.
    assert intent_value.shares(
        np.array([10.0, 0.0]), np.array([0.2, 0.8])
    ) == pytest.approx([1 / 3, 2 / 3])


def test_shares_without_any_traffic_are_equal():
    assert intent_value.shares(np.zeros(4), np.zeros(4)) == pytest.approx([0.25] * 4)
