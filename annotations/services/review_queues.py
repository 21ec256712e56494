"""What waits for a reviewer, and one case of it as it stands."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import (
    Exists,
    F,
    Min,
    OuterRef,
    Prefetch,
    QuerySet,
)
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from annotations.models import (
    Annotation,
    ErrorCandidate,
    GoldLabel,
    IntentProposal,
    Question,
    User,
    Utterance,
)
from annotations.services import reports

Kind = Annotation.Kind


@dataclass(frozen=True)
class Case:
    """One utterance and the standing labels on it, oldest first."""

    utterance: Utterance
    answers: Sequence[Annotation]

    def may_be_resolved_by(self, person: User) -> bool:
        """Nobody decides about an answer of their own; a review may be thought over."""
        return all(a.annotator_id != person.pk or a.is_review for a in self.answers)

    @property
    def seen(self) -> str:
        """Changes with the answers: a decision about others than these is refused."""
        ids = " ".join(sorted(str(answer.pk) for answer in self.answers))
        return hashlib.sha256(ids.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Filters:
    """How a queue is narrowed; empty values do nothing. days: at least so old."""

    domain: str = ""
    intent: str = ""
    annotator: str = ""
    days: int = 0


def standing_labels() -> QuerySet[Annotation]:
    """Labels that count: not taken back, and none that a newer one revises."""
    revised = Annotation.objects.filter(
        revises=OuterRef("pk"), undone_by__isnull=True
    ).exclude(kind=Kind.UNDO)
    return (
        Annotation.objects.standing()
        .filter(kind=Kind.LABEL)
        .filter(~Exists(revised))
        .select_related("intent__domain", "annotator", "schema_version__function")
        .prefetch_related("spans")
        .order_by("created_at")
    )


def with_labels(utterances: QuerySet[Utterance]) -> QuerySet[Utterance]:
    """With the labels that count attached to each."""
    return utterances.select_related("domain").prefetch_related(
        Prefetch("annotation_set", standing_labels(), "standing_labels")
    )


def as_case(utterance: Utterance) -> Case:
    return Case(utterance, utterance.standing_labels)


def case(utterance_id: int) -> Case | None:
    """The utterance as it stands; None where nobody may see it or no label is left."""
    found = with_labels(Utterance.objects.visible()).filter(pk=utterance_id).first()
    return as_case(found) if found and found.standing_labels else None


def disagreements() -> QuerySet[Utterance]:
    """Utterances whose answers leave it open what the gold label is, oldest first."""
    return (
        with_labels(Utterance.objects.visible())
        .filter(status=Utterance.Status.REVIEW)
        .order_by("id")
    )


def late() -> QuerySet[Utterance]:
    """Utterances with an answer that came late, and no review since."""
    standing = Annotation.objects.standing().filter(kind=Kind.LABEL)
    # From the few late answers, by their index, to the texts: never over all texts.
    came_late = standing.filter(is_late=True).values("utterance")
    reviewed = standing.filter(utterance=OuterRef("pk"), is_review=True)
    return (
        with_labels(Utterance.objects.visible())
        .filter(pk__in=came_late)
        .filter(~Exists(reviewed))
        .order_by("id")
    )


def errors() -> QuerySet[ErrorCandidate]:
    """Open suspicions about labels that are gold now, the most suspect first."""
    return (
        ErrorCandidate.objects.filter(
            status=ErrorCandidate.Status.OPEN,
            utterance__goldlabel__annotation=F("annotation"),
            utterance__in=Utterance.objects.visible(),
        )
        .select_related("annotation__intent__domain", "annotation__annotator")
        .order_by("-score", "id")
    )


def questions() -> QuerySet[Question]:
    """Questions that no reviewer has answered, oldest first."""
    return (
        Question.objects.filter(
            status=Question.Status.OPEN, utterance__in=Utterance.objects.visible()
        )
        .select_related("asked_by", "utterance__domain")
        .prefetch_related("messages__author")
        .order_by("asked_at")
    )


def proposals() -> QuerySet[IntentProposal]:
    """Intents that somebody proposed and nobody has decided about."""
    return IntentProposal.objects.filter(status=IntentProposal.Status.OPEN)


def gold() -> QuerySet[GoldLabel]:
    """Gold labels of what may be seen, newest first."""
    return (
        GoldLabel.objects.filter(utterance__in=Utterance.objects.visible())
        .select_related("utterance", "intent__domain", "annotation__annotator")
        .order_by("-resolved_at", "-utterance_id")
    )


def days_ago(days: int) -> CombinedExpression:
    """So many days before now, by the database's clock."""
    return Now() - timedelta(days=days)


QUEUES = {
    "disagreements": disagreements,
    "errors": errors,
    "late": late,
    "questions": questions,
    "personal": reports.quarantined,
    "proposals": proposals,
}


def counts() -> dict[str, int]:
    """How many wait in each queue."""
    return {name: queue().order_by().count() for name, queue in QUEUES.items()}


def narrow(utterances: QuerySet[Utterance], by: Filters) -> QuerySet[Utterance]:
    """Of these utterances the ones whose labels fit; age is that of the first one."""
    labels = Annotation.objects.standing().filter(
        utterance=OuterRef("pk"), kind=Kind.LABEL
    )
    if by.domain:
        fits = Exists(labels.filter(intent__domain__name=by.domain))
        utterances = utterances.filter(fits)
    if by.intent:
        utterances = utterances.filter(Exists(labels.filter(intent__name=by.intent)))
    if by.annotator:
        given = labels.filter(annotator__username=by.annotator)
        utterances = utterances.filter(Exists(given))
    if by.days:
        utterances = utterances.alias(since=Min("annotation__created_at")).filter(
            since__lte=days_ago(by.days)
        )
    return utterances


def narrow_errors(
    found: QuerySet[ErrorCandidate], by: Filters, kind: str = ""
) -> QuerySet[ErrorCandidate]:
    wanted: dict[str, object] = {
        "annotation__intent__domain__name": by.domain,
        "annotation__intent__name": by.intent,
        "annotation__annotator__username": by.annotator,
        "kind": kind,
        "found_at__lte": days_ago(by.days) if by.days else "",
    }
    return found.filter(**{name: value for name, value in wanted.items() if value})
