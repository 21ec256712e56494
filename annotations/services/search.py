"""Finding utterances among millions: by words, facts and labels, newest first.

The planner cannot know that two conditions exclude one another, and then reads the
whole table in the wanted order to fill one page. So nothing here leaves that to it:
bitmaps of the indexes are combined, at most MOST matches are read, and only where there
are more of them is the newest page looked for, in windows of ids.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection, transaction

from annotations.models import BLIND_REASONS, Domain, GoldLabel, Role, User, Utterance
from annotations.services import search_words

MOST = 10_000  # counted exactly up to here
PAGE = 25
# Ids of labels are handed over as a list up to here, so that the planner sees how few.
MOST_LISTED = 20_000
WIDEN = 8
VISIBLE = "u.redaction = 'full' AND u.status NOT IN ('quarantined', 'erased')"
# Only bitmaps: every other plan is fast for what is common and slow for what is not.
PLANS = """
SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off;
SET LOCAL enable_indexonlyscan = off; SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL work_mem = '32MB'
"""


@dataclass(frozen=True)
class Criteria:
    """What somebody looks for; what is empty does not narrow.

    intent: of the gold label. annotator: who gave a standing answer. since, until:
    days on which it was said (or came in), both included. confidence: the bot's, from
    and below, in percent.
    """

    words: str = ""
    intent: str = ""
    domain: str = ""
    status: str = ""
    source: str = ""
    split: str = ""
    annotator: int | None = None
    since: date | None = None
    until: date | None = None
    confidence: tuple[int, int] | None = None

    @property
    def is_empty(self) -> bool:
        return self == Criteria()


@dataclass(frozen=True)
class Found:
    """A page of ids, newest first, and how many there are in all.

    count: exact, or None where there are more than MOST. older: the id below which the
    next page begins, None on the last.
    """

    ids: tuple[int, ...]
    count: int | None
    older: int | None = None


@dataclass
class Conditions:
    """SQL over annotations_utterance u, with its values: never text of a person."""

    parts: list[str] = field(default_factory=lambda: [VISIBLE])
    values: list[Any] = field(default_factory=list)

    def add(self, part: str, *values: Any) -> None:
        self.parts.append(part)
        self.values += values

    @property
    def sql(self) -> str:
        return " AND ".join(self.parts)


def may_see_exam(person: User) -> bool:
    """Whoever answers exam items must not look them up beforehand."""
    return not person.has_role(Role.ANNOTATOR, Role.REVIEWER)


def find(criteria: Criteria, *, by: User, before: int | None = None) -> Found:
    """The newest PAGE matches with an id below `before`, as `by` may see them."""
    conditions = conditions_of(criteria, by=by)
    with bitmaps_only():
        matches = first_matches(conditions)
        if len(matches) <= MOST:
            newest = sorted(matches, reverse=True)
            below = [i for i in newest if before is None or i < before]
            return _page(below[: PAGE + 1], len(newest))
    low, high = _bounds()
    with bitmaps_only():
        newest = _newest(conditions, low, high if before is None else before - 1)
    return _page(newest, None)


def first_matches(conditions: Conditions, most: int = MOST) -> list[int]:
    """Ids of matches in no order; one more than `most` where there are more."""
    return _ids(
        f"SELECT u.id FROM annotations_utterance u WHERE {conditions.sql}"
        f" LIMIT {most + 1}",
        conditions.values,
    )


@contextmanager
def bitmaps_only() -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PLANS)
        yield
        cursor.execute("RESET enable_seqscan; RESET enable_indexscan;"
                       " RESET enable_indexonlyscan; RESET work_mem;"
                       " RESET max_parallel_workers_per_gather")  # fmt: skip


def conditions_of(criteria: Criteria, *, by: User) -> Conditions:
    """What the criteria and the rights of `by` amount to in SQL."""
    found = Conditions()
    if criteria.words:
        _add_words(found, criteria.words)
    for column in ("status", "source", "split"):
        if value := getattr(criteria, column):
            found.add(f"u.{column} = %s", value)
    if criteria.domain:
        # As a number: the planner knows how common each one is.
        domain = Domain.objects.filter(name=criteria.domain).values_list("pk")
        found.add("u.domain_id = %s", next((pk for (pk,) in domain), 0))
    _add_days(found, criteria)
    if criteria.confidence:
        low, high = criteria.confidence
        found.add("u.bot_confidence >= %s", low / 100)
        if high < 100:
            found.add("u.bot_confidence < %s", high / 100)
    if criteria.intent:
        found.add(*_among(GOLD_OF, criteria.intent))
    if criteria.annotator is not None:
        found.add(*_among(ANSWERED_BY, criteria.annotator))
    if not may_see_exam(by):
        _hide_blind(found)
    return found


def _add_words(found: Conditions, typed: str) -> None:
    asked = search_words.query(typed)
    found.add("annotations_terms(u.text) @@ %s::tsquery", asked.terms)
    # Where few rows fit the facts, the planner cuts their texts into words instead of
    # asking the index: most of them need not be cut.
    found.add("strpos(lower(normalize(u.text, NFKC)), %s) > 0", asked.longest)
    for run in asked.runs:
        found.add("lower(normalize(u.text, NFKC)) ~ %s", run)


def _add_days(found: Conditions, criteria: Criteria) -> None:
    said = "coalesce(u.occurred_at, u.created_at)"
    if criteria.since:
        found.add(f"{said} >= %s", criteria.since)
    if criteria.until:
        found.add(f"{said} < %s::date + 1", criteria.until)


GOLD_OF = f"""
SELECT g.utterance_id FROM {GoldLabel._meta.db_table} g
JOIN annotations_intent i ON i.id = g.intent_id WHERE i.name = %s
"""
ANSWERED_BY = """
SELECT a.utterance_id FROM annotations_annotation a
WHERE a.annotator_id = %s AND a.kind <> 'undo' AND NOT EXISTS (
    SELECT FROM annotations_annotation x WHERE x.undoes_id = a.id)
