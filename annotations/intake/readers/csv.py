"""CSV with a header; a column map says which column is which field.

option `map`: "text=Verbatim,occurred_at=Date"; option `delimiter`: one character.
"""

import csv
from collections.abc import Iterator

from annotations.intake.records import RecordError, Row, parse, rejected

from .base import MAX_LINE, ByteSource, Line, UnreadableFileError, read_lines
from .jsonl import decoded

# A quoted field may hold line ends; more lines than this are a missing quote.
MAX_LINES_A_ROW = 30
_FIELDS = (
    "text",
    "intent",
    "conversation_id",
    "turn",
    "domain",
    "occurred_at",
    "bot_intent",
    "bot_confidence",
    "is_fallback",
    "outcome",
    "act",
)
_TRUE = frozenset({"true", "1", "yes", "y"})
_FALSE = frozenset({"false", "0", "no", "n", ""})

csv.field_size_limit(MAX_LINE)


def read(source: ByteSource, options: dict[str, str], after: int = 0) -> Iterator[Row]:
    """One row for each row of the table after its header."""
    rows = _Rows(read_lines(source), options.get("delimiter", ","))
    header = rows.header()
    columns = column_map(options.get("map", ""), header)
    for first, last, result in rows:
        if last <= after:
            continue
        if isinstance(result, RecordError):
            yield rejected(first, result, last)
        elif any(result):
            yield _row(first, last, result, header, columns)


def column_map(spec: str, header: list[str]) -> dict[str, int]:
    """Field -> column number; raises UnreadableFileError where it does not fit."""
    wanted = {field: field for field in _FIELDS if field in header}
    for pair in filter(None, (part.strip() for part in spec.split(","))):
        field, separator, column = (p.strip() for p in pair.partition("="))
        if not separator or field not in _FIELDS:
            raise UnreadableFileError(
                "bad_map", f"{pair!r} maps no field; fields are {', '.join(_FIELDS)}."
            )
        wanted[field] = column
    if "text" not in wanted:
        raise UnreadableFileError(
            "no_text_column", "No column is mapped to `text`: add text=COLUMN."
        )
    for field, column in wanted.items():
        if header.count(column) != 1:
            fault = "twice" if column in header else "not"
            raise UnreadableFileError(
                "bad_header", f"The header has column {column!r} {fault} ({field})."
            )
    return {field: header.index(column) for field, column in wanted.items()}


def _row(
    first: int, last: int, cells: list[str], header: list[str], columns: dict[str, int]
) -> Row:
    try:
        if len(cells) != len(header):
            raise RecordError(
                "ragged", f"The row has {len(cells)} cells, the header {len(header)}."
            )
        data = {field: _value(field, cells[n]) for field, n in columns.items()}
        return Row(first, last, parse(data))
    except RecordError as error:
        return rejected(first, error, last)


def _value(field: str, cell: str) -> object:
    """The cell as JSON would have it; empty cells are absent values."""
    stripped = cell.strip()
    if field == "text":
        return cell
    if not stripped:
        return None
    if field == "is_fallback":
        if stripped.lower() not in _TRUE | _FALSE:
            raise RecordError("wrong_type", "`is_fallback` is neither true nor false.")
        return stripped.lower() in _TRUE
    if field in ("turn", "bot_confidence"):
        try:
            return int(stripped) if field == "turn" else float(stripped)
        except ValueError:
            raise RecordError("wrong_type", f"`{field}` is not a number.") from None
    return stripped


class _Rows:
    """Table rows of a stream of lines: (first line, last line, cells or error).

    A row ends where its quotes are closed. A quote that is never closed costs its
    own line only: the lines after it are looked at again.
    """

    def __init__(self, lines: Iterator[Line], delimiter: str) -> None:
        if len(delimiter) != 1 or delimiter in '"\r\n\0':
            raise UnreadableFileError(
                "bad_delimiter", "The delimiter is not a single character."
            )
        self._lines = lines
        self._waiting: list[Line] = []
        self._delimiter = delimiter

    def header(self) -> list[str]:
        for _, _, result in self:
            if isinstance(result, RecordError):
                raise UnreadableFileError(result.code, f"The header: {result}")
            if any(result):
                return [cell.strip() for cell in result]
        raise UnreadableFileError("empty_file", "The file has no header.")

    def __iter__(self) -> Iterator[tuple[int, int, list[str] | RecordError]]:
        while (line := self._next()) is not None:
            if line.content is not None and not line.content.strip():
                continue
            yield self._read_row(line)

    def _next(self) -> Line | None:
        return self._waiting.pop(0) if self._waiting else next(self._lines, None)

    def _read_row(self, line: Line) -> tuple[int, int, list[str] | RecordError]:
        taken = [line]
        try:
            text = decoded(line)
            while text.count('"') % 2:
                following = self._next() if len(taken) < MAX_LINES_A_ROW else None
                if following is None:
                    raise RecordError("open_quote", "A quote is never closed.")
                taken.append(following)
                text += "\n" + decoded(following)
                if len(text) > MAX_LINE:
                    raise RecordError("open_quote", "A quote is never closed.")
            return line.number, taken[-1].number, self._cells(text)
        except RecordError as error:
            self._waiting = taken[1:] + self._waiting
            return line.number, line.number, error

    def _cells(self, text: str) -> list[str]:
        try:
            rows = list(csv.reader([text], delimiter=self._delimiter, strict=True))
        except csv.Error:
            raise RecordError("bad_csv", "The row's quotes do not match.") from None
        return rows[0] if rows else []
