"""Agreement of people's answers: by domain, by intent and by pair, never a ranking."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotations.agreement import (
    FEWEST_FOR_INTERVAL,
    Alpha,
    Mark,
    SpanAgreement,
    alpha,
    span_agreement,
)
from annotations.models import Annotation, Utterance
from annotations.services.review_queues import standing_labels


@dataclass(frozen=True)
class Row:
    """One line of the report: a domain, an intent, a pair of people, or everything."""

    name: str
    detail: str
    alpha: Alpha
    spans: SpanAgreement


@dataclass(frozen=True)
class Report:
    overall: Row
    domains: tuple[Row, ...]
    intents: tuple[Row, ...]
    pairs: tuple[Row, ...]


@dataclass(frozen=True)
class _Answer:
    person: str
    intent: str
    title: str
    domain: str
    # None where nobody looked for them.
    marks: tuple[Mark, ...] | None


Unit = Sequence[_Answer]


def report(*, days: int) -> Report:
    """Agreement of the answers given in the last so many days.

    An utterance counts where at least two people answered it by themselves: reviews and
    labels that were only carried to another schema are nobody's independent answer.
    """
    units = _units(days)
    return Report(
        overall=_row(_("All answers"), "", units),
        domains=_grouped(units, lambda a: (a.domain, "")),
        intents=_grouped(units, lambda a: (a.title, a.intent), binary=True),
        pairs=_pairs(units),
    )


def _units(days: int) -> list[Unit]:
    own = Q(is_review=False, annotator__is_system=False)
    recent = Q(created_at__gte=Now() - timedelta(days=days))
    labels: QuerySet[Annotation] = standing_labels().filter(own)
    twice = (
        labels.filter(recent)
        .order_by()
        .values("utterance")
        .annotate(people=Count("annotator", distinct=True))
        .filter(people__gt=1)
        .values("utterance")
    )
    seen = Utterance.objects.visible().filter(pk__in=twice)
    found: dict[int, dict[int, _Answer]] = defaultdict(dict)
    for label in labels.filter(utterance__in=seen).iterator(chunk_size=2000):
        # Somebody's newest answer is theirs.
        found[label.utterance_id][label.annotator_id] = _Answer(
            person=label.annotator.name,
            intent=label.intent.name,
            title=label.intent.title,
            domain=label.intent.domain.title,
            marks=tuple(
                Mark(span.param, span.start, span.end)
                for span in label.spans.all()
                if span.turn is None
            )
            if label.marks_known
            else None,
        )
    return [list(by.values()) for by in found.values() if len(by) > 1]


def _row(name: str, detail: str, units: Iterable[Unit], intent: str = "") -> Row:
    """intent: agreement on whether it is this intent or any other."""
    units = list(units)
    values = [[a.intent == intent if intent else a.intent for a in u] for u in units]
    return Row(name, detail, alpha(values), span_agreement(_marks(units, intent)))


def _marks(units: Iterable[Unit], intent: str) -> Iterable[list[Sequence[Mark]]]:
    """Of each utterance the marks of the answers that chose the same intent."""
    for unit in units:
        by_intent: dict[str, list[Sequence[Mark]]] = defaultdict(list)
        for answer in unit:
            if answer.marks is not None:
                by_intent[answer.intent].append(answer.marks)
        for name, marks in by_intent.items():
            if len(marks) > 1 and intent in ("", name):
                yield marks


def _grouped(
    units: Sequence[Unit],
    key: Callable[[_Answer], tuple[str, str]],
    *,
    binary: bool = False,
) -> tuple[Row, ...]:
    """A row for each key that any answer of a unit has, by name.

    binary: the values are "this one" and "another", over all units: where only the
    units of one intent counted, agreeing on it would look like chance.
    """
    groups: dict[tuple[str, str], list[Unit]] = defaultdict(list)
    for unit in units:
        for name in {key(answer) for answer in unit}:
            groups[name].append(unit)
    return tuple(
        _binary(name, detail, units, len(own)) if binary else _row(name, detail, own)
        for (name, detail), own in sorted(groups.items())
    )


def _binary(name: str, intent: str, units: Sequence[Unit], n: int) -> Row:
    row = _row(name, intent, units, intent)
    # All units say how likely it is by chance; how sure it is, those of the intent.
    interval = row.alpha.interval if n >= FEWEST_FOR_INTERVAL else None
    shown = Alpha(row.alpha.value, interval, n, row.alpha.n_answers)
    return Row(row.name, row.detail, shown, row.spans)


def _pairs(units: Sequence[Unit]) -> tuple[Row, ...]:
    groups: dict[tuple[str, str], list[Unit]] = defaultdict(list)
    for unit in units:
        for one, other in combinations(sorted(unit, key=lambda a: a.person), 2):
            groups[one.person, other.person].append([one, other])
    return tuple(
        _row(_("%(one)s and %(other)s") % {"one": one, "other": other}, "", own)
        for (one, other), own in sorted(groups.items())
    )
