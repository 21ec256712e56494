"""When a round is due, who works on it, and how it ends: exactly once.

A round belongs to whoever holds its newest fencing token. Every write of a worker
names its token, so that one who was believed dead and comes back can change nothing.
Times are the database's.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.errors import ConflictError, InvalidError, NotFoundError
from annotations.models import User, Utterance
from annotations.services import audit
from training.models import FAMILY, Checkpoint, Policy, Round, RoundStep
from training.services import datasets, doorbell, dues

logger = logging.getLogger(__name__)

SILENCE = timedelta(seconds=60)
UNHEARD = timedelta(seconds=30)
MAX_ATTEMPTS = 3
LEAST_INTENTS = 2  # to tell apart
Status = Round.Status


class RoundRunningError(ConflictError):
    code = "round_running"

    def __init__(self) -> None:
        super().__init__(_("A round is already running; wait for it."))


class RoundEndedError(ConflictError):
    code = "round_ended"


class NothingToTrainOnError(InvalidError):
    code = "nothing_to_train_on"


class ClaimLostError(RuntimeError):
    """Somebody else holds the round, or it has ended: stop without a trace."""


@dataclass(frozen=True)
class Claim:
    """The right to write to a round, while no newer token exists."""

    round_id: int
    token: int
    attempt: int


def start_due() -> Round | None:
    """Request a round for the first policy that is due; None where nothing starts."""
    for due in dues.current():
        if due.is_due:
            try:
                return request(policy=due.policy, cause=due.cause, by=None)
            except (RoundRunningError, NothingToTrainOnError) as error:
                logger.info("round not started", extra={"code": error.code})
                return None
    return None


def request(
    *,
    policy: Policy,
    cause: str,
    by: User | None,
    backend: str = "encoder",
    recipe: str | None = None,
    seed: int = 0,
) -> Round:
    """Store the wish for a round and ring for a worker.

    recipe None: as the policy says for so many labels. Raises RoundRunningError where
    one is at work, and NothingToTrainOnError below two labeled intents.
    """
    n_gold, n_intents = trainable()
    if n_intents < LEAST_INTENTS:
        raise NothingToTrainOnError(
            _(
                "A round needs gold labels of at least two intents; there are"
                " %(labels)s of %(intents)s."
            )
            % {"labels": n_gold, "intents": n_intents}
        )
    if Round.objects.filter(family=FAMILY, status__in=Round.WORKING).exists():
        # Asked first, since a refused insert takes a number that no round ever has.
        raise RoundRunningError
    try:
        with transaction.atomic():
            found = Round.objects.create(
                family=FAMILY,
                policy=policy,
                recipe=recipe or recipe_for(policy, n_gold),
                backend=backend,
                cause=cause,
                requested_by=by,
                seed=seed,
            )
            audit.record(
                by=by,
                action="round.requested",
                obj=f"round:{found.pk}",
                iteration=policy.iteration,
                recipe=found.recipe,
            )
            doorbell.ring_round(found.pk)
    except IntegrityError as error:
        if "one_working_round_per_family" not in str(error):
            raise
        raise RoundRunningError from None
    return found


def trainable() -> tuple[int, int]:
    """How many gold labels can be trained on, and of how many intents in scope."""
    labels = datasets.gold().filter(utterance__split=Utterance.Split.TRAIN)
    inside = labels.filter(intent__is_out_of_scope=False)
    return labels.count(), inside.values("intent_id").distinct().count()


def recipe_for(policy: Policy, n_gold: int) -> str:
    """Fine-tuning pays from some number of labels on, if the policy wants it."""
    wants = policy.recipe == Policy.Recipe.FINETUNE
    enough = n_gold >= policy.finetune_from
    return Policy.Recipe.FINETUNE if wants and enough else Policy.Recipe.HEAD


def get(round_id: int) -> Round:
    found = (
        Round.objects.select_related(
            "policy", "snapshot", "challenger", "champion", "requested_by", "decided_by"
        )
        .filter(pk=round_id)
        .first()
    )
    if found is None:
        raise NotFoundError(_("There is no round %(round)s.") % {"round": round_id})
    return found


@transaction.atomic
def claim(round_id: int, *, worker: str) -> Claim | None:
    """Take a working round that nobody works on; None where there is nothing to do.

    A round cancelled meanwhile, or tried too often, ends here.
    """
    rows = Round.objects.select_for_update().filter(
        pk=round_id, status__in=Round.WORKING
    )
    found = rows.first()
    if found is None or rows.filter(heartbeat_at__gte=Now() - SILENCE).exists():
        return None
    if found.cancel_requested_at is not None:
        end(found, Status.CANCELLED, {})
        return None
    if found.attempts >= MAX_ATTEMPTS:
        cause = found.error or "The worker died each time without saying why."
        end(found, Status.FAILED, {"error": _tried_too_often(cause)})
        return None
    token, attempt = found.fencing_token + 1, found.attempts + 1
    Round.objects.filter(pk=round_id).update(
        fencing_token=token,
        attempts=attempt,
        heartbeat_at=Now(),
        started_at=found.started_at or Now(),
        worker=worker[:120],
    )
    claimed = Claim(round_id, token, attempt)
    if found.status != Status.REQUESTED:
        _open_step(claimed, found.status)
    logger.info("round claimed", extra={"round": round_id, "attempt": attempt})
    return claimed


def write(claim: Claim, **fields: Any) -> None:
    """Change the round as its holder. Raises ClaimLostError where that is past."""
    if not _held(claim).update(**fields):
        raise ClaimLostError


def beat(claim: Claim) -> bool:
    """Say that the holder lives; False where the claim is lost."""
    return bool(_held(claim).update(heartbeat_at=Now()))


def is_cancelled(claim: Claim) -> bool:
    """Whether the holder should stop. Raises ClaimLostError where it must."""
    found = _held(claim).values_list("cancel_requested_at", flat=True)
    rows = list(found)
    if not rows:
        raise ClaimLostError
    return rows[0] is not None


@transaction.atomic
def enter(claim: Claim, status: str, **fields: Any) -> None:
    """Move the round to a step, closing the step before."""
    write(claim, status=status, progress={}, **fields)
    _open_step(claim, status)


def note(claim: Claim, status: str, detail: dict[str, Any]) -> None:
    """Keep what a step found out."""
    RoundStep.objects.filter(
        round_id=claim.round_id, name=status, attempt=claim.attempt
    ).update(detail=detail)


@transaction.atomic
def finish(claim: Claim, status: str, **fields: Any) -> None:
    """End the round as its holder. Raises ClaimLostError where that is past."""
    found = _held(claim).select_for_update().first()
    if found is None:
        raise ClaimLostError
    end(found, status, fields)


@transaction.atomic
def await_decision(claim: Claim, **fields: Any) -> None:
    """Leave the rest to a person."""
    write(claim, status=Status.AWAITING, progress={}, heartbeat_at=None, **fields)
    _close_steps(claim.round_id)
    audit.record(by=None, action="round.awaiting", obj=f"round:{claim.round_id}")


@transaction.atomic
def await_live_turns(claim: Claim, *, needed: int, verdict: dict[str, Any]) -> None:
    """Leave the rest to live turns: every other condition holds."""
    write(
        claim,
        status=Status.SHADOW,
        progress={},
        heartbeat_at=None,
        shadow_needed=needed,
        shadow_seen=0,
        verdict=verdict,
    )
    _close_steps(claim.round_id)
    audit.record(by=None, action="round.in_shadow", obj=f"round:{claim.round_id}")


def leave_to_a_person(found: Round, **fields: Any) -> None:
    """Under the row's lock: nothing is missing but a decision."""
    Round.objects.filter(pk=found.pk).update(status=Status.AWAITING, **fields)
    audit.record(by=None, action="round.awaiting", obj=f"round:{found.pk}")


