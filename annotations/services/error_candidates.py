"""Labels that look wrong: stored by a worker's search, decided by a reviewer."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from annotations.models import Annotation, ErrorCandidate, ErrorSearch, User
from annotations.services import audit

Status = ErrorCandidate.Status


@dataclass(frozen=True)
class Found:
    """One suspicion. evidence: identifiers and numbers, never a caller's words."""

    annotation: Annotation
    kind: str
    score: float
    evidence: Mapping[str, Any] = field(default_factory=dict)
    param: str = ""

    @property
    def fingerprint(self) -> str:
        body = json.dumps([says(self.annotation), self.param])
        return hashlib.sha256(body.encode()).hexdigest()


def says(annotation: Annotation) -> list[Any]:
    """What a label says, whoever gave it: intent, marks, what was not spoken, and,
    where they were given, what the turn does and that a word was misheard."""
    said = [annotation.intent_id, *_parameters(annotation)]
    if annotation.act or annotation.is_misheard:
        said += [annotation.act, annotation.is_misheard]
    return said


def differences(one: Annotation, other: Annotation) -> list[str]:
    """In what two labels of one intent differ: "marks", "act", "hearing".

    Marks count only where people looked for them, what the turn does only where both
    of them say it.
    """
    differs = {
        "marks": one.marks_known
        and other.marks_known
        and _parameters(one) != _parameters(other),
        "act": bool(one.act and other.act) and one.act != other.act,
        "hearing": one.is_misheard != other.is_misheard,
    }
    return [name for name, is_so in differs.items() if is_so]


def _parameters(annotation: Annotation) -> tuple[list[Any], list[str]]:
    marks = sorted(
        [span.param, -1 if span.turn is None else span.turn, span.start, span.end]
        for span in annotation.spans.all()
    )
    return marks, sorted(annotation.not_spoken)


@transaction.atomic
def store(found: Sequence[Found]) -> int:
    """The open candidates are exactly these, decided ones apart; returns how many are
    new.

    What somebody dismissed or confirmed stays decided for as long as the label says
    the same. An open one that was not found again is gone.
    """
    rows = {(f.annotation.utterance_id, f.kind, f.fingerprint): f for f in found}
    known = {
        (c.utterance_id, c.kind, c.fingerprint): c
        for c in ErrorCandidate.objects.select_for_update()
    }
    gone = [c.pk for key, c in known.items() if key not in rows]
    ErrorCandidate.objects.filter(pk__in=gone, status=Status.OPEN).delete()
    again = []
    for key in rows.keys() & known.keys():
        candidate, now = known[key], rows[key]
        if candidate.status == Status.OPEN:
            candidate.annotation = now.annotation
            candidate.score, candidate.evidence = now.score, dict(now.evidence)
            again.append(candidate)
    ErrorCandidate.objects.bulk_update(
        again, ["annotation", "score", "evidence"], batch_size=500
    )
    new = [
        ErrorCandidate(
            utterance_id=key[0],
            annotation=one.annotation,
            kind=one.kind,
            fingerprint=key[2],
            score=one.score,
            evidence=dict(one.evidence),
        )
        for key, one in rows.items()
        if key not in known
    ]
    ErrorCandidate.objects.bulk_create(new, batch_size=500)
    return len(new)


def decide(
    candidate: ErrorCandidate, status: str, *, by: User, review: Annotation | None
) -> None:
    """Call it with the candidate locked, inside the transaction of the decision.

    review: the event that came of it.
    """
    candidate.status = status
    candidate.decided_by = by
    candidate.decided_at = Now()
    candidate.decided_with = review
    candidate.save()
    _record(candidate, status, by=by)


def reopen(candidate: ErrorCandidate, *, by: User) -> None:
    """Nobody has decided about the suspicion; call it with the candidate locked."""
    candidate.status = Status.OPEN
    candidate.decided_by = candidate.decided_at = candidate.decided_with = None
    candidate.save()
    _record(candidate, "reopened", by=by)


def _record(candidate: ErrorCandidate, what: str, *, by: User) -> None:
    audit.record(
        by=by,
        action=f"candidate.{what}",
        obj=f"candidate:{candidate.pk}",
        utterance=candidate.utterance_id,
        kind=candidate.kind,
    )


def request(*, by: User | None, cause: str) -> ErrorSearch:
    """A search waits for a worker; the one that waits already, where one does."""
    try:
        with transaction.atomic():
            search = ErrorSearch.objects.create(requested_by=by, cause=cause)
            audit.record(
                by=by, action="error_search.requested", obj=f"search:{search.pk}"
            )
            return search
    except IntegrityError:
        return ErrorSearch.objects.get(status=ErrorSearch.Status.REQUESTED)


def last_search() -> ErrorSearch | None:
    return ErrorSearch.objects.first()
