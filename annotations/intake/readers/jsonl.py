"""Canonical JSON lines: one record a line."""

import json
import re
from collections.abc import Iterator

from annotations.intake.records import RecordError, Row, parse, rejected

from .base import MAX_LINE, ByteSource, Line, read_lines

MAX_DEPTH = 20
# A quotation mark inside a text is escaped, so this is the name of a field.
_SPANS = re.compile(rb'"spans"\s*:\s*\[\s*(\])?')


def read(source: ByteSource, options: dict[str, str], after: int = 0) -> Iterator[Row]:
    """One row for each line that is not blank. No options."""
    for line in read_lines(source):
        if line.number <= after or (line.content is not None and not line.content):
            continue
        row = _row(line)
        if row is not None:
            yield row


def leaves_out_empty_spans(source: ByteSource) -> bool:
    """Whether the file marks parameters and never writes that a row has none.

    Then rows without `spans` are its way to say so. Only looks, parses nothing.
    """
    has_marks = False
    for line in read_lines(source):
        for found in _SPANS.finditer(line.content or b""):
            if found[1]:
                return False
            has_marks = True
    return has_marks


def _row(line: Line) -> Row | None:
    try:
        text = decoded(line)
        if not text.strip():
            return None
        return Row(line.number, line.number, parse(loads(text)))
    except RecordError as error:
        return rejected(line.number, error)


def decoded(line: Line) -> str:
    """The line as text; raises RecordError where it is too long or not UTF-8."""
    if line.content is None:
        raise RecordError("line_too_long", f"The line has over {MAX_LINE} bytes.")
    if b"\0" in line.content:
        raise RecordError("unstorable_text", "The line holds a NUL.")
    try:
        return line.content.decode()
    except UnicodeDecodeError:
        raise RecordError("not_utf8", "The line is not UTF-8.") from None


def loads(text: str) -> object:
    """The JSON of one line; raises RecordError where it is none or too deep."""
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise RecordError("too_deep", f"The JSON is nested over {MAX_DEPTH} deep.")
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise RecordError("bad_json", "The line is not valid JSON.") from None


def _depth(text: str) -> int:
    """How deep brackets nest at most; those in strings count too, which is rare."""
    depth = deepest = 0
    for char in text:
        if char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
