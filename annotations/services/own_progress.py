"""What one person's own answers add up to, for that person's eyes alone."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Aggregate, Case, CharField, Count, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotations.models import Annotation, GoldLabel, User
from annotations.services import sway
from annotations.services.review_queues import standing_labels
from annotations.shares import Gap, Share

DAYS = sway.DAYS
PACE_DAYS = 7
HASTE_MS = 600  # an answer faster than this was hardly read


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


class Median(Aggregate):
    """Over what is not null, as PostgreSQL interpolates it."""

    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


@dataclass(frozen=True)
class Pace:
    """How long answers of one kind took: n of them, half within `seconds`.

    hasty: those given in under HASTE_MS.
    """

    kind: str
    n: int
    seconds: float
    hasty: int


KINDS = {
    "first": _("Took the first suggestion"),
    "other": _("Chose otherwise"),
    "blind": _("Saw no suggestion"),
    "skip": _("Skipped or reported"),
}


def paces(person: User) -> list[Pace]:
    """The person's pace over the last PACE_DAYS days, by kind of answer; one query."""
    kind = Case(
        When(~Q(kind=Annotation.Kind.LABEL), then=Value("skip")),
        When(Q(blind=True) | Q(suggested_by=""), then=Value("blind")),
        When(suggested_rank=1, then=Value("first")),
        default=Value("other"),
        output_field=CharField(),
    )
    since = timezone.now() - timedelta(days=PACE_DAYS)
    rows = (
        Annotation.objects.standing()
        .filter(annotator=person, is_review=False)
        .filter(shown_ms__isnull=False, created_at__gte=since)
        .order_by()
        .values(how=kind)
        .annotate(
            n=Count("pk"),
            median=Median("shown_ms"),
            hasty=Count("pk", filter=Q(shown_ms__lt=HASTE_MS)),
        )
    )
    found = {row["how"]: row for row in rows}
    return [
        Pace(str(title), row["n"], row["median"] / 1000, row["hasty"])
        for key, title in KINDS.items()
        if (row := found.get(key))
    ]


def of(person: User) -> Progress:
    """Two queries over the person's answers, by their index."""
    now = timezone.localtime()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    given = Annotation.objects.standing().filter(annotator=person)
    counts = given.filter(created_at__gte=now - timedelta(days=7)).aggregate(
        today=Count("pk", filter=Q(created_at__gte=today)), week=Count("pk")
    )
    decided = Q(utterance__goldlabel__rule=GoldLabel.Rule.REVIEWED)
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
            **sway.COUNTS,
        )
    )
    return Progress(
        **counts,
        reviewed=Share(found["confirmed"], found["decided"]),
        sway=sway.gap(found),
    )
