"""The life of a schema version: proposed by one person, approved by another."""

import hashlib
import json
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from annotations.errors import ConflictError, InvalidError, NotAllowedError
from annotations.functions.schema import SchemaError, read
from annotations.models import Function, Intent, SchemaVersion, User
from annotations.services import audit

LEAST_REASON = 10


def canonical_text(body: dict[str, Any]) -> str:
    """The one spelling of a schema that hashes and approvals refer to."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@transaction.atomic
def propose(
    *, intent: Intent, name: str, body: dict[str, Any], by: User, description: str = ""
) -> SchemaVersion:
    """A new version of the intent's function is in review; the function is made.

    Raises InvalidError with every fault where the schema is outside the subset.
    """
    try:
        read(canonical_text(body))
    except SchemaError as refused:
        faults = [str(fault) for fault in refused.faults]
        raise InvalidError(" ".join(faults), faults=faults) from refused
    function, _ = Function.objects.select_for_update().get_or_create(
        name=name,
        defaults={
            "intent": intent,
            "domain": intent.domain,
            "description": description,
        },
    )
    number = function.versions.aggregate(last=Max("number"))["last"] or 0
    text = canonical_text(body)
    version = SchemaVersion.objects.create(
        function=function,
        number=number + 1,
        canonical=text,
        content_hash=hashlib.sha256(text.encode()).hexdigest(),
        status=SchemaVersion.Status.IN_REVIEW,
        proposed_by=by,
    )
    _record(version, "schema.proposed", by)
    return version


@transaction.atomic
def approve(*, version: SchemaVersion, by: User, reason: str) -> SchemaVersion:
    """The version is live from now on; the earlier live one is deprecated."""
    version = SchemaVersion.objects.select_for_update().get(pk=version.pk)
    if version.status != SchemaVersion.Status.IN_REVIEW:
        raise ConflictError(f"Version {version.number} is not in review.")
    if version.proposed_by_id == by.pk:
        raise NotAllowedError(
            "You proposed this version; somebody else has to approve it."
        )
    if len(reason.strip()) < LEAST_REASON:
        raise InvalidError(f"Give a reason of at least {LEAST_REASON} characters.")
    SchemaVersion.objects.filter(
        function=version.function_id, status=SchemaVersion.Status.LIVE
    ).update(status=SchemaVersion.Status.DEPRECATED)
    version.status = SchemaVersion.Status.LIVE
    version.approved_by = by
    version.approved_at = Now()
    version.approval_reason = reason.strip()
    version.save(
        update_fields=["status", "approved_by", "approved_at", "approval_reason"]
    )
    version.refresh_from_db(fields=["approved_at"])
    _record(version, "schema.approved", by)
    return version


def _record(version: SchemaVersion, action: str, by: User) -> None:
    audit.record(
        by=by,
        action=action,
        obj=f"schema:{version.pk}",
        function=version.function_id,
        number=version.number,
        sha256=version.content_hash,
    )
