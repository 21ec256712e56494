import pytest

from annotations.views.sent import MOST_ID, number, whole


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "1.0", " 1", "²", "٣", "1" * 5000, str(MOST_ID + 1)]
)
def test_what_is_no_id_is_told_apart_from_every_id(text):
    assert whole(text) is None
    assert number(text) == 0


def test_numbers_are_read_up_to_the_bound():
    assert whole("0") == 0
    assert number(str(MOST_ID)) == MOST_ID
    assert whole("7", 7) == 7
    assert whole("8", 7) is None
