"""A reviewer's word: events that settle a label, open it again, or are taken back."""

import hashlib
import json
import uuid as uuids
from collections.abc import Callable
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.errors import (
    ConflictError,
    DuplicateAnswerError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from annotations.models import (
    Annotation,
    ErrorCandidate,
    IntentExample,
    ParameterSpan,
    ReviewReason,
    User,
    Utterance,
)
from annotations.services import answers, audit, error_candidates, gold, guidelines
from annotations.services.answers import Answer
from annotations.services.review_queues import Case, case, disagreements

Kind = Annotation.Kind
NOTHING_TO_TAKE_BACK = gettext_lazy("There is no decision of yours to take back here.")


@dataclass(frozen=True)
class Verdict:
    """What goes with a decision.

    seen: Case.seen of the page that was decided on; "" where it must be a disagreement
    that nobody has settled. candidate_id: the suspicion that was looked at.
    """

    reason: str = ""
    is_teaching: bool = False
    seen: str = ""
    candidate_id: int | None = None


@transaction.atomic
def resolve(
    *, by: User, uuid: uuids.UUID, answer_id: uuids.UUID, verdict: Verdict = Verdict()
) -> Annotation:
    """The chosen answer is gold: `by` gives the same one, as a review.

    The same uuid again changes nothing. Raises NotFoundError, NotAllowedError where
    one of the answers is the reviewer's own, ConflictError where it is settled.
    """
    chosen = (
        Annotation.objects.standing()
        .filter(pk=answer_id, kind=Kind.LABEL)
        .prefetch_related("spans")
        .first()
    )
    if chosen is None:
        raise NotFoundError(_("This answer was taken back meanwhile."))

    def write(found: Case) -> Annotation:
        review = _review(
            by,
            uuid,
            found,
            verdict,
            body=f"adopts {chosen.pk}",
            intent_id=chosen.intent_id,
            schema_version_id=chosen.schema_version_id,
            not_spoken=chosen.not_spoken,
            act=chosen.act,
            is_misheard=chosen.is_misheard,
        )
        _copy_spans(chosen, review)
        return review

    return _settle(by, uuid, chosen.utterance_id, verdict, write, chosen=chosen)


@transaction.atomic
def relabel(
    *, by: User, utterance_id: int, answer: Answer, verdict: Verdict = Verdict()
) -> Annotation:
    """None of the answers is right: `by`'s own is gold, as a review.

    Raises as `resolve` does, and InvalidLabelError with every fault of the answer.
    """

    def write(found: Case) -> Annotation:
        checked = answers.check(found.utterance, answer)
        review = _review(
            by,
            answer.uuid,
            found,
            verdict,
            body=json.dumps(asdict(answer), default=str),
            intent_id=checked.card.id,
            schema_version_id=checked.card.schema_version_id,
            not_spoken=list(answer.not_spoken),
            act=answer.act,
            is_misheard=answer.is_misheard,
        )
        ParameterSpan.objects.bulk_create(
            ParameterSpan(annotation=review, **vars(span)) for span in checked.spans
        )
        return review

    return _settle(by, answer.uuid, utterance_id, verdict, write, chosen=None)


@transaction.atomic
def dismiss(*, by: User, candidate_id: int) -> ErrorCandidate:
    """The suspected label is right; the suspicion comes back only if it changes."""
    candidate = _open_candidate(candidate_id)
    if candidate.annotation.annotator_id == by.pk:
        raise NotAllowedError(_("This label is yours; another reviewer has to decide."))
    status = ErrorCandidate.Status.DISMISSED
    error_candidates.decide(candidate, status, by=by, review=None)
    return candidate


@transaction.atomic
def suspect_again(*, by: User, candidate_id: int) -> ErrorCandidate:
    """The reviewer's own word that a label is right no longer stands; twice is once."""
    status = ErrorCandidate.Status
    candidate = (
        ErrorCandidate.objects.select_for_update().filter(pk=candidate_id).first()
    )
    if candidate and candidate.status == status.OPEN:
        return candidate
    is_own = candidate and candidate.decided_by_id == by.pk
    if not is_own or candidate.status != status.DISMISSED:
        raise NotFoundError(str(NOTHING_TO_TAKE_BACK))
    error_candidates.reopen(candidate, by=by)
    return candidate


@transaction.atomic
def reopen(*, by: User, uuid: uuids.UUID, utterance_id: int, reason: str) -> Annotation:
    """The utterance waits for a reviewer again; its gold label is withdrawn."""
    utterance = _lock(utterance_id)
    stored = _stored(uuid, by)
    if stored:
        return stored
    if utterance.status != Utterance.Status.LABELED:
        raise ConflictError(_("There is no gold label to open again."))
    if reason not in ReviewReason.values:
        raise InvalidError(_("Say why: choose one of the reasons."))
    event = Annotation.objects.create(
        id=uuid,
        kind=Kind.REOPEN,
        utterance=utterance,
        annotator=by,
        is_review=True,
        review_reason=reason,
        body_hash=_digest("reopen", utterance_id),
    )
    gold.settle(utterance)
    audit.record(
        by=by,
        action="gold.reopened",
        obj=f"annotation:{event.pk}",
        utterance=utterance.pk,
        reason=reason,
    )
    return event


@transaction.atomic
def take_back(*, by: User, uuid: uuids.UUID, event_id: uuids.UUID) -> Annotation:
    """The reviewer's own decision no longer stands; gold follows from the rest.

    A suspicion that was decided with it waits again.
    """
    event = (
        Annotation.objects.standing()
        .filter(pk=event_id, annotator=by, is_review=True)
        .first()
    )
    if event is None:
        stored = _stored(uuid, by)
        if stored:
            return stored
        raise NotFoundError(str(NOTHING_TO_TAKE_BACK))
    utterance = _lock(event.utterance_id)
    undo = Annotation.objects.create(
        id=uuid,
        kind=Kind.UNDO,
        utterance=utterance,
        annotator=by,
        undoes=event,
        body_hash=_digest("undoes", event.pk),
    )
    gold.settle(utterance)
    audit.record(
        by=by,
        action="review.undone",
        obj=f"annotation:{event.pk}",
        utterance=utterance.pk,
    )
    decided = ErrorCandidate.objects.select_for_update().filter(decided_with=event)
    for candidate in decided:
        error_candidates.reopen(candidate, by=by)
    return undo


def _settle(
    by: User,
    uuid: uuids.UUID,
    utterance_id: int,
    verdict: Verdict,
    write: Callable[[Case], Annotation],
    *,
    chosen: Annotation | None,
) -> Annotation:
    _lock(utterance_id)
    stored = _stored(uuid, by)
    if stored:
        return stored
    found = _decidable(by, utterance_id, verdict)
    review = write(found)
    gold.settle(found.utterance)
    if verdict.is_teaching:
        guidelines.add_example(
            intent=review.intent,
            utterance_id=utterance_id,
            kind=IntentExample.Kind.POSITIVE,
            by=by,
        )
    if verdict.candidate_id:
        _close(verdict.candidate_id, review, by=by)
    audit.record(
        by=by,
        action="disagreement.resolved",
        obj=f"annotation:{review.pk}",
        utterance=utterance_id,
        chosen=str(chosen.pk) if chosen else None,
        reason=verdict.reason,
        teaching=verdict.is_teaching,
    )
    return review


def _decidable(by: User, utterance_id: int, verdict: Verdict) -> Case:
    if verdict.reason and verdict.reason not in ReviewReason.values:
        raise InvalidError(_("Choose one of the reasons shown."))
    if not verdict.seen and not disagreements().filter(pk=utterance_id).exists():
        raise ConflictError(_("Somebody settled this disagreement meanwhile."))
    found = case(utterance_id)
    if found is None or (verdict.seen and verdict.seen != found.seen):
        raise ConflictError(
            _("The answers changed while you looked: here they are as they stand now.")
        )
    if not found.may_be_resolved_by(by):
        raise NotAllowedError(
            _("One of these answers is yours; another reviewer has to decide.")
        )
    return found


def _review(
    by: User,
    uuid: uuids.UUID,
    found: Case,
    verdict: Verdict,
    *,
    body: str,
    **said: object,
) -> Annotation:
    own = [a for a in found.answers if a.is_review and a.annotator_id == by.pk]
    return Annotation.objects.create(
        id=uuid,
        kind=Kind.LABEL,
        utterance=found.utterance,
        annotator=by,
        is_review=True,
        # A reviewer who decides once more has one standing answer, not two.
        revises=own[-1] if own else None,
        review_reason=verdict.reason,
        body_hash=_digest(body),
        **said,
    )


def _copy_spans(chosen: Annotation, review: Annotation) -> None:
    ParameterSpan.objects.bulk_create(
        ParameterSpan(
            annotation=review,
            param=span.param,
            turn=span.turn,
            start=span.start,
            end=span.end,
            text=span.text,
            value=span.value,
        )
        for span in chosen.spans.all()
    )


def _close(candidate_id: int, review: Annotation, *, by: User) -> None:
    """Confirmed where the label came out another one, else dismissed."""
    candidate = _open_candidate(candidate_id)
    if candidate.utterance_id != review.utterance_id:
        raise InvalidError(_("The suspicion is about another utterance."))
    same = error_candidates.says(candidate.annotation) == error_candidates.says(review)
    status = ErrorCandidate.Status
    decision = status.DISMISSED if same else status.CONFIRMED
    error_candidates.decide(candidate, decision, by=by, review=review)


def _open_candidate(candidate_id: int) -> ErrorCandidate:
    candidate = (
        ErrorCandidate.objects.select_for_update(of=("self",))
        .select_related("annotation")
        .filter(pk=candidate_id, status=ErrorCandidate.Status.OPEN)
        .first()
    )
    if candidate is None:
        raise ConflictError(_("Somebody decided about this label meanwhile."))
    return candidate


def _lock(utterance_id: int) -> Utterance:
    utterance = (
        Utterance.objects.select_for_update().visible().filter(pk=utterance_id).first()
    )
    if utterance is None:
        raise NotFoundError(_("This utterance is not there any more."))
    return utterance


def _stored(uuid: uuids.UUID, by: User) -> Annotation | None:
    """The event of this id; DuplicateAnswerError where it is somebody else's."""
    stored = Annotation.objects.filter(pk=uuid).first()
    if stored and stored.annotator_id != by.pk:
        raise DuplicateAnswerError(_("This answer id was used for something else."))
    return stored


def _digest(*words: object) -> str:
    return hashlib.sha256(" ".join(map(str, words)).encode()).hexdigest()
