import pytest

from annotations.shares import Gap, Share


def test_wilson_interval_of_eight_in_ten():
    assert Share(8, 10).interval == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_newcombe_reproduces_the_example_of_the_paper():
    """56/70 against 48/80: 0.2, 0.0524 to 0.3339 (Newcombe 1998, table II)."""
    gap = Gap(Share(56, 70), Share(48, 80))

    assert gap.value == pytest.approx(0.2)
    assert gap.interval == pytest.approx((0.0524, 0.3339), abs=1e-4)


def test_nothing_counted_tells_nothing():
    assert Share(0, 0).value is None
    assert Gap(Share(0, 0), Share(1, 2)).interval is None
