"""How the labeling goes as a whole: pace, queue, who holds what, what is covered.

Nothing here compares people: names stand only beside items that somebody holds.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.errors import NotFoundError
from annotations.models import (
    Annotation,
    Intent,
    QueueItem,
    Reason,
    User,
    Utterance,
)
from annotations.services import audit

DAYS = 14
HOLDERS = 50


@dataclass(frozen=True)
class Day:
    day: date
    labels: int
    skips: int


@dataclass(frozen=True)
class Waiting:
    """Items of one reason that nobody holds; oldest: when the first was drawn."""

    reason: str
    items: int
    oldest: datetime | None


def days() -> list[Day]:
    """Answers of each of the last DAYS days, today last; days without any are zero."""
    today = timezone.localdate()
    since = timezone.localtime().replace(
        hour=0, minute=0, second=0, microsecond=0
    ) - timedelta(days=DAYS - 1)
    found = (
        Annotation.objects.standing()
        .filter(created_at__gte=since)
        .annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(
            labels=Count("pk", filter=Q(kind=Annotation.Kind.LABEL)),
            skips=Count("pk", filter=Q(kind=Annotation.Kind.SKIP)),
        )
    )
    by_day = {row["day"]: row for row in found}
    return [
        Day(
            day,
            by_day.get(day, {}).get("labels", 0),
            by_day.get(day, {}).get("skips", 0),
        )
        for day in (today - timedelta(days=n) for n in range(DAYS - 1, -1, -1))
    ]


def waiting() -> list[Waiting]:
    """What is ready in the queue, by reason, the longest list first."""
    rows = (
        QueueItem.objects.filter(status=QueueItem.Status.READY)
        .values("reason")
        .annotate(items=Count("pk"), oldest=Min("created_at"))
        .order_by("-items")
    )
    return [
        Waiting(str(Reason(row["reason"]).label), row["items"], row["oldest"])
        for row in rows
    ]


def held() -> QuerySet[QueueItem]:
    """Items on somebody's desk, the lease that ends first in front."""
    return (
        QueueItem.objects.filter(status=QueueItem.Status.LEASED)
        .select_related("leased_by")
        .order_by("lease_expires_at")[:HOLDERS]
    )


@transaction.atomic
def release(*, item_id: int, by: User) -> QueueItem:
    """The item is ready again; its holder's answer still counts unless somebody else
    takes it first. Raises NotFoundError where nobody holds it."""
    item = (
        QueueItem.objects.select_for_update()
        .filter(pk=item_id, status=QueueItem.Status.LEASED)
        .first()
    )
    if item is None:
        raise NotFoundError(_("Nobody holds this item any more."))
    holder = item.leased_by_id
    item.status = QueueItem.Status.READY
    item.lease_expires_at = None
    item.save(update_fields=["status", "lease_expires_at"])
    audit.record(by=by, action="lease.released", obj=f"item:{item.pk}", holder=holder)
    return item


def coverage(domain: str, iteration: str) -> QuerySet[Intent]:
    """Active intents with their gold labels, the least covered first."""
    found = Intent.objects.filter(is_active=True).select_related("domain")
    if domain:
        found = found.filter(domain__name=domain)
    if iteration.isdecimal() and len(iteration) < 3:
        found = found.filter(iteration=int(iteration))
    train = Q(goldlabel__utterance__split=Utterance.Split.TRAIN)
    return found.annotate(
        train=Count("goldlabel", filter=train),
        exam=Count("goldlabel", filter=~train & Q(goldlabel__isnull=False)),
    ).order_by("train", "name")
