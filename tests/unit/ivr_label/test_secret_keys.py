import secrets

import pytest

from ivr_label.env import SettingError
from ivr_label.secret_keys import checked_key

LONG = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2


def test_a_long_random_key_is_taken():
    key = secrets.token_hex(40)

    assert checked_key("SECRET_KEY", key) == key


@pytest.mark.parametrize(
    "key, complaint",
    [
        ("", "is not set"),
        ("short", "too short"),
        ("ab" * 40, "too regular"),
        ("django-insecure-" + LONG, "known"),
        (LONG + "-changeme-" + LONG, "known"),
    ],
)
def test_a_key_that_protects_nothing_is_refused(key, complaint):
    with pytest.raises(SettingError, match=f"SECRET_KEY .*{complaint}.*make one with"):
        checked_key("SECRET_KEY", key)
