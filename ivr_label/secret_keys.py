"""Refusing secrets that are missing, short or known from documentation."""

from .env import SettingError

LEAST_CHARACTERS = 50
LEAST_DISTINCT = 8
KNOWN_PARTS = ("django-insecure", "changeme", "change-me", "secretkey", "example")


def checked_key(name: str, key: str) -> str:
    """Return `key` if it can protect something; else stop with a sentence."""
    make_one = (
        "make one with: python3 -c 'import secrets; print(secrets.token_hex(40))'"
    )
    if not key:
        raise SettingError(f"{name} is not set; {make_one}")
    if len(key) < LEAST_CHARACTERS or len(set(key)) < LEAST_DISTINCT:
        raise SettingError(f"{name} is too short or too regular; {make_one}")
    if any(part in key.lower() for part in KNOWN_PARTS):
        raise SettingError(f"{name} is known from documentation; {make_one}")
    return key
