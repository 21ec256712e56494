"""The full redaction pass over stored rows; what it has not read, nobody sees."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from annotations.intake import normalize
from annotations.intake.pipeline import as_name, in_place, is_month
from annotations.intake.records import MAX_TEXT
from annotations.intake.redaction import Numbering, Redaction, is_caller
from annotations.intake.redaction.full import (
    FullRedactor,
    Item,
    RedactionFailedError,
    load,
)
from annotations.locks import Lock
from annotations.models import IntakeBatch, PendingLabel, Turn, User, Utterance
from annotations.services import exam, label_import
from annotations.services.alone import alone
from annotations.services.label_import import ImportCount
from annotations.services.labels import SpanAnswer

logger = logging.getLogger(__name__)

CHUNK_ROWS = 400
LABEL_ROWS = 2000
CLEAN_TEXTS_KEPT = 50_000


@dataclass(slots=True)
class ScrubCount:
    """What one run of the full pass did."""

    passed: int = 0  # visible now
    changed: int = 0  # of these, the name model or Presidio found something more
    merged: int = 0  # became a duplicate of another row and went
    failed: int = 0  # stay invisible
    labels: ImportCount = field(default_factory=ImportCount)


@dataclass(frozen=True, slots=True)
class _Scrubbed:
    row: Utterance
    redaction: Redaction
    context: list[dict[str, str]]


def scrub(*, limit: int | None = None) -> ScrubCount:
    """Pass every row that had only the light pass; one process at a time does it."""
    count = ScrubCount()
    with alone(Lock.FULL_PASS) as is_alone:
        if not is_alone or not _light_rows().exists():
            return count
        scrubber = Scrubber(load())
        done = 0
        while limit is None or done < limit:
            rows = list(_light_rows()[:CHUNK_ROWS])
            if not rows:
                break
            scrubber.scrub(rows, count)
            count.labels.add(settle_labels())
            done += len(rows)
    if count.failed:
        logger.warning("rows failed the full pass", extra={"rows": count.failed})
    return count


def _light_rows() -> QuerySet[Utterance]:
    light = Utterance.objects.filter(redaction=Utterance.Redaction.LIGHT)
    return light.order_by("id").only("id", "text", "context", "batch_id", "source")


def waiting() -> int:
    """How many rows nobody may see yet, because the full pass has not read them."""
    return Utterance.objects.filter(redaction=Utterance.Redaction.LIGHT).count()


def failed() -> int:
    return Utterance.objects.filter(redaction=Utterance.Redaction.FAILED).count()


class Scrubber:
    """Runs the full pass over chunks of rows and stores what came out."""

    def __init__(self, redactor: FullRedactor) -> None:
        self._redactor = redactor
        self._clean: set[str] = set()

    def scrub(self, rows: Sequence[Utterance], count: ScrubCount) -> None:
        """Every row is passed, merged or marked as failed, in one transaction."""
        passed, failed = self._read(rows)
        with transaction.atomic():
            # Changed rows first: those they become equal to may still be unseen.
            for scrubbed in passed:
                if _differs(scrubbed):
                    _store(scrubbed, count)
            unchanged = [s.row.pk for s in passed if not _differs(s)]
            count.passed += _mark(unchanged, Utterance.Redaction.FULL)
            count.failed += _mark(failed, Utterance.Redaction.FAILED)

    def _read(self, rows: Sequence[Utterance]) -> tuple[list[_Scrubbed], list[int]]:
        numberings = [_numbering(row) for row in rows]
        contexts = self._contexts(rows, numberings)
        items = [
            Item(row.text, tuple(row.context[-2:]), numbering)
            for row, numbering in zip(rows, numberings, strict=True)
        ]
        results = self._redactor.redact_batch(items)
        passed: list[_Scrubbed] = []
        failed: list[int] = []
        for row, result, context in zip(rows, results, contexts, strict=True):
            if (
                isinstance(result, RedactionFailedError)
                or context is None
                or len(result.text) > MAX_TEXT
            ):
                failed.append(row.pk)
            else:
                passed.append(_Scrubbed(row, result, context))
        return passed, failed

    def _contexts(
        self, rows: Sequence[Utterance], numberings: Sequence[Numbering]
    ) -> list[list[dict[str, str]] | None]:
        """Each row's context redacted; None where a turn could not be read."""
        asked = [
            (n, place, turn)
            for n, row in enumerate(rows)
            for place, turn in enumerate(row.context)
            if turn["text"] not in self._clean
        ]
        results = self._redactor.redact_batch(
            [
                Item(turn["text"], _question(rows[n], place), numberings[n])
                for n, place, turn in asked
            ]
        )
        contexts: list[list[dict[str, str]] | None]
        contexts = [[dict(turn) for turn in row.context] for row in rows]
        for (n, place, turn), result in zip(asked, results, strict=True):
            context = contexts[n]
            if isinstance(result, RedactionFailedError):
                contexts[n] = None
            elif context is not None:
                context[place]["text"] = result.text[:MAX_TEXT]
                if not result.entities and not is_caller(turn["role"]):
                    self._remember(turn["text"])
        return contexts

    def _remember(self, text: str) -> None:
        """Most turns of a bot are one of a few prompts: look at each once."""
        if len(self._clean) >= CLEAN_TEXTS_KEPT:
            self._clean.clear()
        self._clean.add(text)


def _numbering(row: Utterance) -> Numbering:
    numbering = Numbering()
    for text in (row.text, *(turn["text"] for turn in row.context)):
        numbering.observe(text)
    return numbering


def _question(row: Utterance, place: int) -> tuple[dict[str, str], ...]:
    """What was said before a turn of the context, if the turn answers it."""
    turn = row.context[place]
    return tuple(row.context[max(0, place - 1) : place]) * is_caller(turn["role"])


