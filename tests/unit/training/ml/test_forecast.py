import numpy as np
import pytest

from training.ml import forecast
from training.ml.forecast import Curve, PowerLaw, fit_laws, stop_signal

SIZES = [50, 100, 200, 400, 800, 1600]


def hits_of(law, n_items, seed=0, sizes=SIZES):
    """Exam items answered rightly where their hardness lies above the error."""
    hardness = np.random.default_rng(seed).random(n_items)
    return np.array([hardness > law.error(n) for n in sizes])


def test_a_law_worked_by_hand():
    law = PowerLaw(floor=0.05, scale=1.0, exponent=0.5)

    assert law.error(100) == pytest.approx(0.05 + 0.1)
    assert law.labels_to(0.10) == pytest.approx(400.0)
    assert law.labels_to(0.05) == np.inf
    assert PowerLaw(0.0, 5.0, 0.5).error(1) == 1.0


def test_the_law_behind_exact_errors_is_found():
    law = PowerLaw(floor=0.04, scale=2.0, exponent=0.6)
    errors = np.array([[law.error(n) for n in SIZES]])

    [found] = fit_laws(np.array(SIZES), errors, 5000)

    fitted = PowerLaw(*found)
    assert fitted.error(6400) == pytest.approx(law.error(6400), abs=0.004)


def test_a_forecast_tells_when_the_target_is_met():
    law = PowerLaw(floor=0.02, scale=2.0, exponent=0.5)
    wanted = law.labels_to(0.06)  # 2500

    found = Curve(SIZES, hits_of(law, 4000), np.random.default_rng(0)).target(0.94)

    assert found.low <= wanted <= found.high
    assert found.labels == pytest.approx(wanted, rel=0.4)
    assert found.low < found.labels < found.high
    assert found.chance > 0.95


def test_what_lies_below_the_floor_is_not_in_sight():
    law = PowerLaw(floor=0.2, scale=5.0, exponent=1.0)

    found = Curve(SIZES, hits_of(law, 2000), np.random.default_rng(0)).target(0.95)

    assert (found.labels, found.high) == (None, None)
    assert found.chance < 0.2


def test_a_target_already_met_lies_behind():
    law = PowerLaw(floor=0.0, scale=2.0, exponent=0.5)

    found = Curve(SIZES, hits_of(law, 2000), np.random.default_rng(0)).target(0.90)

    assert found.high < 1600
    assert found.labels == pytest.approx(400, rel=0.35)


def test_fewer_exam_items_make_the_interval_wider():
    law = PowerLaw(floor=0.02, scale=2.0, exponent=0.5)

    few, many = (
        Curve(SIZES, hits_of(law, n), np.random.default_rng(0)).ahead([3200])[0]
        for n in (100, 4000)
    )

    assert few.high - few.low > 2 * (many.high - many.low)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """90 % intervals for the accuracy after twice the labels, over drawn exams."""
    law = PowerLaw(floor=0.03, scale=1.5, exponent=0.5)
    truth = 1.0 - law.error(3200)
    rng = np.random.default_rng(1)

    covered = 0
    for seed in range(100):
        curve = Curve(SIZES, hits_of(law, 300, seed), rng, n_bootstrap=150)
        [band] = curve.ahead([3200])
        covered += band.low <= truth <= band.high

    assert covered >= 84


def test_seeds_repeat():
    hits = hits_of(PowerLaw(0.02, 2.0, 0.5), 200)

    first, second = (
        Curve(SIZES, hits, np.random.default_rng(3)).target(0.92) for _ in "ab"
    )

    assert first == second


@pytest.mark.parametrize("shape", [(3, 100), (6, 49)])
def test_too_little_to_go_by_is_refused(shape):
    with pytest.raises(ValueError, match="4 points on 50 exam items"):
        Curve(SIZES[: shape[0]], np.ones(shape, bool), np.random.default_rng(0))


def curve_of(law, n_items=2000):
    return Curve(SIZES, hits_of(law, n_items), np.random.default_rng(0))


def test_labeling_goes_on_while_it_helps():
    found = stop_signal(curve_of(PowerLaw(0.0, 4.0, 0.4)), 0.92)

    assert not found.stop
    assert "200 more labels add about" in found.reason


def test_labeling_stops_once_the_target_is_shown():
    found = stop_signal(curve_of(PowerLaw(0.0, 1.0, 0.5)), 0.92)

    assert found.stop
    assert found.reason == "The exam shows 92% or more."


def test_labeling_stops_where_the_curve_is_flat():
    found = stop_signal(curve_of(PowerLaw(0.15, 50.0, 1.5)), 0.92)

    assert found.stop
    assert found.gain < forecast.STOP_GAIN
    assert "would add 0.0 points" in found.reason


def test_items_of_one_conversation_are_drawn_together():
    """Ten items that stand and fall together tell no more than one."""
    law = PowerLaw(floor=0.02, scale=2.0, exponent=0.5)
    once = hits_of(law, 100)
    tenfold = np.repeat(once, 10, axis=1)
    calls = [str(item // 10) for item in range(1000)]

    def width(hits, groups=None) -> float:
        curve = Curve(SIZES, hits, np.random.default_rng(0), groups=groups)
        last = curve.measured()[-1]
        return last.high - last.low

    assert width(tenfold, calls) == pytest.approx(width(once), rel=0.2)
    assert width(tenfold) < 0.5 * width(once)


def test_items_of_different_conversations_are_drawn_one_by_one():
    hits = hits_of(PowerLaw(floor=0.02, scale=2.0, exponent=0.5), 200)
    alone = [f"c{item}" for item in range(200)]

    with_groups, without = (
        Curve(SIZES, hits, np.random.default_rng(0), groups=groups)
        for groups in (alone, None)
    )

    np.testing.assert_array_equal(with_groups.redrawn, without.redrawn)
