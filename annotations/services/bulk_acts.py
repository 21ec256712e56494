"""What a bulk action does to some utterances, and how that is taken back.

Each answer is an event of whoever acts, with its own entry on the trail, and marked
as a review: the desk's undo takes back what was answered there, and nothing of these.
"""

import hashlib
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from annotations.errors import InvalidLabelError
from annotations.models import (
    Annotation,
    BulkAction,
    BulkMember,
    GoldLabel,
    ParameterSpan,
    QueueItem,
    Reason,
    SkipReason,
    Utterance,
)
from annotations.services import answers, audit, catalogue, gold
from annotations.services.answers import Answer, Checked, SpanAnswer
from annotations.services.catalogue import IntentCard

Kind = BulkAction.Kind
LEFT_OUT = {
    "gone": _("taken out of sight meanwhile"),
    "exam": _("part of the exam, which only chance may pick from"),
    "own": _("answered by yourself: somebody else has to decide about them"),
    "open": _("in the queue already"),
    "same": _("as you want them already"),
    "labeled": _("labeled: setting them aside would change nothing"),
    "marks": _("without a mark for a parameter that this intent needs"),
}
MARKED = (Kind.RELABEL, Kind.EXCLUDE, Kind.QUARANTINE)


def faults(action: BulkAction, utterances: Sequence[Utterance]) -> dict[int, str]:
    """Why each utterance that the action must leave out is left out, by its id."""
    ids = [utterance.pk for utterance in utterances]
    own = _own(action, ids) if action.kind in MARKED else set()
    queued = _queued(ids) if action.kind == Kind.QUEUE else set()
    labels = _labels(ids) if action.kind == Kind.RELABEL else {}
    found = {}
    for utterance in utterances:
        why = _fault(action, utterance, own, queued, labels.get(utterance.pk))
        if why:
            found[utterance.pk] = why
    return found


def _fault(
    action: BulkAction,
    utterance: Utterance,
    own: Collection[int],
    queued: Collection[int],
    label: GoldLabel | None,
) -> str:
    status = Utterance.Status
    if utterance.status in (status.QUARANTINED, status.ERASED):
        return "gone"
    if action.kind == Kind.EXPORT:
        return ""
    if utterance.split == Utterance.Split.EXAM:
        return "exam"
    if utterance.pk in own:
        return "own"
    if utterance.pk in queued:
        return "open"
    if action.kind == Kind.EXCLUDE:
        if utterance.status == status.SKIPPED:
            return "same"
        return "" if utterance.status == status.POOL else "labeled"
    if action.kind == Kind.RELABEL:
        if label is not None and label.intent_id == action.intent_id:
            return "same"
        return "" if _checked(action, utterance, label) else "marks"
    return ""


def _own(action: BulkAction, ids: Sequence[int]) -> set[int]:
    mine = Annotation.objects.standing().filter(
        annotator=action.created_by_id, utterance__in=ids
    )
    return set(mine.values_list("utterance_id", flat=True))


def _queued(ids: Sequence[int]) -> set[int]:
    items = QueueItem.objects.filter(utterance__in=ids, status__in=QueueItem.OPEN)
    return set(items.values_list("utterance_id", flat=True))


def _labels(ids: Sequence[int]) -> dict[int, GoldLabel]:
    found = GoldLabel.objects.filter(utterance__in=ids).select_related("annotation")
    return {g.utterance_id: g for g in found.prefetch_related("annotation__spans")}


def _checked(
    action: BulkAction, utterance: Utterance, label: GoldLabel | None
) -> Checked | None:
    """The new label with the marks of the old one that fit; None if that is no label.

    Nothing is invented: what the intent needs and nobody marked leaves it out.
    """
    card = catalogue.current().by_id.get(action.intent_id)
    if card is None:
        return None
    names = {parameter.name for parameter in card.parameters}
    old = label.annotation if label else None
    answer = Answer(
        uuid=uuid.UUID(int=0),
        item_id=0,
        intent=card.name,
        spans=tuple(
            SpanAnswer(s.start, s.end, s.param, s.text, turn=s.turn)
            for s in (old.spans.all() if old else ())
            if s.param in names
        ),
        not_spoken=tuple(n for n in (old.not_spoken if old else ()) if n in names),
    )
    try:
        return answers.check(utterance, answer)
    except InvalidLabelError:
        return None


def _marks_known(card: IntentCard, label: GoldLabel | None) -> bool:
    """Whether somebody has looked for all that the intent asks for."""
    asked = {parameter.name for parameter in card.parameters}
    if not asked:
        return True
    if label is None or not label.annotation.marks_known:
        return False
    before = catalogue.current().by_id.get(label.intent_id)
    return before is not None and asked <= {p.name for p in before.parameters}


