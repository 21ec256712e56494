"""What a round's page says of its challenger on live turns."""

from typing import Any

from training.models import Round
from training.services import shadow_compare

OPEN = (Round.Status.SHADOW, Round.Status.AWAITING)


def section(found: Round) -> dict[str, Any] | None:
    """The comparison as it was kept with the decision, else as it is now.

    None while the round works or where it made no model.
    """
    if found.is_working or found.challenger is None:
        return None
    is_waiting = found.status == Round.Status.SHADOW
    kept = found.verdict.get("shadow")
    return {
        "found": kept or shadow_compare.of_round(found),
        "needed": found.shadow_needed,
        "seen": shadow_compare.seen(found) if is_waiting else found.shadow_seen,
        "is_waiting": is_waiting,
        "is_open": found.status in OPEN,
    }
