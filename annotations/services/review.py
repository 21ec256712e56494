"""Answers that disagree, and the reviewer's word on them."""

import hashlib
import uuid as uuids
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from annotations.errors import ConflictError, NotAllowedError, NotFoundError
from annotations.models import Annotation, ParameterSpan, User, Utterance
from annotations.services import audit, gold


@dataclass(frozen=True)
class Disagreement:
    """One utterance and the standing labels on it, oldest first."""

    utterance: Utterance
    answers: Sequence[Annotation]

    def may_be_resolved_by(self, person: User) -> bool:
        """Nobody decides about an answer of their own."""
        return all(answer.annotator_id != person.pk for answer in self.answers)


def disagreements() -> QuerySet[Utterance]:
    """Utterances that wait for a reviewer, with their standing labels attached."""
    standing = (
        Annotation.objects.standing()
        .filter(kind=Annotation.Kind.LABEL)
        .select_related("intent__domain", "annotator")
        .prefetch_related("spans")
        .order_by("created_at")
    )
    return (
        Utterance.objects.visible()
        .filter(status=Utterance.Status.REVIEW)
        .prefetch_related(Prefetch("annotation_set", standing, "standing_labels"))
        .order_by("id")
    )


def as_disagreement(utterance: Utterance) -> Disagreement:
    return Disagreement(utterance, utterance.standing_labels)


@transaction.atomic
def resolve(*, by: User, uuid: uuids.UUID, answer_id: uuids.UUID) -> Annotation:
    """The chosen answer is gold: `by` gives the same one, as a review.

    The same uuid again changes nothing. Raises NotFoundError, NotAllowedError where
    one of the answers is the reviewer's own, ConflictError where it is settled.
    """
    chosen = (
        Annotation.objects.standing()
        .filter(pk=answer_id, kind=Annotation.Kind.LABEL)
        .first()
    )
    if chosen is None:
        raise NotFoundError("This answer was taken back meanwhile.")
    Utterance.objects.select_for_update().get(pk=chosen.utterance_id)
    stored = Annotation.objects.filter(pk=uuid, annotator=by).first()
    if stored:
        return stored
    utterance = disagreements().filter(pk=chosen.utterance_id).first()
    if utterance is None:
        raise ConflictError("Somebody settled this disagreement meanwhile.")
    if not as_disagreement(utterance).may_be_resolved_by(by):
        raise NotAllowedError(
            "One of these answers is yours; another reviewer has to decide."
        )
    review = _adopt(chosen, by=by, uuid=uuid)
    gold.settle(utterance)
    audit.record(
        by=by,
        action="disagreement.resolved",
        obj=f"annotation:{review.pk}",
        utterance=utterance.pk,
        chosen=str(chosen.pk),
    )
    return review


def _adopt(chosen: Annotation, *, by: User, uuid: uuids.UUID) -> Annotation:
    review = Annotation.objects.create(
        id=uuid,
        kind=Annotation.Kind.LABEL,
        utterance_id=chosen.utterance_id,
        annotator=by,
        intent_id=chosen.intent_id,
        schema_version_id=chosen.schema_version_id,
        not_spoken=chosen.not_spoken,
        act=chosen.act,
        is_misheard=chosen.is_misheard,
        is_review=True,
        body_hash=hashlib.sha256(f"adopts {chosen.pk}".encode()).hexdigest(),
    )
    ParameterSpan.objects.bulk_create(
        ParameterSpan(
            annotation=review,
            param=span.param,
            start=span.start,
            end=span.end,
            text=span.text,
            value=span.value,
            turn=span.turn,
        )
        for span in chosen.spans.all()
    )
    return review
