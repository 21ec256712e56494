"""How much suggestions sway answers: labels given with the guess in sight, and blind.

Blind labels with a guess are mostly second opinions, so part of a difference may come
from what was asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from annotations.models import Annotation
from annotations.services.review_queues import standing_labels
from annotations.shares import Gap, Share

DAYS = 90
_GUESSED = ~Q(suggested_by="")
_TAKEN = _GUESSED & Q(suggested_rank=1)
# Of labels that the model had a guess for: those given with it in sight and blind, and
# of each how many chose it.
COUNTS = {
    "shown": Count("pk", filter=_GUESSED & Q(blind=False)),
    "shown_taken": Count("pk", filter=_TAKEN & Q(blind=False)),
    "unseen": Count("pk", filter=_GUESSED & Q(blind=True)),
    "unseen_same": Count("pk", filter=_TAKEN & Q(blind=True)),
}


@dataclass(frozen=True)
class DomainSway:
    """How much suggestions sway the labels of one domain."""

    title: str
    gap: Gap


def gap(counts: Mapping[str, Any]) -> Gap:
    """How much oftener the first guess was chosen when shown. counts: of COUNTS."""
    return Gap(
        Share(counts["shown_taken"], counts["shown"]),
        Share(counts["unseen_same"], counts["unseen"]),
    )


def overall() -> Gap:
    """Over the labels of all people."""
    return gap(_guessed().aggregate(**COUNTS))


def by_domain() -> list[DomainSway]:
    """The same for each domain that has labels with a guess."""
    rows = (
        _guessed()
        .values("intent__domain__title")
        .annotate(**COUNTS)
        .order_by("intent__domain__title")
    )
    return [DomainSway(row["intent__domain__title"], gap(row)) for row in rows]


def _guessed() -> QuerySet[Annotation]:
    """Labels of the last DAYS days that the model had a guess for."""
    since = timezone.now() - timedelta(days=DAYS)
    return (
        standing_labels()
        .prefetch_related(None)
        .order_by()
        .filter(_GUESSED, is_review=False, created_at__gte=since)
    )
