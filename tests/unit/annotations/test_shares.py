import pytest

from annotations.shares import Gap, Share, wilson_interval


def test_wilson_interval_of_eight_in_ten():
    assert Share(8, 10).interval == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert Share(8, 10).interval == wilson_interval(8, 10)


def test_wilson_interval_takes_effective_counts():
    # 1/2 +- sqrt(1/4 + 1/4) / 2
    assert wilson_interval(0.5, 1.0, z=1) == pytest.approx((0.1464, 0.8536), abs=1e-4)


def test_wilson_interval_stays_within_nothing_and_all():
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert wilson_interval(5, 5)[1] == 1.0
    assert wilson_interval(0, 5)[0] == 0.0


def test_wilson_interval_narrows_with_less_to_be_sure_of():
    (low, high), (wide_low, wide_high) = (wilson_interval(8, 10, z) for z in (1, 2))

    assert wide_low < low < 0.8 < high < wide_high


def test_newcombe_reproduces_the_example_of_the_paper():
    """56/70 against 48/80: 0.2, 0.0524 to 0.3339 (Newcombe 1998, table II)."""
    gap = Gap(Share(56, 70), Share(48, 80))

    assert gap.value == pytest.approx(0.2)
    assert gap.interval == pytest.approx((0.0524, 0.3339), abs=1e-4)


def test_nothing_counted_tells_nothing():
    assert Share(0, 0).value is None
    assert Gap(Share(0, 0), Share(1, 2)).interval is None
