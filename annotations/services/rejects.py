"""Rows of files that were not stored: which line, and why. Never their text."""

import csv
from collections.abc import Iterator, Sequence

from django.db.models import Count, QuerySet

from annotations.models import IntakeBatch, RejectedRow

HEADER = ("line", "code", "reason")


def first(batches: Sequence[IntakeBatch], most: int) -> QuerySet[RejectedRow]:
    """The first of them, in the order of the files' lines."""
    return _of(batches)[:most]


def by_code(batches: Sequence[IntakeBatch]) -> dict[str, int]:
    """How many for each reason, the most frequent first."""
    rows = _of(batches).order_by().values_list("code")
    return dict(rows.annotate(n=Count("id")).order_by("-n", "code"))


def lines(batches: Sequence[IntakeBatch]) -> Iterator[str]:
    """All of them as CSV, line by line; of several files with the file's name."""
    writer = csv.writer(_Echo())
    is_one = len(batches) == 1
    yield writer.writerow(HEADER if is_one else ("file", *HEADER))
    for row in _of(batches).iterator(2000):
        cells = [row.line, row.code, _plain(row.reason)]
        yield writer.writerow(
            cells if is_one else [_plain(row.batch.file_name), *cells]
        )


def _of(batches: Sequence[IntakeBatch]) -> QuerySet[RejectedRow]:
    rows = RejectedRow.objects.filter(batch__in=[batch.pk for batch in batches])
    return rows.select_related("batch").order_by("batch__created_at", "batch", "line")


class _Echo:
    """A file for csv.writer that hands back what was written."""

    def write(self, line: str) -> str:
        return line


def _plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
