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
IN_ORDER = 10_000  # of the last ids, read one after the other before all else
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

    every: all matches, newest first, or None where there are more than MOST. older: the
    id below which the next page begins, None on the last.
    """

    ids: tuple[int, ...]
    every: tuple[int, ...] | None
    older: int | None = None

    @property
    def count(self) -> int | None:
        return None if self.every is None else len(self.every)

    @property
    def newer(self) -> int:
        """How many matches there are before this page; 0 where that is not known."""
        return self.every.index(self.ids[0]) if self.every and self.ids else 0


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
            return _page(below[: PAGE + 1], tuple(newest))
    newest = _newest(conditions, criteria.until, before)
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
    # asking the index: most of them need not be cut. A text of ASCII, which is most of
    # them, is looked through without normalizing it first.
    found.add(
        "(octet_length(u.text) > char_length(u.text)"
        ' OR strpos(lower(u.text COLLATE "C"), %s) > 0)',
        asked.longest,
    )
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
    # As bigint, like the column: other types are compared one by one, not hashed.
    return "u.id = ANY(%s::bigint[])", listed


def _hide_blind(found: Conditions) -> None:
    """No exam item, and nothing that waits to be answered without a suggestion.

    Were only exam items missing, a text that cannot be found would be one.
    """
    # True of nine in ten: so written, no index is asked for it.
    found.add("(u.split = 'train') IS TRUE")
    found.add("u.id <> ALL(%s::bigint[])", _ids(HELD_BLIND, []))


def _newest(
    conditions: Conditions, until: date | None, before: int | None
) -> list[int]:
    """One more id than a page, newest first, where there are more than MOST.

    Most often the last to come in hold a page of them, and are read in their order.
    Where what was said later is left out, its ids are passed over at one step.
    """
    low, high = _bounds()
    high = high if before is None else before - 1
    edge = min(high, _last_said(until)) if until else high
    found: list[int] = []
    if edge < high:
        with bitmaps_only():
            found = _window(conditions, edge + 1, high)
    if len(found) <= PAGE:
        found += _in_order(conditions, edge - IN_ORDER + 1, edge)
    edge, width = edge - IN_ORDER, IN_ORDER
    with bitmaps_only():
        while edge >= low and len(found) <= PAGE:
            width *= WIDEN
            found += _window(conditions, edge - width + 1, edge)
            edge -= width
    return found[: PAGE + 1]


def _last_said(until: date) -> int:
    """The largest id of the last that were said by then: later ones may be larger."""
    (found,) = _ids(
        "SELECT coalesce(max(last.id), 0) FROM (SELECT id FROM annotations_utterance"
        " WHERE redaction = 'full'"
        " AND coalesce(occurred_at, created_at) < %s::date + 1"
        f" ORDER BY coalesce(occurred_at, created_at) DESC LIMIT {IN_ORDER}) last",
        [until],
    )
    return found


def _in_order(conditions: Conditions, low: int, high: int) -> list[int]:
    """As _window(), for few ids: read one after the other until the page is full."""
    return _ids(
        "SELECT u.id FROM (SELECT * FROM annotations_utterance"
        " WHERE id BETWEEN %s AND %s ORDER BY id DESC OFFSET 0) u"
        f" WHERE {conditions.sql} LIMIT {PAGE + 1}",
        [low, high, *conditions.values],
    )


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


def _page(found: Sequence[int], every: tuple[int, ...] | None) -> Found:
    older = found[PAGE - 1] if len(found) > PAGE else None
    return Found(tuple(found[:PAGE]), every, older)


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
