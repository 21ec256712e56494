"""The life of a schema version: draft, in review, approved, live, deprecated, retired.

Nobody approves their own version, an approval is of the very text that was read, and
one version of a function is live at a time.
"""

import hashlib
import json
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotations import reasons
from annotations.errors import ConflictError, InvalidError, NotAllowedError
from annotations.functions import diff
from annotations.functions.schema import read
from annotations.models import (
    Function,
    Intent,
    LabelMigration,
    SchemaRemark,
    SchemaVersion,
    User,
)
from annotations.services import audit
from annotations.services.schema_content import (
    checked_examples,
    checked_renames,
    failing_examples,
    read_body,
)

Kind = SchemaRemark.Kind
Status = SchemaVersion.Status
FIRST_VERSION = "1.0.0"


def canonical_text(body: dict[str, Any]) -> str:
    """The one spelling of a schema that hashes and approvals refer to."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def live_of(function: Function) -> SchemaVersion | None:
    return function.versions.filter(status=Status.LIVE).first()


@transaction.atomic
def draft(
    *,
    intent: Intent,
    name: str,
    body: dict[str, Any],
    by: User,
    description: str = "",
    summary: str = "",
    renames: dict[str, str] | None = None,
    examples: list[dict[str, Any]] | None = None,
) -> SchemaVersion:
    """A new draft of the intent's function exists; the function is made if need be.

    Raises InvalidError with every fault where the schema is outside the subset.
    """
    node = read_body(canonical_text(body))
    function, is_new = Function.objects.select_for_update().get_or_create(
        name=name,
        defaults={
            "intent": intent,
            "domain": intent.domain,
            "description": description,
        },
    )
    if not is_new and function.intent_id != intent.pk:
        raise ConflictError(
            _("The function %(name)s belongs to another intent.") % {"name": name}
        )
    number = function.versions.aggregate(last=Max("number"))["last"] or 0
    text = canonical_text(body)
    version = SchemaVersion.objects.create(
        function=function,
        number=number + 1,
        canonical=text,
        content_hash=_sha256(text),
        proposed_by=by,
        summary=summary.strip(),
        renames=checked_renames(live_of(function), node, renames or {}),
        examples=checked_examples(node, examples or []),
    )
    _record(version, "schema.drafted", by)
    return version


@transaction.atomic
def edit(
    *,
    version: SchemaVersion,
    by: User,
    body: dict[str, Any],
    summary: str = "",
    renames: dict[str, str] | None = None,
    examples: list[dict[str, Any]] | None = None,
) -> SchemaVersion:
    """The version has the new text and is a draft again: any approval is void."""
    version = _lock(version)
    if version.status not in (Status.DRAFT, Status.IN_REVIEW, Status.APPROVED):
        raise ConflictError(
            _("Version %(number)s is %(status)s; propose a new version instead.")
            % {"number": version.number, "status": version.get_status_display().lower()}
        )
    if version.proposed_by_id != by.pk:
        raise NotAllowedError(_("Only its author edits a version; propose your own."))
    node = read_body(canonical_text(body))
    if version.status == Status.APPROVED:
        _remark(version, Kind.VOIDED, by, "")
    # Two steps: the database refuses another text while an approval stands.
    version.status = Status.DRAFT
    version.approved_by = version.second_approver = None
    version.approved_at = None
    version.approval_reason = ""
    version.is_emergency = False
    version.save()
    version.canonical = canonical_text(body)
    version.content_hash = _sha256(version.canonical)
    version.summary = summary.strip()
    version.renames = checked_renames(live_of(version.function), node, renames or {})
    version.examples = checked_examples(node, examples or [])
    version.save()
    _record(version, "schema.edited", by)
    return version


@transaction.atomic
def submit(*, version: SchemaVersion, by: User) -> SchemaVersion:
    """The draft is in review."""
    version = _lock(version)
    if version.status != Status.DRAFT:
        raise ConflictError(
            _("Version %(number)s is not a draft.") % {"number": version.number}
        )
    if version.proposed_by_id != by.pk:
        raise NotAllowedError(_("Only its author sends a draft to review."))
    failing = failing_examples(version)
    if failing:
        raise InvalidError(
            _("Fix the examples first: %(failing)s") % {"failing": " ".join(failing)}
        )
    version.status = Status.IN_REVIEW
    version.save(update_fields=["status"])
    _remark(version, Kind.SUBMITTED, by, version.summary)
    _record(version, "schema.submitted", by)
    return version


@transaction.atomic
def propose(
    *, intent: Intent, name: str, body: dict[str, Any], by: User, description: str = ""
) -> SchemaVersion:
    """Draft and send to review in one step."""
    version = draft(intent=intent, name=name, body=body, by=by, description=description)
    return submit(version=version, by=by)


@transaction.atomic
def approve(
    *,
    version: SchemaVersion,
    by: User,
    reason: str,
    content_hash: str | None = None,
    put_live: bool = True,
) -> SchemaVersion:
    """The text that was read is approved and, unless asked otherwise, live.

    content_hash: that of the text which the approver saw; ConflictError if it was
    edited since.
    """
    version = _lock(version)
    _may_decide(version, by, content_hash)
    version.status = Status.APPROVED
    version.approved_by = by
    version.approved_at = Now()
    version.approval_reason = _reason(reason)
    version.save()
    version.refresh_from_db(fields=["approved_at"])
    _remark(version, Kind.APPROVED, by, version.approval_reason)
    _record(version, "schema.approved", by)
    return publish(version=version, by=by) if put_live else version


@transaction.atomic
def approve_in_emergency(
    *, version: SchemaVersion, by: User, second: User, reason: str
) -> SchemaVersion:
    """Two people put a version live at once; a review afterwards stays owed.

    Neither needs to own the domain; neither may be the author.
    """
    version = _lock(version)
    for person in (by, second):
        _may_decide(version, person, None, in_domain=False)
    if by.pk == second.pk:
        raise NotAllowedError(_("An emergency needs two different approvers."))
    version.status = Status.APPROVED
    version.is_emergency = True
    version.approved_by, version.second_approver = by, second
    version.approved_at = Now()
    version.approval_reason = _reason(reason)
    version.save()
    version.refresh_from_db(fields=["approved_at"])
    for person in (by, second):
        _remark(version, Kind.APPROVED, person, version.approval_reason)
    _record(version, "schema.approved_in_emergency", by, second=second.pk)
    return publish(version=version, by=by)


@transaction.atomic
def follow_up(*, version: SchemaVersion, by: User, reason: str) -> SchemaVersion:
    """The review that an emergency left open is done."""
    version = _lock(version)
    if not version.is_emergency or version.followed_up_by_id:
        raise ConflictError(_("No review is due for this version."))
    if by.pk in (version.approved_by_id, version.second_approver_id):
        raise NotAllowedError(_("Somebody who did not approve it has to review it."))
    if by.pk == version.proposed_by_id:
        raise NotAllowedError(_("You proposed this version; somebody else reviews it."))
    version.followed_up_by = by
    version.save(update_fields=["followed_up_by"])
    _remark(version, Kind.FOLLOWED_UP, by, _reason(reason))
    _record(version, "schema.followed_up", by)
    return version


@transaction.atomic
def reject(*, version: SchemaVersion, by: User, reason: str) -> SchemaVersion:
    """The version is a draft again, with the reason beside it."""
    version = _lock(version)
    _may_decide(version, by, None)
    version.status = Status.DRAFT
    version.save(update_fields=["status"])
    _remark(version, Kind.REJECTED, by, _reason(reason))
    _record(version, "schema.rejected", by)
    return version


@transaction.atomic
def comment(*, version: SchemaVersion, by: User, text: str) -> SchemaRemark:
    if not text.strip():
        raise InvalidError(_("Write something first."))
    remark = _remark(version, Kind.COMMENT, by, text.strip())
    _record(version, "schema.commented", by)
    return remark


@transaction.atomic
def publish(*, version: SchemaVersion, by: User) -> SchemaVersion:
    """An approved version is live; the earlier one is deprecated, its labels due."""
    version = _lock(version)
    if version.status != Status.APPROVED:
        raise ConflictError(
            _("Version %(number)s is not approved.") % {"number": version.number}
        )
    previous = live_of(version.function)
    version.version = _next_version(previous, version)
    if previous:
        previous.status = Status.DEPRECATED
        previous.save(update_fields=["status"])
        LabelMigration.objects.create(version=version, previous=previous)
    version.status = Status.LIVE
    version.live_at = Now()
    version.save()
    version.refresh_from_db(fields=["live_at"])
    _record(version, "schema.published", by, semantic=version.version)
    return version


@transaction.atomic
def retire(*, version: SchemaVersion, by: User) -> SchemaVersion:
    """A deprecated version is of the past: nothing may call it any more."""
    version = _lock(version)
    if version.status != Status.DEPRECATED:
        raise ConflictError(_("Only a deprecated version can be retired."))
    version.status = Status.RETIRED
    version.save(update_fields=["status"])
    _record(version, "schema.retired", by)
    return version


def may_approve(version: SchemaVersion, person: User) -> bool:
    """Whether the person is another than the author and owns the domain, if owned."""
    if version.proposed_by_id == person.pk:
        return False
    owners = set(version.function.domain.owners.values_list("pk", flat=True))
    return not owners or person.pk in owners


def _may_decide(
    version: SchemaVersion,
    by: User,
    content_hash: str | None,
    *,
    in_domain: bool = True,
) -> None:
    if version.status != Status.IN_REVIEW:
        raise ConflictError(
            _("Version %(number)s is not in review.") % {"number": version.number}
        )
    if version.proposed_by_id == by.pk:
        raise NotAllowedError(
            _("You proposed this version; somebody else has to decide about it.")
        )
    if in_domain and not may_approve(version, by):
        raise NotAllowedError(
            _("The owners of %(domain)s decide about it.")
            % {"domain": version.function.domain.title}
        )
    if content_hash is not None and content_hash != version.content_hash:
        raise ConflictError(
            _("This version was edited since you opened it. Look again.")
        )


def _next_version(previous: SchemaVersion | None, version: SchemaVersion) -> str:
    if previous is None:
        return FIRST_VERSION
    changes = diff.diff(read(previous.canonical), read(version.canonical))
    numbers = (previous.version or FIRST_VERSION).split(".")
    major, minor, patch = (int(number) for number in numbers)
    return diff.next_version((major, minor, patch), changes)


def _reason(text: str) -> str:
    if len(text.strip()) < reasons.LEAST:
        raise InvalidError(
            _("Give a reason of at least %(least)s characters.")
            % {"least": reasons.LEAST}
        )
    return text.strip()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _lock(version: SchemaVersion) -> SchemaVersion:
    """The row as it is now, locked with its function, so that one decides at a time."""
    Function.objects.select_for_update().get(pk=version.function_id)
    return SchemaVersion.objects.select_related("function__domain").get(pk=version.pk)


def _remark(version: SchemaVersion, kind: str, by: User, text: str) -> SchemaRemark:
    return SchemaRemark.objects.create(
        version=version,
        kind=kind,
        by=by,
        text=text,
        content_hash=version.content_hash,
    )


def _record(version: SchemaVersion, action: str, by: User, **more: Any) -> None:
    audit.record(
        by=by,
        action=action,
        obj=f"schema:{version.pk}",
        function=version.function_id,
        number=version.number,
        sha256=version.content_hash,
        **more,
    )
