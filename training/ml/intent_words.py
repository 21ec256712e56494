"""An intent's name in words: one more example of what its callers mean."""

from __future__ import annotations

import re

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BREAK = re.compile(r"[\W_]+")


def in_words(name: str) -> str:
    """`checkBill_status` -> `check bill status`."""
    return _BREAK.sub(" ", _HUMP.sub(" ", name)).strip().lower()
