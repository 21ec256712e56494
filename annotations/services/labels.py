"""Answers: submitted, skipped, reported and taken back. Each is an event."""

import hashlib
import json
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotations.errors import (
    ConflictError,
    DuplicateAnswerError,
    InvalidLabelError,
    NotFoundError,
    NothingToUndoError,
)
from annotations.models import (
    Annotation,
    ParameterSpan,
    QueueItem,
    SkipReason,
    User,
)
from annotations.services import (
    audit,
    gold,
    prepared,
    queue,
    revisions,
)
from annotations.services.answers import Answer, SpanAnswer, check
from annotations.services.catalogue import IntentCard
from annotations.services.prepared import Batch

__all__ = [
    "Answer",
    "SpanAnswer",
    "Submission",
    "Undone",
    "quarantine",
    "skip",
    "submit",
    "undo",
]

# Code points of the text, half-open.
Place = tuple[int, int]
# How an answer came is no part of what it says.
HOW = ("shown_ms", "is_recalled", "is_blind")

UNDO_DEPTH = 50
FINISH = """
UPDATE annotations_queueitem SET status = %(status)s, lease_expires_at = NULL
WHERE id = %(item)s
"""


@dataclass(frozen=True)
class Submission:
    """A stored answer; replayed where it had been stored before."""

    annotation: Annotation
    replayed: bool = False
    late: bool = False


@dataclass(frozen=True)
class Undone:
    annotation: Annotation
    # The item, leased to the same person again; None where somebody else holds it.
    item: QueueItem | None


@dataclass(frozen=True)
class _Aside:
    """How an item leaves the queue without a label."""

    kind: str
    item_status: str
    skip_reason: str = ""
    place: Place | None = None


def submit(*, by: User, answer: Answer) -> Submission:
    """The answer is stored once, its gold label follows, its item is done.

    An answer after the lease ended is kept: as the answer where nobody took the item
    meanwhile, as a second opinion where somebody did.
    Raises InvalidLabelError, DuplicateAnswerError, NotFoundError.
    """
    body = _digest(asdict(answer))
    return _store_once(
        answer.uuid,
        body,
        by,
        lambda: _submit(by=by, answer=answer, body_hash=body),
        is_recalled=answer.is_recalled,
    )


def skip(*, by: User, uuid: uuid.UUID, item_id: int, reason: str) -> Submission:
    """The item is set aside with a reason out of SkipReason."""
    if reason not in SkipReason.values:
        raise InvalidLabelError(_("Choose one of the reasons for skipping."))
    aside = _Aside(Annotation.Kind.SKIP, QueueItem.Status.SKIPPED, skip_reason=reason)
    body = _digest({"item": item_id, "skip": reason})
    return _store_once(
        uuid, body, by, lambda: _set_aside(by, uuid, item_id, aside, body)
    )


def quarantine(
    *, by: User, uuid: uuid.UUID, item_id: int, place: Place | None = None
) -> Submission:
    """Nobody sees the utterance from now on: it holds personal data.

    place: where in its text, if that was marked. A reviewer may release it again.
    """
    aside = _Aside(
        Annotation.Kind.QUARANTINE, QueueItem.Status.QUARANTINED, place=place
    )
    body = _digest({"item": item_id, "quarantine": place or True})
    return _store_once(
        uuid, body, by, lambda: _set_aside(by, uuid, item_id, aside, body)
    )


