"""Labels that come with the data, stored as events like any other answer."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from annotations.models import (
    Annotation,
    GoldLabel,
    Intent,
    ParameterSpan,
    User,
    Utterance,
)
from annotations.services import audit, catalogue
from annotations.services.labels import SpanAnswer

# Ids follow from who says what of which utterance: a second import stores nothing.
NAMESPACE = uuid.UUID("6f1c3c0e-31e6-4b55-9f0e-2f5f2f9d1a57")


@dataclass(frozen=True)
class ImportedLabel:
    utterance_id: int
    intent: str
    domain: str = "imported"
    spans: tuple[SpanAnswer, ...] = ()
    act: str = ""
    # Whether somebody looked for parameters, so that no spans means none was said.
    marks_known: bool = False


@dataclass
class ImportCount:
    stored: int = 0
    # Already answered, by this import before or by a person.
    known: int = 0
    # Another intent than the one that the utterance already has.
    disagreeing: int = 0
    # Spans that do not fit the redacted text.
    spans_dropped: int = 0

    def add(self, other: "ImportCount") -> None:
        for name, n in vars(other).items():
            setattr(self, name, getattr(self, name) + n)


def importer() -> User:
    """The author of imported labels."""
    user, _ = User.objects.get_or_create(
        username="import",
        defaults={"name": "Imported labels", "roles": [], "is_system": True},
    )
    return user


@transaction.atomic
def import_labels(
    rows: Sequence[ImportedLabel], *, by: User | None = None, source: str
) -> ImportCount:
    """Every row whose utterance has no gold label yet gives it one.

    Unknown intents enter the catalogue. Spans keep the parameter names of the source;
    a span that does not read in the redacted text as given is dropped and counted, and
    the marks of its label are no longer known.
    """
    count = ImportCount()
    first = _first_of_each(rows, count)
    by = by or importer()
    intents = catalogue.ensure_intents(
        {(row.intent, row.domain) for row in first.values()}, by=by
    )
    texts = _lock_unanswered(first, intents, count)
    events = [_event(row, intents, by) for key, row in first.items() if key in texts]
    spans = list(_spans(events, first, texts, count))
    Annotation.objects.bulk_create(events, batch_size=1000)
    ParameterSpan.objects.bulk_create(spans, batch_size=1000)
    GoldLabel.objects.bulk_create(
        [
            GoldLabel(
                utterance_id=event.utterance_id,
                annotation=event,
                intent_id=event.intent_id,
                rule=GoldLabel.Rule.SINGLE,
            )
            for event in events
        ],
        batch_size=1000,
    )
    Utterance.objects.filter(pk__in=list(texts)).update(status=Utterance.Status.LABELED)
    count.stored = len(events)
    if events:
        audit.record(
            by=by,
            action="labels.imported",
            obj=f"source:{source}",
            stored=count.stored,
            first=str(events[0].pk),
        )
    return count


def _first_of_each(
    rows: Sequence[ImportedLabel], count: ImportCount
) -> dict[int, ImportedLabel]:
    """By utterance, the label that came first; what came after is counted.

    One that knows its marks stands for an earlier one of the same intent that does not.
    """
    first: dict[int, ImportedLabel] = {}
    for row in rows:
        if row.utterance_id in first:
            same = first[row.utterance_id].intent == row.intent
            count.known += same
            count.disagreeing += not same
            if same and row.marks_known and not first[row.utterance_id].marks_known:
                first[row.utterance_id] = row
        else:
            first[row.utterance_id] = row
    return first


def _lock_unanswered(
    rows: dict[int, ImportedLabel], intents: dict[str, Intent], count: ImportCount
) -> dict[int, str]:
    """Texts of the utterances still in the pool, locked; the others are counted."""
    texts = dict(
        Utterance.objects.select_for_update()
        .in_pool()
        .filter(pk__in=list(rows))
        .values_list("pk", "text")
    )
    held = dict(
        GoldLabel.objects.filter(utterance__in=rows.keys() - texts.keys()).values_list(
            "utterance_id", "intent_id"
        )
    )
    for key in rows.keys() - texts.keys():
        same = held.get(key) in (None, intents[rows[key].intent].pk)
        count.known += same
        count.disagreeing += not same
    return texts


def _event(row: ImportedLabel, intents: dict[str, Intent], by: User) -> Annotation:
    body = f"{by.pk}/{row.utterance_id}/{row.intent}"
    return Annotation(
        id=uuid.uuid5(NAMESPACE, body),
        kind=Annotation.Kind.LABEL,
        utterance_id=row.utterance_id,
        annotator=by,
        intent=intents[row.intent],
        act=row.act,
        marks_known=row.marks_known,
        # Given before any model of ours could have suggested it.
        blind=True,
        body_hash=hashlib.sha256(body.encode()).hexdigest(),
    )


def _spans(
    events: Sequence[Annotation],
    rows: dict[int, ImportedLabel],
    texts: dict[int, str],
    count: ImportCount,
) -> list[ParameterSpan]:
    kept = []
    for event in events:
        text = texts[event.utterance_id]
        end_of_last = 0
        for span in sorted(rows[event.utterance_id].spans, key=lambda s: s.start):
            fits = end_of_last <= span.start < span.end <= len(text)
            if not fits or text[span.start : span.end] != span.text:
                count.spans_dropped += 1
                event.marks_known = False
                continue
            end_of_last = span.end
            kept.append(
                ParameterSpan(
                    annotation=event,
                    param=span.param,
                    start=span.start,
                    end=span.end,
                    text=span.text,
                    value=span.value,
                )
            )
    return kept