"""
HELD_BLIND = f"""
SELECT q.utterance_id FROM annotations_queueitem q
WHERE q.status IN ('ready', 'leased')
    AND q.reason IN ({", ".join(f"'{reason}'" for reason in BLIND_REASONS)})
"""


def _among(statement: str, value: object) -> tuple[Any, ...]:
    """The condition that an utterance is among these, as a list where it is short."""
    listed = _ids(f"{statement} LIMIT {MOST_LISTED + 1}", [value])
    if len(listed) > MOST_LISTED:
        return f"u.id IN ({statement})", value
    return "u.id = ANY(%s)", listed


def _hide_blind(found: Conditions) -> None:
    """No exam item, and nothing that waits to be answered without a suggestion.

    Were only exam items missing, a text that cannot be found would be one.
    """
    found.add("u.split = 'train'")
    found.add("u.id <> ALL(%s)", _ids(HELD_BLIND, []))


def _newest(conditions: Conditions, low: int, high: int) -> list[int]:
    """One more id than a page, newest first: from wider and wider windows, as matches
    may all be old."""
    width = max(1000, 2 * PAGE * (high - low + 1) // MOST)
    found: list[int] = []
    while high >= low and len(found) <= PAGE:
        found += _window(conditions, high - width + 1, high)
        high, width = high - width, width * WIDEN
    return found[: PAGE + 1]


def _window(conditions: Conditions, low: int, high: int) -> list[int]:
    return _ids(
        f"SELECT u.id FROM annotations_utterance u WHERE {conditions.sql}"
        f" AND u.id BETWEEN %s AND %s ORDER BY u.id DESC LIMIT {PAGE + 1}",
        [*conditions.values, low, high],
    )


def _bounds() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM annotations_utterance")
        low, high = cursor.fetchone()
    return (low, high) if low is not None else (1, 0)


def _page(found: Sequence[int], count: int | None) -> Found:
    older = found[PAGE - 1] if len(found) > PAGE else None
    return Found(tuple(found[:PAGE]), count, older)


def _ids(statement: str, values: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]


def rows(ids: Sequence[int]) -> list[Utterance]:
    """The utterances with their gold label and domain, in the order of the ids."""
    found = (
        Utterance.objects.visible()
        .filter(pk__in=ids)
        .select_related("goldlabel__intent", "domain")
        .in_bulk()
    )
    return [found[i] for i in ids if i in found]


def look_up(utterance_id: int, *, by: User) -> Utterance | None:
    """The utterance, where a search of `by` could show it."""
    conditions = conditions_of(Criteria(), by=by)
    conditions.add("u.id = %s", utterance_id)
    return next(iter(rows(first_matches(conditions, 1))), None)


SOURCES = """
WITH RECURSIVE named AS (
    (SELECT source FROM annotations_utterance
        WHERE redaction = 'full' ORDER BY source LIMIT 1)
    UNION ALL
    SELECT (SELECT u.source FROM annotations_utterance u
        WHERE u.redaction = 'full' AND u.source > named.source
        ORDER BY u.source LIMIT 1)
    FROM named WHERE named.source IS NOT NULL
)
SELECT source FROM named WHERE source IS NOT NULL
"""


def sources() -> list[str]:
    """Every source there is, by one step in the index for each."""
    with connection.cursor() as cursor:
        cursor.execute(SOURCES)
        return [row[0] for row in cursor.fetchall()]
