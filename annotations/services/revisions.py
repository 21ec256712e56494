"""A person's own earlier answers: looked back at, and corrected by a new one."""

import uuid
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.errors import ConflictError, NotFoundError
from annotations.models import Annotation, QueueItem, User, Utterance

REMEMBERED = 200


@dataclass(frozen=True)
class Remembered:
    """One answer out of the newest REMEMBERED, 1 being the newest."""

    answer: Annotation
    place: int
    of: int


def history(by: User) -> QuerySet[Annotation]:
    """The answers of `by` that stand and that none of theirs replaced, newest first."""
    return (
        Annotation.objects.standing()
        .filter(annotator=by, is_review=False)
        .exclude(revised_by__in=Annotation.objects.standing())
        .select_related("utterance", "intent")
        .prefetch_related("spans")
        .order_by("-created_at")
    )


def look_back(by: User, steps: int) -> Remembered | None:
    """The answer so many steps back, None before the first and beyond the last."""
    known = min(history(by).count(), REMEMBERED)
    if not 1 <= steps <= known:
        return None
    return Remembered(history(by)[steps - 1], steps, known)


def reopened(answer_id: uuid.UUID, *, by: User) -> tuple[Annotation, QueueItem]:
    """The label and an item, in no queue, on which a new answer will replace it.

    The label stands until then. Raises NotFoundError for what is not a standing label
    of `by`, ConflictError where it was replaced or its utterance is out of sight.
    """
    label = (
        Annotation.objects.standing()
        .filter(pk=answer_id, annotator=by, kind=Annotation.Kind.LABEL)
        .filter(is_review=False)
        .first()
    )
    if label is None:
        raise NotFoundError(_("This answer of yours does not stand any more."))
    # Answers to one utterance are settled one after the other.
    utterance = _locked(label.utterance_id)
    if Annotation.objects.standing().filter(revises=label).exists():
        raise ConflictError(_("You have corrected this answer already."))
    if utterance.status in Utterance.OUT_OF_SIGHT:
        raise ConflictError(_("This utterance has been taken out of sight."))
    item = QueueItem(
        pk=label.queue_item_id or 0,
        utterance=utterance,
        reason=label.reason,
        draw_probability=label.draw_probability,
        why={"revises": str(label.pk)},
        status=QueueItem.Status.LEASED,
        leased_by=by,
        lease_expires_at=timezone.now(),
        holders=[by.pk],
    )
    return label, item


def _locked(utterance_id: int) -> Utterance:
    rows = Utterance.objects.select_for_update(of=("self",))
    return rows.select_related("suggestion").get(pk=utterance_id)
