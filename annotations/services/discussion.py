"""What people say to one another about an intent."""

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotations.errors import InvalidError, NotAllowedError, NotFoundError
from annotations.intake.redaction import redact
from annotations.models import Intent, IntentRemark, Role, User
from annotations.services import audit

MOST_LETTERS = 2000
SETTLERS = (Role.REVIEWER, Role.PRODUCT_OWNER)


@transaction.atomic
def comment(*, intent: Intent, text: str, by: User) -> IntentRemark:
    """The remark stands on the intent's page, personal data taken out of it."""
    said = text.replace("\r\n", "\n").strip()
    if not said:
        raise InvalidError(_("Write something first."))
    if len(said) > MOST_LETTERS:
        raise InvalidError(
            _("A comment has at most %(most)s characters.") % {"most": MOST_LETTERS}
        )
    remark = IntentRemark.objects.create(intent=intent, text=redact(said).text, by=by)
    audit.record(
        by=by, action="intent.remarked", obj=f"intent:{intent.pk}", remark=remark.pk
    )
    return remark


def may_resolve(remark: IntentRemark, person: User) -> bool:
    return remark.by_id == person.pk or person.has_role(*SETTLERS)


@transaction.atomic
def resolve(*, intent: Intent, remark_id: int, by: User) -> IntentRemark:
    """Nobody has to do anything about the remark any more. Twice changes nothing."""
    remark = IntentRemark.objects.select_for_update().filter(
        pk=remark_id, intent=intent
    )
    found = remark.first()
    if found is None:
        raise NotFoundError(_("There is no such comment."))
    if not may_resolve(found, by):
        raise NotAllowedError(
            _("Whoever wrote the comment, a reviewer or a product owner resolves it.")
        )
    if found.resolved_at is None:
        remark.update(resolved_by=by, resolved_at=Now())
        audit.record(
            by=by,
            action="intent.remark_resolved",
            obj=f"intent:{intent.pk}",
            remark=found.pk,
        )
        found.refresh_from_db()
    return found
