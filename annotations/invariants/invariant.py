"""A sentence that is always true, and the SQL that finds what breaks it.

Each statement selects the things that break its sentence, as `kind:id` in the first
column; no row is the promise. Most are constraints or triggers as well: these say so
even where somebody dropped one, or wrote past it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Invariant:
    name: str
    sentence: str
    sql: str


# Events that nobody took back.
STANDING = """
standing AS (
    SELECT a.* FROM annotations_annotation a
    WHERE a.kind <> 'undo' AND NOT EXISTS (
        SELECT FROM annotations_annotation u WHERE u.undoes_id = a.id)
)"""