def release(claim: Claim, error: str) -> None:
    """Give the round back after a fault; the sweep has it tried again, not for ever."""
    if claim.attempt >= MAX_ATTEMPTS:
        finish(claim, Status.FAILED, error=_tried_too_often(error))
        return
    write(claim, heartbeat_at=None, error=error, progress={})


@transaction.atomic
def cancel(*, round_id: int, by: User) -> Round:
    """Stop a round that works or waits for live turns: at once where nobody works on
    it, else within seconds."""
    found = Round.objects.select_for_update().filter(pk=round_id).first()
    if found is None:
        raise NotFoundError(_("There is no round %(round)s.") % {"round": round_id})
    if not found.is_working and found.status != Status.SHADOW:
        raise RoundEndedError(_("This round is no longer running."))
    if found.cancel_requested_at is None:
        audit.record(by=by, action="round.cancel_requested", obj=f"round:{found.pk}")
        Round.objects.filter(pk=round_id).update(cancel_requested_at=Now())
    if not is_held(found):
        end(found, Status.CANCELLED, {})
    return get(round_id)


def sweep() -> None:
    """Start what is due and ring again for what nobody works on."""
    start_due()
    unheard = Q(heartbeat_at__isnull=True, requested_at__lt=Now() - UNHEARD)
    silent = Q(heartbeat_at__lt=Now() - SILENCE)
    stuck = Round.objects.filter(unheard | silent, status__in=Round.WORKING)
    for round_id in stuck.values_list("pk", flat=True):
        logger.info("round rung again", extra={"round": round_id})
        doorbell.ring_round(round_id)