@transaction.atomic
def undo(*, by: User, uuid: uuid.UUID, answer_id: uuid.UUID | None = None) -> Undone:
    """Take back the caller's newest standing answer and lease its item to them again.

    answer_id: take back this one instead. The same uuid again changes nothing.
    Raises NothingToUndoError beyond UNDO_DEPTH.
    """
    stored = Annotation.objects.filter(pk=uuid).first()
    if stored:
        if stored.annotator_id != by.pk or stored.kind != Annotation.Kind.UNDO:
            raise DuplicateAnswerError(_("This answer id was used for something else."))
        return Undone(stored, _held_item(stored, by))
    mine = Annotation.objects.standing().filter(annotator=by, is_review=False)
    if answer_id:
        mine = mine.filter(pk=answer_id)
    last = mine.select_related("utterance").order_by("-created_at").first()
    if last is None or _undone_in_a_row(by) >= UNDO_DEPTH:
        raise NothingToUndoError(_("There is no answer of yours left to take back."))
    item = _lock(last.queue_item_id) if last.queue_item_id else None
    # Of a correction the label before stands again: there is nothing to answer.
    if item and last.revises_id and str(last.revises_id) != item.why.get("revises"):
        item = None
    event = Annotation.objects.create(
        id=uuid,
        kind=Annotation.Kind.UNDO,
        utterance=last.utterance,
        queue_item_id=last.queue_item_id,
        annotator=by,
        undoes=last,
        body_hash=_digest({"undoes": str(last.pk)}),
    )
    gold.settle(last.utterance)
    audit.record(
        by=by,
        action=f"{last.kind}.undone",
        obj=f"annotation:{last.pk}",
        utterance=last.utterance_id,
    )
    return Undone(event, _lease_again(item, by) if item else None)


def _store_once(
    key: uuid.UUID,
    body_hash: str,
    by: User,
    store: Callable[[], Submission],
    *,
    is_recalled: bool = False,
) -> Submission:
    """Run `store` in a transaction unless an answer with this id is there already.

    is_recalled: of an answer sent again from a journal the id alone is compared.
    """
    with _one_transaction():
        try:
            return store()
        except ConflictError:
            stored = Annotation.objects.filter(pk=key).first()
            if stored is None:
                raise
            is_same = stored.body_hash == body_hash or is_recalled
            if not is_same or stored.annotator_id != by.pk:
                raise DuplicateAnswerError(
                    _("An answer with this id and another content is already stored.")
                ) from None
            return Submission(stored, replayed=True, late=stored.is_late)


def _one_transaction() -> AbstractContextManager[None]:
    """The open one, else one of our own.

    A savepoint inside the open one would guard nothing: whatever is refused here is
    refused before the first write.
    """
    return nullcontext() if connection.in_atomic_block else transaction.atomic()


def _event(item: QueueItem, by: User, **said: object) -> Annotation:
    """The event about an item is stored, or ConflictError where its id is in use."""
    event = Annotation(
        utterance=item.utterance,
        queue_item=item,
        reason=item.reason,
        draw_probability=item.draw_probability,
        annotator=by,
        **said,
    )
    if not prepared.insert(event, on_conflict="ON CONFLICT (id) DO NOTHING"):
        raise ConflictError(_("This answer id is in use already."))
    return event


def _submit(*, by: User, answer: Answer, body_hash: str) -> Submission:
    if answer.revises:
        _, item = revisions.reopened(answer.revises, by=by)
    else:
        item = _lock(answer.item_id)
    late = _is_late(item, by)
    checked = check(item.utterance, answer, item.catalogue_stamp)
    card = checked.card
    suggestion = getattr(item.utterance, "suggestion", None)
    annotation = _event(
        item,
        by,
        id=answer.uuid,
        kind=Annotation.Kind.LABEL,
        intent_id=card.id,
        schema_version_id=card.schema_version_id,
        not_spoken=list(answer.not_spoken),
        act=answer.act,
        is_misheard=answer.is_misheard,
        revises_id=item.why.get("revises"),
        blind=item.is_blind or answer.is_blind,
        is_late=late,
        suggested_rank=_rank(suggestion, card),
        suggested_by=suggestion.model_name if suggestion else "",
        shown_ms=answer.shown_ms,
        body_hash=body_hash,
    )
    batch = Batch()
    for span in checked.spans:
        batch.insert(ParameterSpan(annotation=annotation, **vars(span)))
    verdict = gold.settle(item.utterance, into=batch)
    if not late and not answer.revises:
        _finish(item, QueueItem.Status.DONE, into=batch)
    audit.record(
        into=batch,
        by=by,
        action="label.submitted",
        obj=f"annotation:{annotation.pk}",
        utterance=item.utterance_id,
        intent=card.name,
        schema_version=card.schema_version_id,
        outcome=verdict.status,
    )
    batch.run()
    return Submission(annotation, late=late)


