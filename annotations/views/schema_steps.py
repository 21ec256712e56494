"""The steps in the life of a version, as its page offers them."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from annotations.doorbell import ring
from annotations.errors import DomainError, InvalidError, NotFoundError
from annotations.models import LabelMigration, SchemaVersion, User
from annotations.services import schemas
from annotations.tasks import migrate_labels
from annotations.views.schema_lookup import to_version, version_numbered
from annotations.views.sent import number

Status = SchemaVersion.Status


def act(request: HttpRequest, name: str, number: int, action: str) -> HttpResponse:
    """One step in the life of a version."""
    shown = version_numbered(name, number)
    if action not in ACTIONS:
        raise NotFoundError(_("There is no such step."))
    try:
        message = ACTIONS[action](shown, request)
    except DomainError as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, message)
    return to_version(shown)


def _approve(version: SchemaVersion, request: HttpRequest) -> str:
    done = schemas.approve(
        version=version,
        by=request.user,
        reason=request.POST.get("reason", ""),
        content_hash=request.POST.get("content_hash", ""),
        put_live=request.POST.get("later") != "1",
    )
    if done.status != Status.LIVE:
        return _("Approved.")
    _ring(done)
    return _("Approved and live.")


def _emergency(version: SchemaVersion, request: HttpRequest) -> str:
    second = User.objects.filter(
        pk=number(request.POST.get("second", "")), is_active=True
    ).first()
    if second is None:
        raise InvalidError(_("Choose the second approver."))
    done = schemas.approve_in_emergency(
        version=version,
        by=request.user,
        second=second,
        reason=request.POST.get("reason", ""),
    )
    _ring(done)
    return _("Live. A review by somebody else is still due.")


def _submit(version: SchemaVersion, request: HttpRequest) -> str:
    schemas.submit(version=version, by=request.user)
    return _("In review.")


def _reject(version: SchemaVersion, request: HttpRequest) -> str:
    schemas.reject(
        version=version, by=request.user, reason=request.POST.get("reason", "")
    )
    return _("Sent back to its author.")


def _comment(version: SchemaVersion, request: HttpRequest) -> str:
    schemas.comment(version=version, by=request.user, text=request.POST.get("text", ""))
    return _("Noted.")


def _publish(version: SchemaVersion, request: HttpRequest) -> str:
    _ring(schemas.publish(version=version, by=request.user))
    return _("Live.")


def _ring(live: SchemaVersion) -> None:
    """A worker brings the labels over now instead of at the next sweep."""
    if migration := LabelMigration.objects.filter(version=live).first():
        ring(migrate_labels, migration.pk)


def _retire(version: SchemaVersion, request: HttpRequest) -> str:
    schemas.retire(version=version, by=request.user)
    return _("Retired.")


def _follow_up(version: SchemaVersion, request: HttpRequest) -> str:
    schemas.follow_up(
        version=version, by=request.user, reason=request.POST.get("reason", "")
    )
    return _("Reviewed.")


ACTIONS = {
    "submit": _submit,
    "approve": _approve,
    "emergency": _emergency,
    "reject": _reject,
    "comment": _comment,
    "publish": _publish,
    "retire": _retire,
    "follow-up": _follow_up,
}


def offered(version: SchemaVersion, person: User) -> set[str]:
    """The steps that the page offers this person; the service decides again."""
    if not person.has_role("product_owner"):
        return set()
    is_author = version.proposed_by_id == person.pk
    steps = {"comment"}
    if version.status == Status.DRAFT and is_author:
        steps |= {"edit", "submit"}
    if version.status == Status.IN_REVIEW:
        steps |= {"edit"} if is_author else {"emergency"}
        if schemas.may_approve(version, person):
            steps |= {"approve", "reject"}
    if version.status == Status.APPROVED:
        steps |= {"publish"}
    if version.status == Status.DEPRECATED:
        steps |= {"retire"}
    involved = {version.proposed_by_id, version.approved_by_id}
    involved.add(version.second_approver_id)
    owes = version.is_emergency and not version.followed_up_by_id
    if owes and person.pk not in involved:
        steps |= {"follow-up"}
    return steps


def possible_seconds(version: SchemaVersion, person: User) -> Any:
    return User.objects.filter(
        roles__contains=["product_owner"], is_active=True
    ).exclude(pk__in=[version.proposed_by_id, person.pk])