def apply(action: BulkAction, utterances: Sequence[Utterance]) -> Mapping[int, object]:
    """Do it to utterances without a fault, locked by the caller.

    Returns by utterance id what came of it: an Annotation, or a QueueItem.
    """
    return _APPLY[action.kind](action, utterances)


def _queue(
    action: BulkAction, utterances: Sequence[Utterance]
) -> Mapping[int, QueueItem]:
    items = QueueItem.objects.bulk_create(
        QueueItem(
            utterance=utterance,
            reason=Reason.REQUESTED,
            why={"bulk": str(action.pk)},
            rank=0,
            draw_probability=1.0,
        )
        for utterance in utterances
    )
    return {item.utterance_id: item for item in items}


def _relabel(
    action: BulkAction, utterances: Sequence[Utterance]
) -> Mapping[int, Annotation]:
    labels = _labels([utterance.pk for utterance in utterances])
    made = {}
    for utterance in utterances:
        checked = _checked(action, utterance, labels.get(utterance.pk))
        assert checked is not None  # it had no fault a moment ago, under the same lock
        event = _event(
            action,
            utterance,
            kind=Annotation.Kind.LABEL,
            intent_id=checked.card.id,
            schema_version_id=checked.card.schema_version_id,
            marks_known=_marks_known(checked.card, labels.get(utterance.pk)),
        )
        ParameterSpan.objects.bulk_create(
            ParameterSpan(annotation=event, **vars(span)) for span in checked.spans
        )
        made[utterance.pk] = _settled(action, utterance, event)
    return made


def _exclude(
    action: BulkAction, utterances: Sequence[Utterance]
) -> Mapping[int, Annotation]:
    return {
        utterance.pk: _settled(
            action,
            utterance,
            _event(
                action,
                utterance,
                kind=Annotation.Kind.SKIP,
                skip_reason=SkipReason.OTHER,
            ),
        )
        for utterance in utterances
    }


def _quarantine(
    action: BulkAction, utterances: Sequence[Utterance]
) -> Mapping[int, Annotation]:
    return {
        utterance.pk: _settled(
            action,
            utterance,
            _event(action, utterance, kind=Annotation.Kind.QUARANTINE),
        )
        for utterance in utterances
    }


def _event(
    action: BulkAction, utterance: Utterance, *, kind: str, **fields: object
) -> Annotation:
    body = f"{action.pk} {action.kind} {utterance.pk}"
    return Annotation.objects.create(
        id=uuid.uuid5(action.pk, str(utterance.pk)),
        kind=kind,
        utterance=utterance,
        annotator_id=action.created_by_id,
        is_review=True,
        body_hash=hashlib.sha256(body.encode()).hexdigest(),
        **fields,
    )


def _settled(action: BulkAction, utterance: Utterance, event: Annotation) -> Annotation:
    """Gold follows, open questions about it end, and the trail says so."""
    gold.settle(utterance)
    _close_items(utterance, event.kind)
    _record(action, f"bulk.{action.kind}", event)
    return event


def _close_items(utterance: Utterance, kind: str) -> None:
    items = QueueItem.objects.filter(utterance=utterance, status__in=QueueItem.OPEN)
    if kind == Annotation.Kind.QUARANTINE:
        items.update(status=QueueItem.Status.QUARANTINED, lease_expires_at=None)
        return
    # Whoever holds it may go on: their answer counts as another opinion.
    items.filter(status=QueueItem.Status.READY, leased_at__isnull=True).exclude(
        reason=Reason.SECOND_OPINION
    ).delete()


_APPLY: dict[str, Callable[[BulkAction, Sequence[Utterance]], Mapping[int, object]]] = {
    Kind.QUEUE: _queue,
    Kind.RELABEL: _relabel,
    Kind.EXCLUDE: _exclude,
    Kind.QUARANTINE: _quarantine,
}


def revert(action: BulkAction, member: BulkMember, utterance: Utterance) -> bool:
    """Take back what was done to one member; False where others build on it already."""
    if action.kind == Kind.QUEUE:
        unused = QueueItem.objects.filter(
            pk=member.queue_item,
            status=QueueItem.Status.READY,
            leased_at__isnull=True,
        )
        return bool(unused.delete()[0])
    event = member.annotation
    if Annotation.objects.filter(undoes=event).exists():
        return False  # a reviewer released what was reported
    Annotation.objects.create(
        id=uuid.uuid5(event.pk, "undo"),
        kind=Annotation.Kind.UNDO,
        utterance=utterance,
        annotator_id=action.created_by_id,
        undoes=event,
        body_hash=hashlib.sha256(f"undoes {event.pk}".encode()).hexdigest(),
    )
    gold.settle(utterance)
    _record(action, f"bulk.{action.kind}.undone", event)
    return True


def _record(action: BulkAction, what: str, event: Annotation) -> None:
    audit.record(
        by=action.created_by,
        action=what,
        obj=f"annotation:{event.pk}",
        utterance=event.utterance_id,
        bulk=str(action.pk),
    )
