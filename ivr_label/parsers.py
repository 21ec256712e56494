"""How the API reads bodies; apart from http.py, since DRF loads it while it loads."""

import json
import re
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from .requests import NOT_STORABLE

# A NUL, or any surrogate, written as a JSON escape. A proper pair is let through
# after decoding; looking at the bytes first keeps clean bodies cheap.
SUSPECT_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
LONE_SURROGATE_OR_NUL = re.compile("[\0\ud800-\udfff]")


class StorableJSONParser(JSONParser):
    """JSON whose every string can be stored: a NUL or lone surrogate is a 400."""

    def parse(
        self, stream: Any, media_type: Any = None, parser_context: Any = None
    ) -> Any:
        body = stream.read()
        if b"\0" in body:
            raise ParseError(str(NOT_STORABLE))
        try:
            data = _parse_json(body)
        except (ValueError, RecursionError):  # also: not UTF-8, a number too long
            raise ParseError(_("The body is not valid JSON in UTF-8.")) from None
        if SUSPECT_ESCAPE.search(body) and _holds_unstorable(data):
            raise ParseError(str(NOT_STORABLE))
        return data


def _parse_json(body: bytes) -> Any:

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(body.decode("utf-8"), parse_constant=refuse)


def _holds_unstorable(data: Any) -> bool:
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if LONE_SURROGATE_OR_NUL.search(value):
                return True
        elif isinstance(value, dict):
            waiting.extend(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return False
