from training.views.loss_chart import HEIGHT, MARGIN, TABLE_ROWS, WIDTH, draw


def test_fewer_than_two_points_are_no_curve():
    assert draw([]) is None
    assert draw([(1, 0.5)]) is None


def test_the_curve_starts_left_ends_right_and_falls_to_the_ground():
    chart = draw([(10, 4.0), (20, 2.0), (30, 0.0)])

    middle = MARGIN + (HEIGHT - MARGIN) / 2
    assert chart.points == (
        f"0.0,{MARGIN:.1f} {WIDTH / 2:.1f},{middle:.1f} {WIDTH:.1f},{HEIGHT:.1f}"
    )
    assert chart.highest == 4.0
    assert chart.last == (30, 0.0)


def test_a_loss_of_zero_throughout_can_be_drawn():
    assert draw([(1, 0.0), (2, 0.0)]) is not None


def test_the_table_stays_short():
    chart = draw([(step, 1.0 / step) for step in range(1, 400)])

    assert len(chart.rows) <= TABLE_ROWS
    assert chart.rows[0] == (1, 1.0)
