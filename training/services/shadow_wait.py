"""Rounds that only lack live turns: they wait in shadow, and are decided once.

Every step is one transaction under the round's lock, so a worker that dies in it has
done nothing, and the next sweep does it.
"""

import logging
from typing import Any

from django.db import transaction

from training.failpoints import failpoint
from training.ml import shadow
from training.models import Checkpoint, Round
from training.services import (
    checkpoints,
    judgement,
    promotion,
    round_log,
    rounds,
    shadow_compare,
)
from training.services.rounds import Status

logger = logging.getLogger(__name__)


def is_needed(found: Round, verdict: dict[str, Any]) -> bool:
    """Whether live turns are all that a judged challenger lacks.

    Without a champion nobody answers live turns, so there is nothing to wait for.
    """
    return bool(
        verdict["passed"] and verdict["gates"]["min_shadow"] and found.champion_id
    )


def sweep() -> None:
    """Every round in shadow that has enough turns is decided."""
    waiting = Round.objects.filter(status=Status.SHADOW).order_by("pk")
    for round_id in list(waiting.values_list("pk", flat=True)):
        settle(round_id)


@transaction.atomic
def settle(round_id: int) -> str:
    """Count the round's turns, and decide it if they are enough; returns its status.

    The policy says whether a person decides. A challenger whose champion no longer
    serves is rejected: what it was compared with is gone.
    """
    found = promotion.locked_round(round_id)
    if found.status != Status.SHADOW:
        return str(found.status)
    promotion.lock(found.family)
    if checkpoints.champion(found.family) != found.champion:
        _supersede(found)
        return _status(round_id)
    seen = shadow_compare.seen(found)
    if seen < found.shadow_needed:
        if seen != found.shadow_seen:
            Round.objects.filter(pk=round_id).update(shadow_seen=seen)
        return str(found.status)
    _decide(found, seen)
    failpoint("shadow.decided")
    return _status(round_id)


def _decide(found: Round, seen: int) -> None:
    challenger = found.challenger
    assert challenger is not None, "the database says so of a round in shadow"
    verdict = _with_shadow(found, seen)
    Checkpoint.objects.filter(pk=challenger.pk).update(gate_passed=True)
    challenger.gate_passed = True
    round_log.say_of(found, f"Compared on {seen} live turns: the gate opens.")
    ending = {"verdict": verdict, "shadow_seen": seen}
    if judgement.needs_a_person(found, verdict):
        rounds.leave_to_a_person(found, **ending)
        return
    rounds.end(found, Status.PROMOTED, ending)
    promotion.promote(
        checkpoint=challenger,
        reason=" ".join(verdict["reasons"]),
        by=None,
        instead_of=found.champion,
    )


def _with_shadow(found: Round, seen: int) -> dict[str, Any]:
    compared = shadow_compare.of_round(found)
    told = shadow.checks(compared, seen, found.shadow_needed)
    verdict = found.verdict
    return {
        **verdict,
        "passed": all(check["passed"] for check in verdict["checks"]),
        "reasons": [*verdict["reasons"], *(check.reason for check in told)],
        "checks": [*verdict["checks"], *(vars(check) for check in told)],
        "shadow": compared.as_json() if compared else None,
    }


def _supersede(found: Round) -> None:
    compared = shadow_compare.of_round(found)
    said = (
        "Another model serves since this one was compared, so the comparison no longer "
        "holds. The next round compares again."
    )
    verdict = {
        **found.verdict,
        "reasons": [*found.verdict["reasons"], said],
        "shadow": compared.as_json() if compared else None,
    }
    rounds.end(found, Status.REJECTED, {"verdict": verdict})
    logger.info("round superseded in shadow", extra={"round": found.pk})


def _status(round_id: int) -> str:
    return str(Round.objects.values_list("status", flat=True).get(pk=round_id))