def locked_status(claim: Claim) -> str:
    """The round's state, held until the transaction ends. Raises ClaimLostError."""
    found = _held(claim).select_for_update().values_list("status", flat=True).first()
    if found is None:
        raise ClaimLostError
    return str(found)


def _held(claim: Claim) -> QuerySet[Round]:
    return Round.objects.filter(
        pk=claim.round_id, fencing_token=claim.token, status__in=Round.WORKING
    )


def is_held(found: Round) -> bool:
    """Whether a worker said lately that it works on the round."""
    return Round.objects.filter(pk=found.pk, heartbeat_at__gte=Now() - SILENCE).exists()


def end(
    found: Round, status: str, fields: dict[str, Any], *, by: User | None = None
) -> None:
    """Under the row's lock: the round is over, and no token is valid any more.

    by: the person who decided it; None where its worker or a sweep did.
    """
    Round.objects.filter(pk=found.pk).update(
        status=status,
        finished_at=Now(),
        heartbeat_at=None,
        progress={},
        fencing_token=F("fencing_token") + 1,
        **fields,
    )
    _close_steps(found.pk)
    if status in (Status.REJECTED, Status.FAILED, Status.CANCELLED):
        Checkpoint.objects.filter(
            round_id=found.pk, state=Checkpoint.State.CANDIDATE
        ).update(state=Checkpoint.State.REJECTED)
    audit.record(
        by=by,
        action=f"round.{status}",
        obj=f"round:{found.pk}",
        checkpoint=found.challenger_id,
    )
    logger.info("round ended", extra={"round": found.pk, "status": str(status)})


def _open_step(claim: Claim, status: str) -> None:
    """This attempt is in that step now, and in no other."""
    _close_steps(claim.round_id)
    RoundStep.objects.update_or_create(
        round_id=claim.round_id,
        name=status,
        attempt=claim.attempt,
        defaults={"started_at": timezone.now(), "finished_at": None},
    )


def _close_steps(round_id: int) -> None:
    RoundStep.objects.filter(round_id=round_id, finished_at__isnull=True).update(
        finished_at=timezone.now()
    )


def _tried_too_often(cause: str) -> str:
    return f"Given up after {MAX_ATTEMPTS} attempts. The last fault: {cause}"
