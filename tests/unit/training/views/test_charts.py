import itertools

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


def test_sizes_stand_by_their_factor_and_only_where_there_is_room():
    arm = [(n, 0.5, (0.4, 0.6)) for n in (10, 100, 110, 1000)]

    drawn = charts.learning([("chosen", arm)])

    # 40 to 264 across: a tenth of the last is half way between it and a hundredth.
    assert [(tick.at, tick.text) for tick in drawn.x_ticks] == [
        (40.0, "10"),
        (152.0, "100"),
        (264.0, "1,000"),
    ]


def test_an_arm_of_one_size_is_not_drawn():
    assert charts.learning([("random", [(25, 0.5, (0.4, 0.6))])]) is None


@pytest.mark.parametrize("y, moved", [(100.0, 113.0), (95.0, 87.0), (60.0, 60.0)])
def test_labels_do_not_lie_on_each_other(y, moved):
    assert charts._apart((5.0, y), (5.0, 100.0)) == (5.0, moved)


def test_a_label_is_never_moved_out_of_the_picture():
    # Both models are always right where they are surest, ours a hair more often.
    assert charts._apart((5.0, 14.0), (5.0, 16.0)) == (5.0, 29.0)


def test_a_target_is_drawn_between_where_it_was_and_where_it_should_be():
    drawn = charts.target(
        [(0.8, (0.7, 0.9)), (0.9, (0.85, 0.95))],
        plan=(0.92, "plan: over 92 %"),
        now="now: 90 %",
        before=((0.7, 0.8), "before: 70 to 80 %"),
        most=1.0,
    )

    # 0.685 to 0.965 (0.7 to 0.95 and 6 % of that) from 136 up to 14.
    assert [dot.x for dot in drawn.dots] == [12.0, 228.0]
    assert [dot.y for dot in drawn.dots] == [85.9, 42.3]
    assert (drawn.dots[0].low, drawn.dots[0].high) == (129.5, 42.3)
    assert drawn.plan.y == 33.6
    assert drawn.now.y == 42.3
    words, height = drawn.before
    assert (words.y, height) == (85.9, 43.6)


def test_words_beside_a_target_do_not_lie_on_each_other():
    drawn = charts.target(
        [(0.92, None)], plan=(0.92, "plan"), now="now", before=((0.91, 0.91), "before")
    )

    places = sorted(w.text_y for w in (drawn.plan, drawn.now, drawn.before[0]))
    assert all(b - a >= charts.LINE_ROOM for a, b in itertools.pairwise(places))
    assert places[0] > 0 and places[-1] <= charts.STRIP_HEIGHT


def test_words_that_would_fall_off_the_picture_are_moved_up():
    low = charts.STRIP_HEIGHT - charts.STRIP_EDGE

    placed = charts._stacked([(low, "a"), (low, "b"), (low, "c")])

    assert [word.text_y for word in placed] == [115.0, 129.0, 143.0]


def test_a_target_without_a_value_has_no_picture():
    assert charts.target([], plan=(1.0, "plan"), now="now") is None
