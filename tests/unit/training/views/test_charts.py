import pytest

from training.ml.evaluation import Bin
from training.views import charts
from training.views.charts import LOSS_HEIGHT, LOSS_MARGIN, LOSS_WIDTH, TABLE_ROWS, loss


def test_fewer_than_two_points_are_no_curve():
    assert loss([]) is None
    assert loss([(1, 0.5)]) is None


def test_the_curve_starts_left_ends_right_and_falls_to_the_ground():
    chart = loss([(10, 4.0), (20, 2.0), (30, 0.0)])

    middle = LOSS_MARGIN + (LOSS_HEIGHT - LOSS_MARGIN) / 2
    assert chart.points == (
        f"0.0,{LOSS_MARGIN:.1f} {LOSS_WIDTH / 2:.1f},{middle:.1f} "
        f"{LOSS_WIDTH:.1f},{LOSS_HEIGHT:.1f}"
    )
    assert chart.highest == 4.0
    assert chart.last == (30, 0.0)


def test_a_loss_of_zero_throughout_can_be_drawn():
    assert loss([(1, 0.0), (2, 0.0)]) is not None


def test_the_table_stays_short():
    chart = loss([(step, 1.0 / step) for step in range(1, 400)])

    assert len(chart.rows) <= TABLE_ROWS
    assert chart.rows[0] == (1, 1.0)


def test_a_dot_of_the_reliability_diagram_lies_where_its_bin_says():
    bins = [
        Bin(0.0, 0.5, 0, None, None, None),
        Bin(0.5, 1.0, 40, 0.75, 0.5, (0.25, 1.0)),
    ]

    drawn = charts.reliability(bins)

    # 40 to 264 across, 206 up to 12.
    [dot] = drawn.dots
    assert (dot.x, dot.y) == (208.0, 109.0)
    assert (dot.low, dot.high) == (157.5, 12.0)
    assert drawn.diagonal == ((40.0, 206.0), (264.0, 12.0))
    assert drawn.before == "" and drawn.before_label is None


def test_nothing_seen_is_no_reliability_diagram():
    assert charts.reliability([]) is None
    assert charts.reliability([Bin(0.0, 1.0, 0, None, None, None)]) is None


def test_a_learning_curve_has_a_band_around_each_line():
    chosen = [(25, 0.5, (0.4, 0.6)), (50, 0.7, (0.6, 0.8))]
    control = [(25, 0.5, (0.4, 0.6)), (50, 0.5, (0.4, 0.6))]

    drawn = charts.learning([("chosen", chosen), ("random", control)])

    # 0.4 to 0.8 from 206 up to 12.
    first, second = drawn.arms
    assert first.points == "40.0,157.5 264.0,60.5"
    assert first.band == "40.0,109.0 264.0,12.0 264.0,109.0 40.0,206.0"
    assert second.points == "40.0,157.5 264.0,157.5"
    assert [tick.text for tick in drawn.y_ticks] == ["40 %", "60 %", "80 %"]


def test_an_arm_of_one_size_is_not_drawn():
    assert charts.learning([("random", [(25, 0.5, (0.4, 0.6))])]) is None


@pytest.mark.parametrize("y, moved", [(100.0, 113.0), (95.0, 87.0), (60.0, 60.0)])
def test_labels_do_not_lie_on_each_other(y, moved):
    assert charts._apart((5.0, y), (5.0, 100.0)) == (5.0, moved)
