"""Promoting a challenger that the gate refused: two people, two reasons."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations import reasons
from annotations.errors import ConflictError, NotAllowedError, NotFoundError
from annotations.models import User
from annotations.services import audit
from training.models import ForcedPromotion, Round
from training.services import checkpoints, promotion

Status = ForcedPromotion.Status
FORCEABLE = (Round.Status.SHADOW, Round.Status.AWAITING, Round.Status.REJECTED)


class NothingToForceError(ConflictError):
    code = "nothing_to_force"


class ForceOpenError(ConflictError):
    code = "force_open"


class ForceDecidedError(ConflictError):
    code = "force_decided"


class SecondPersonNeededError(NotAllowedError):
    code = "second_person_needed"


@transaction.atomic
def request(*, round_id: int, by: User, reason: str) -> ForcedPromotion:
    """Ask for a refused challenger to be promoted; a second person has to confirm.

    Raises NothingToForceError where the gate did not refuse it, ChampionChangedError
    where another model serves by now and ForceOpenError where it was asked already.
    """
    reason = reasons.checked(reason)
    found = _forceable(round_id)
    if found.forced.filter(status=Status.REQUESTED).exists():
        raise ForceOpenError(_("This was asked for already; it waits to be confirmed."))
    asked = ForcedPromotion.objects.create(
        round=found, checkpoint=found.challenger, reason=reason, requested_by=by
    )
    audit.record(
        by=by,
        action="force.requested",
        obj=f"checkpoint:{found.challenger_id}",
        force=asked.pk,
        round=found.pk,
    )
    return asked


@transaction.atomic
def confirm(*, force_id: int, by: User, reason: str) -> ForcedPromotion:
    """A second person agrees: the challenger serves, against the gate.

    Raises SecondPersonNeededError for the one who asked.
    """
    reason = reasons.checked(reason)
    asked = _open(force_id)
    if asked.requested_by_id == by.pk:
        raise SecondPersonNeededError(
            _("You asked for this yourself; another ML engineer has to confirm it.")
        )
    found = _forceable(asked.round_id)
    promotion.check_gate_not_edited(found, by)
    _decide(asked, Status.CONFIRMED, by, reason)
    promotion.promote(
        checkpoint=asked.checkpoint,
        reason=f"Against the gate. {asked.reason} Confirmed: {reason}",
        by=by,
        instead_of=found.champion,
    )
    promotion.end(found, Round.Status.PROMOTED, by, f"Against the gate: {reason}")
    return asked


@transaction.atomic
def decline(*, force_id: int, by: User, reason: str) -> ForcedPromotion:
    """A second person refuses, or who asked takes it back."""
    reason = reasons.checked(reason)
    asked = _open(force_id)
    _decide(asked, Status.DECLINED, by, reason)
    return asked


def waiting() -> list[ForcedPromotion]:
    """What a second person may still confirm, the oldest first."""
    asked = (
        ForcedPromotion.objects.filter(status=Status.REQUESTED)
        .select_related(
            "requested_by", "checkpoint", "round__challenger", "round__champion"
        )
        .order_by("requested_at")
    )
    return [one for one in asked if is_forceable(one.round)]


def is_forceable(found: Round) -> bool:
    """Whether the gate refused a challenger that could still be promoted."""
    return (
        found.status in FORCEABLE
        and found.challenger is not None
        and found.challenger.gate_passed is False
        and checkpoints.champion(found.family) == found.champion
    )


def _forceable(round_id: int) -> Round:
    """The round, locked, whose challenger may be promoted against the gate."""
    found = promotion.locked_round(round_id)
    if found.status not in FORCEABLE or found.challenger is None:
        raise NothingToForceError(
            _("Only a challenger the gate refused can be forced.")
        )
    if found.challenger.gate_passed is not False:
        raise NothingToForceError(
            _("The gate did not refuse it: nothing has to be forced.")
        )
    if checkpoints.champion(found.family) != found.champion:
        raise promotion.ChampionChangedError(
            _(
                "Another model serves since the comparison; start a round to compare"
                " again."
            )
        )
    return found


def _open(force_id: int) -> ForcedPromotion:
    asked = (
        ForcedPromotion.objects.select_for_update(of=("self",))
        .select_related("checkpoint", "requested_by")
        .filter(pk=force_id)
        .first()
    )
    if asked is None:
        raise NotFoundError(_("There is no such request."))
    if asked.status != Status.REQUESTED:
        raise ForceDecidedError(_("This was decided already."))
    return asked


def _decide(asked: ForcedPromotion, status: str, by: User, reason: str) -> None:
    asked.status, asked.decided_by, asked.decision = status, by, reason
    asked.decided_at = timezone.now()
    asked.save(update_fields=["status", "decided_by", "decision", "decided_at"])
    audit.record(
        by=by,
        action=f"force.{status}",
        obj=f"checkpoint:{asked.checkpoint_id}",
        force=asked.pk,
        round=asked.round_id,
    )