def _set_aside(
    by: User, key: uuid.UUID, item_id: int, aside: _Aside, body_hash: str
) -> Submission:
    item = _lock(item_id)
    place = aside.place
    if place and not 0 <= place[0] < place[1] <= len(item.utterance.text):
        raise InvalidLabelError(_("The place that was marked lies outside the text."))
    start, end = place or (None, None)
    late = _is_late(item, by)
    annotation = _event(
        item,
        by,
        id=key,
        kind=aside.kind,
        skip_reason=aside.skip_reason,
        reported_start=start,
        reported_end=end,
        blind=item.is_blind,
        is_late=late,
        body_hash=body_hash,
    )
    batch = Batch()
    gold.settle(item.utterance, into=batch)
    # What may hold personal data leaves every desk, whoever has it open.
    if not late or aside.kind == Annotation.Kind.QUARANTINE:
        _finish(item, aside.item_status, into=batch)
    audit.record(
        into=batch,
        by=by,
        action=f"utterance.{aside.item_status}",
        obj=f"annotation:{annotation.pk}",
        utterance=item.utterance_id,
        reason=aside.skip_reason,
    )
    batch.run()
    return Submission(annotation, late=late)


def _lock(item_id: int) -> QueueItem:
    item = queue.lock(item_id)
    if item is None:
        raise NotFoundError(_("This item is no longer in the queue."), item=item_id)
    return item


def _is_late(item: QueueItem, by: User) -> bool:
    """Whether somebody else took the item since. ConflictError if never held."""
    if by.pk not in item.holders:
        raise ConflictError(_("Take the item before you answer it."))
    if item.leased_by_id == by.pk and item.status in QueueItem.OPEN:
        return False
    answered = Annotation.objects.standing().filter(
        utterance=item.utterance_id, annotator=by
    )
    if answered.exists():
        raise ConflictError(_("You have answered this item already."))
    if item.leased_by_id == by.pk:
        raise ConflictError(_("This item was closed meanwhile."))
    return True


def _rank(suggestion: object, card: IntentCard) -> int | None:
    names = [guess["intent"] for guess in suggestion.intents] if suggestion else []
    known = (card.name, *card.aliases)  # it may have been suggested by a former name
    return next((n for n, name in enumerate(names, start=1) if name in known), None)


def _finish(item: QueueItem, status: str, *, into: Batch) -> None:
    item.status = status
    item.lease_expires_at = None
    into.add(FINISH, {"item": item.pk, "status": status})


def _undone_in_a_row(by: User) -> int:
    recent = Annotation.objects.filter(annotator=by, is_review=False).order_by(
        "-created_at"
    )
    kinds = list(recent.values_list("kind", flat=True)[: UNDO_DEPTH + 1])
    return next(
        (n for n, kind in enumerate(kinds) if kind != Annotation.Kind.UNDO), len(kinds)
    )


def _lease_again(item: QueueItem, by: User) -> QueueItem | None:
    """The item, or the open one that took its place, leased to `by`."""
    open_item = (
        QueueItem.objects.select_for_update()
        .filter(utterance=item.utterance_id, status__in=QueueItem.OPEN)
        .first()
    ) or item
    if open_item.status == QueueItem.Status.LEASED and open_item.leased_by_id != by.pk:
        return None
    QueueItem.objects.filter(pk=open_item.pk).update(
        status=QueueItem.Status.LEASED,
        leased_by=by,
        leased_at=Now(),
        lease_expires_at=queue.in_lease(),
    )
    return queue.with_all(QueueItem.objects).get(pk=open_item.pk)


def _held_item(event: Annotation, by: User) -> QueueItem | None:
    return (
        queue.with_all(QueueItem.objects)
        .filter(utterance=event.utterance_id, leased_by=by)
        .filter(status=QueueItem.Status.LEASED)
        .first()
    )


def _digest(body: dict[str, object]) -> str:
    plain = {k: v for k, v in body.items() if k not in HOW}
    return hashlib.sha256(
        json.dumps(plain, sort_keys=True, default=str).encode()
    ).hexdigest()
