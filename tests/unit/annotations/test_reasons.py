import pytest

from annotations import reasons
from annotations.errors import InvalidError


def test_a_reason_is_kept_in_one_line():
    assert reasons.checked("  agreed with\n billing ") == "agreed with billing"


@pytest.mark.parametrize("text", ["", "too short", " " * 20, "x" * 1001])
def test_a_reason_that_says_too_little_or_too_much_is_refused(text):
    with pytest.raises(InvalidError, match="10 to 1000 characters; it is kept"):
        reasons.checked(text)
