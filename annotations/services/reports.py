"""Reported personal data: what is out of sight, and a reviewer's release of it."""

import uuid as uuids

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from annotations.errors import ConflictError, NotAllowedError, NotFoundError
from annotations.models import Annotation, User, Utterance
from annotations.services import audit, gold


def quarantined() -> QuerySet[Utterance]:
    """Utterances that somebody reported, with the standing reports attached."""
    standing = (
        Annotation.objects.standing()
        .filter(kind=Annotation.Kind.QUARANTINE)
        .select_related("annotator")
        .order_by("created_at")
    )
    return (
        Utterance.objects.filter(status=Utterance.Status.QUARANTINED)
        .prefetch_related(Prefetch("annotation_set", standing, "standing_reports"))
        .order_by("id")
    )


@transaction.atomic
def release(*, by: User, uuid: uuids.UUID, utterance_id: int) -> Utterance:
    """No personal data after all: every report is taken back, what else was said holds.

    The same uuid again changes nothing. Raises NotFoundError, NotAllowedError for
    whoever reported it, ConflictError where it is in sight again.
    """
    utterance = Utterance.objects.select_for_update().filter(pk=utterance_id).first()
    if utterance is None:
        raise NotFoundError(_("There is no such utterance."))
    if Annotation.objects.filter(pk=uuid, annotator=by, utterance=utterance).exists():
        return utterance
    reported = quarantined().filter(pk=utterance_id).first()
    reports = reported.standing_reports if reported else []
    if not reports:
        raise ConflictError(_("This is in sight again: nobody reports it any more."))
    if any(report.annotator_id == by.pk for report in reports):
        raise NotAllowedError(
            _("You reported this yourself; another reviewer has to release it.")
        )
    keys = [uuid, *(uuids.uuid5(uuid, str(report.pk)) for report in reports[1:])]
    for key, report in zip(keys, reports, strict=True):
        _take_back(report, by=by, key=key)
    gold.settle(utterance)
    return utterance


def _take_back(report: Annotation, *, by: User, key: uuids.UUID) -> None:
    Annotation.objects.create(
        id=key,
        kind=Annotation.Kind.UNDO,
        utterance_id=report.utterance_id,
        annotator=by,
        undoes=report,
        is_review=True,
        body_hash=report.body_hash,
    )
    audit.record(
        by=by,
        action="quarantine.undone",
        obj=f"annotation:{report.pk}",
        utterance=report.utterance_id,
    )
