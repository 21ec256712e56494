import secrets

import pytest

from ivr_label.env import SettingError
from ivr_label.secret_keys import checked_key


def test_a_long_random_key_is_taken():
    key = secrets.token_hex(40)

    assert checked_key("SECRET_KEY", key) == key


@pytest.mark.parametrize(
    "key, complaint",
    [
        ("", "is not set"),
        ("short", "too short"),
        ("ab" * 40, "too regular"),
        ("django-insecure-" + secrets.token_hex(40), "known"),
        (secrets.token_hex(30) + "-changeme-" + secrets.token_hex(30), "known"),
    ],
)
def test_a_key_that_protects_nothing_is_refused(key, complaint):
    with pytest.raises(SettingError, match=f"SECRET_KEY .*{complaint}.*make one with"):
        checked_key("SECRET_KEY", key)
