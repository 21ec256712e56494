"""The one writer of the trail. Call it inside the transaction of the change."""

import json
from typing import Any

from annotations.models import AuditEvent, User
from annotations.services import prepared
from annotations.services.prepared import Batch


def record(
    *,
    by: User | None,
    action: str,
    obj: str,
    stream: str | None = None,
    into: Batch | None = None,
    **payload: Any,
) -> AuditEvent:
    """Append one fact; `by=None` is the system itself.

    action: verb phrase such as "label.submitted". obj: "kind:id". payload: identifiers
    and numbers only, never a caller's words. Each person has a stream, so that people
    working side by side do not wait for one another's commit. into: what the caller
    writes in one go.
    """
    actor = f"user:{by.pk}" if by else "system"
    event = AuditEvent(
        stream=stream or actor,
        actor=actor,
        action=action,
        object=obj,
        payload=json.dumps(payload, sort_keys=True, default=str),
    )
    if into is None:
        prepared.insert(event)
    else:
        into.insert(event)
    return event
