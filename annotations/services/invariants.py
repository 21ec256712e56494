"""Asking the database whether what must be true is true."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from annotations.invariants import Invariant

MOST_ROWS = 100


@dataclass(frozen=True)
class Broken:
    """An invariant with the first MOST_ROWS rows that break it."""

    invariant: Invariant
    rows: tuple[tuple[Any, ...], ...]
    has_more: bool


def broken(invariants: Iterable[Invariant]) -> list[Broken]:
    """Those that do not hold, as of one moment. Changes nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.savepoint_ids:  # not within somebody else's transaction
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        checked = [(each, _rows(cursor, each)) for each in invariants]
    return [
        Broken(each, tuple(rows[:MOST_ROWS]), len(rows) > MOST_ROWS)
        for each, rows in checked
        if rows
    ]


def _rows(cursor: Any, invariant: Invariant) -> list[tuple[Any, ...]]:
    cursor.execute(f"SELECT * FROM ({invariant.sql}) found LIMIT {MOST_ROWS + 1}")
    return cursor.fetchall()
