"""Canonical JSON lines: one record a line."""

import json
from collections.abc import Iterator

from annotations.intake.records import RecordError, Row, parse, rejected

from .base import MAX_LINE, ByteSource, Line, read_lines

MAX_DEPTH = 20


def read(source: ByteSource, options: dict[str, str], after: int = 0) -> Iterator[Row]:
    """One row for each line that is not blank. No options."""
    for line in read_lines(source):
        if line.number <= after or (line.content is not None and not line.content):
            continue
        row = _row(line)
        if row is not None:
            yield row


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
