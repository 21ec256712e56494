"""What one person's own answers add up to, for that person's eyes alone."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Q
from django.utils import timezone

from annotations.models import Annotation, GoldLabel, User
from annotations.services.review_queues import standing_labels
from annotations.shares import Gap, Share

DAYS = 90


@dataclass(frozen=True)
class Progress:
    """Counts of answers, and shares over the labels of the last DAYS days.

    reviewed: own labels that a reviewer's decision confirmed. sway: how much oftener
    the model's first guess was chosen when shown than when the answer was blind.
    """

    today: int
    week: int
    reviewed: Share
    sway: Gap


def of(person: User) -> Progress:
    """Two queries over the person's answers, by their index."""
    now = timezone.localtime()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    given = Annotation.objects.standing().filter(annotator=person)
    counts = given.filter(created_at__gte=now - timedelta(days=7)).aggregate(
        today=Count("pk", filter=Q(created_at__gte=today)), week=Count("pk")
    )
    decided = Q(utterance__goldlabel__rule=GoldLabel.Rule.REVIEWED)
    guessed = ~Q(suggested_by="")
    taken = Q(suggested_rank=1)
    found = (
        standing_labels()
        .order_by()
        .filter(
            annotator=person,
            is_review=False,
            created_at__gte=now - timedelta(days=DAYS),
        )
        .aggregate(
            decided=Count("pk", filter=decided),
            confirmed=Count(
                "pk", filter=decided & Q(utterance__goldlabel__intent=F("intent"))
            ),
            shown=Count("pk", filter=guessed & Q(blind=False)),
            shown_taken=Count("pk", filter=guessed & taken & Q(blind=False)),
            unseen=Count("pk", filter=guessed & Q(blind=True)),
            unseen_same=Count("pk", filter=guessed & taken & Q(blind=True)),
        )
    )
    return Progress(
        **counts,
        reviewed=Share(found["confirmed"], found["decided"]),
        sway=Gap(
            Share(found["shown_taken"], found["shown"]),
            Share(found["unseen_same"], found["unseen"]),
        ),
    )
