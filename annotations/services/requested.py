"""An utterance that somebody asks for at their own desk."""

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotations.errors import ConflictError, NotFoundError
from annotations.models import Annotation, QueueItem, Reason, User
from annotations.services import queue, search
from annotations.services.search import Criteria


@transaction.atomic
def open_at_desk(*, by: User, utterance_id: int) -> QueueItem:
    """The utterance is leased to `by`, queued for that where it was not.

    A person who answered it before revises that answer. Raises NotFoundError where they
    may not see it, ConflictError while somebody else has it.
    """
    conditions = search.conditions_of(Criteria(), by=by)
    conditions.add("u.id = %s", utterance_id)
    if not search.first_matches(conditions, 1):
        raise NotFoundError(_("There is no such utterance, or not for you."))
    QueueItem.objects.bulk_create([_wanted(utterance_id, by)], ignore_conflicts=True)
    item = QueueItem.objects.select_for_update().get(
        utterance=utterance_id, status__in=QueueItem.OPEN
    )
    is_held = item.status == QueueItem.Status.LEASED and item.leased_by_id != by.pk
    if is_held:
        raise ConflictError(_("Somebody else has this one open just now."))
    if item.is_blind:
        raise NotFoundError(_("There is no such utterance, or not for you."))
    QueueItem.objects.filter(pk=item.pk).update(
        status=QueueItem.Status.LEASED,
        leased_by=by,
        leased_at=Now(),
        lease_expires_at=queue.in_lease(),
        holders=[*item.holders, by.pk],
    )
    return item


def _wanted(utterance_id: int, by: User) -> QueueItem:
    own = (
        Annotation.objects.standing()
        .filter(utterance=utterance_id, annotator=by, kind=Annotation.Kind.LABEL)
        .order_by("-created_at")
        .first()
    )
    return QueueItem(
        utterance_id=utterance_id,
        reason=Reason.REQUESTED,
        why={"revises": str(own.pk)} if own else {},
        rank=0,
        draw_probability=1.0,
    )