def _differs(scrubbed: _Scrubbed) -> bool:
    return bool(scrubbed.redaction.entities or scrubbed.context != scrubbed.row.context)


def _mark(ids: Sequence[int], redaction: str) -> int:
    if not ids:
        return 0
    light = Utterance.objects.filter(pk__in=ids, redaction=Utterance.Redaction.LIGHT)
    return light.update(redaction=redaction)


def _store(scrubbed: _Scrubbed, count: ScrubCount) -> None:
    """Store the changed text; where another row has it already, they become one.

    The earlier of the two stays, as in intake, unless the other may be seen by now:
    which it is does not depend on when the pass ran.
    """
    row = scrubbed.row
    key = settings.DATA_KEY.encode()
    dedupe = normalize.dedupe_key(scrubbed.redaction.text, key)
    held = Utterance.objects.select_for_update().filter(
        pk=row.pk, redaction=Utterance.Redaction.LIGHT
    )
    if not held.exists():
        return
    _move_spans(row, scrubbed.redaction)
    is_exam = row.source != Utterance.EXPERT and exam.has_in_exam(
        scrubbed.redaction.text
    )
    row.split = Utterance.Split.EXAM if is_exam else Utterance.Split.TRAIN
    twin = (
        Utterance.objects.select_for_update()
        .filter(dedupe_key=dedupe)
        .exclude(pk=row.pk)
        .first()
    )
    if twin is not None:
        count.merged += 1
        if twin.pk < row.pk or twin.redaction != Utterance.Redaction.LIGHT:
            _merge(row, into=twin)
            return
        _merge(twin, into=row)
    held.update(
        text=scrubbed.redaction.text,
        dedupe_key=dedupe,
        split=row.split,
        context=scrubbed.context,
        redaction=Utterance.Redaction.FULL,
    )
    count.passed += 1
    count.changed += 1


def _move_spans(row: Utterance, redaction: Redaction) -> None:
    if not redaction.entities:
        return
    for label in PendingLabel.objects.filter(utterance=row):
        for span in label.spans:
            if not redaction.is_untouched(span["start"], span["end"]):
                span["value"] = ""
            start, end = redaction.map_span(span["start"], span["end"])
            words = redaction.text[start:end]
            span.update(start=start, end=end, text=words, value=span["value"] or words)
        label.save(update_fields=["spans"])


def _merge(row: Utterance, *, into: Utterance) -> None:
    """The row's count, turns and labels go to its twin; nobody has seen the row."""
    labels = PendingLabel.objects.filter(utterance=row)
    if row.source != Utterance.EXPERT:  # a sample was not said by a caller
        said = Utterance.objects.values_list("count", flat=True).get(pk=row.pk)
        Utterance.objects.filter(pk=into.pk).update(count=F("count") + said)
    elif into.split == Utterance.Split.EXAM:
        labels.delete()  # nobody labels an exam item without being drawn to
    Turn.objects.filter(utterance=row).update(utterance=into)
    known = PendingLabel.objects.filter(utterance=into).values("intent")
    labels.exclude(intent__in=known).update(utterance=into)
    if row.batch_id is not None:
        IntakeBatch.objects.filter(pk=row.batch_id, accepted__gt=0).update(
            accepted=F("accepted") - 1, duplicate=F("duplicate") + 1
        )
    Utterance.objects.filter(pk=row.pk).delete()


def settle_labels() -> ImportCount:
    """Labels that came with rows become annotations once the rows may be seen."""
    count = ImportCount()
    while _settle_some(count):
        pass
    return count


@transaction.atomic
def _settle_some(count: ImportCount) -> int:
    waiting = list(
        PendingLabel.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(utterance__redaction=Utterance.Redaction.FULL)
        .select_related("utterance", "author")
        .order_by("id")[:LABEL_ROWS]
    )
    given: dict[tuple[User | None, str], list[label_import.ImportedLabel]] = {}
    _drop_personal_values(waiting)
    for label in waiting:
        from_whom = (label.author, label.utterance.source)
        given.setdefault(from_whom, []).append(_label(label))
    for (author, source), labels in given.items():
        count.add(label_import.import_labels(labels, by=author, source=source))
    PendingLabel.objects.filter(pk__in=[label.pk for label in waiting]).delete()
    return len(waiting)


def _drop_personal_values(labels: Sequence[PendingLabel]) -> None:
    """Values that are not the words themselves pass the full redaction, or go."""
    asked = [
        (span, in_place(label.utterance.text, span["start"], span["end"], value))
        for label in labels
        for span in label.spans
        if (value := span["value"]) != _words(span) and not is_month(value)
    ]
    if not asked:
        return
    found = load().redact_batch([Item(text) for _, text in asked])
    for (span, _), result in zip(asked, found, strict=True):
        end = span["start"] + len(span["value"])
        if isinstance(result, RedactionFailedError) or not result.is_untouched(
            span["start"], end
        ):
            span["value"] = span["text"]


def _label(label: PendingLabel) -> label_import.ImportedLabel:
    return label_import.ImportedLabel(
        utterance_id=label.utterance_id,
        intent=label.intent,
        domain=as_name(label.domain) or "imported",
        act=label.act,
        marks_known=label.marks_known,
        spans=tuple(
            SpanAnswer(
                start=span["start"],
                end=span["end"],
                param=span["param"],
                text=_words(span),
                value=span["value"] if span["value"] != _words(span) else "",
            )
            for span in label.spans
        ),
    )


def _words(span: dict[str, Any]) -> str:
    """What stands there; what waits since before values were kept has that alone."""
    return str(span.get("text", span["value"]))
