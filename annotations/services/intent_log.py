"""An intent's change log, written together with the audit event of the change."""

from typing import Any

from annotations.models import Intent, IntentChange, User
from annotations.services import audit


def note(
    *, intent: Intent, kind: str, by: User | None, what: dict[str, Any] | None = None
) -> IntentChange:
    """One more line of the log, and its event. Call it inside the transaction.

    what: field -> [before, after], or ids; never a caller's words.
    """
    change = IntentChange.objects.create(
        intent=intent, kind=kind, by=by, what=what or {}
    )
    audit.record(
        by=by,
        action=f"intent.{kind}",
        obj=f"intent:{intent.pk}",
        change=change.pk,
        fields=sorted(change.what),
    )
    return change
