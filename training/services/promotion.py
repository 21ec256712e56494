"""Which model serves: one champion a family, and a reason for every change."""

from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations import reasons
from annotations.errors import (
    ConflictError,
    NotAllowedError,
    NotFoundError,
)
from annotations.models import User
from annotations.services import audit
from training.failpoints import failpoint
from training.models import FAMILY, Checkpoint, Promotion, Round
from training.services import (
    checkpoints,
    confusions,
    doorbell,
    policies,
    rounds,
    shadow_compare,
)


class RoundNotAwaitingError(ConflictError):
    code = "round_not_awaiting"


class ChampionChangedError(ConflictError):
    """The model the challenger was compared with no longer serves."""

    code = "champion_changed"


class GateNotPassedError(ConflictError):
    """One person alone may not promote what the gate refused."""

    code = "gate_not_passed"


class GateEditedError(NotAllowedError):
    """Who changed the gate while the round ran does not decide on it."""

    code = "gate_edited"


class NothingToRollBackError(ConflictError):
    code = "nothing_to_roll_back"


@transaction.atomic
def promote(
    *,
    checkpoint: Checkpoint,
    reason: str,
    by: User | None,
    instead_of: Checkpoint | None,
) -> Promotion:
    """Make `checkpoint` the champion; the one before is retired.

    instead_of: whom it was compared with. Raises ChampionChangedError where somebody
    else serves by now.
    """
    lock(checkpoint.family)
    now_serving = checkpoints.champion(checkpoint.family)
    if now_serving != instead_of:
        raise ChampionChangedError(
            _("The champion changed since the comparison; it has to be made again.")
        )
    if now_serving == checkpoint:
        return Promotion.objects.get(checkpoint=checkpoint, to_at__isnull=True)
    promotion = _change(checkpoint, now_serving, reason, by)
    audit.record(
        by=by,
        action="checkpoint.promoted",
        obj=f"checkpoint:{checkpoint.pk}",
        promotion=promotion.pk,
        instead_of=now_serving.pk if now_serving else None,
        gate_passed=checkpoint.gate_passed,
    )
    return promotion


@transaction.atomic
def approve(*, round_id: int, by: User, reason: str) -> Round:
    """A person promotes the challenger of a round that awaits a decision.

    Raises GateNotPassedError where the gate refused it: two people have to want that
    (`force`); and GateEditedError for who changed the policy since the round began.
    """
    reason = reasons.checked(reason)
    found = _awaiting(round_id)
    if found.status == Round.Status.SHADOW:
        raise GateNotPassedError(
            _(
                "It was compared on %(seen)s of %(needed)s live turns. Wait for the"
                " others, or ask for it below; another ML engineer has to confirm."
            )
            % {"seen": found.shadow_seen, "needed": found.shadow_needed}
        )
    if not found.challenger.gate_passed:
        raise GateNotPassedError(
            _(
                "The gate did not pass this challenger. To promote it anyway, ask "
                "for it below; another ML engineer has to confirm."
            )
        )
    check_gate_not_edited(found, by)
    promote(
        checkpoint=found.challenger,
        reason=reason,
        by=by,
        instead_of=found.champion,
    )
    end(found, Round.Status.PROMOTED, by, reason)
    return found


@transaction.atomic
def reject(*, round_id: int, by: User, reason: str) -> Round:
    """A person declines the challenger of a round that awaits a decision."""
    reason = reasons.checked(reason)
    found = _awaiting(round_id)
    end(found, Round.Status.REJECTED, by, reason)
    return found


@transaction.atomic
def roll_back(
    *, family: str = FAMILY, by: User, reason: str, instead_of: Checkpoint | None
) -> Promotion:
    """The champion before this one serves again.

    instead_of: whom the person saw serving. Raises ChampionChangedError where somebody
    else serves by now.
    """
    reason = reasons.checked(reason)
    lock(family)
    now_serving = checkpoints.champion(family)
    before = previous(family)
    if now_serving is None or before is None:
        raise NothingToRollBackError(_("No model served before this one."))
    if now_serving != instead_of:
        raise ChampionChangedError(
            _("The champion changed meanwhile; look again whether it should go.")
        )
    promotion = _change(before, now_serving, reason, by)
    audit.record(
        by=by,
        action="checkpoint.rolled_back",
        obj=f"checkpoint:{now_serving.pk}",
        promotion=promotion.pk,
        to=before.pk,
    )
    return promotion


def previous(family: str = FAMILY) -> Checkpoint | None:
    """Whom a roll back would bring back: the last other one that served."""
    ended = Promotion.objects.filter(family=family, to_at__isnull=False)
    now_serving = checkpoints.champion(family)
    others = ended.exclude(checkpoint=now_serving) if now_serving else ended
    last = others.select_related("checkpoint").order_by("-to_at").first()
    return last.checkpoint if last else None


def lock(family: str) -> None:
    """Nobody else changes the champion of this family until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"f:{family}"])


def _change(
    checkpoint: Checkpoint, before: Checkpoint | None, reason: str, by: User | None
) -> Promotion:
    now = timezone.now()
    if before is not None:
        open_promotion = Promotion.objects.select_for_update().get(
            family=before.family, to_at__isnull=True
        )
        # Two changes within the clock's step would make an empty or backward range.
        now = max(now, open_promotion.from_at)
        open_promotion.to_at = now
        open_promotion.save(update_fields=["to_at"])
        before.state = Checkpoint.State.RETIRED
        before.save(update_fields=["state"])
    checkpoint.state = Checkpoint.State.CHAMPION
    checkpoint.save(update_fields=["state"])
    promotion = Promotion.objects.create(
        family=checkpoint.family,
        checkpoint=checkpoint,
        from_at=now,
        reason=reason,
        decided_by=by,
    )
    confusions.publish(checkpoint)
    failpoint("promotion.before_commit")
    transaction.on_commit(_promoted)
    return promotion


def _promoted() -> None:
    failpoint("promotion.after_commit")
    doorbell.ring_ranking()


def check_gate_not_edited(found: Round, by: User) -> None:
    """Raises GateEditedError where `by` changed the round's policy since it began."""
    if f"user:{by.pk}" in policies.changed_by_since(found.policy, found.requested_at):
        raise GateEditedError(
            _(
                "You changed this round's policy while it ran; another ML engineer has "
                "to decide."
            )
        )


def locked_round(round_id: int) -> Round:
    """The round, held until the transaction ends. Raises NotFoundError."""
    found = (
        Round.objects.select_for_update(of=("self",))
        .select_related("challenger", "champion", "policy")
        .filter(pk=round_id)
        .first()
    )
    if found is None:
        raise NotFoundError(_("There is no round %(round)s.") % {"round": round_id})
    return found


def _awaiting(round_id: int) -> Round:
    found = locked_round(round_id)
    if found.status not in (Round.Status.AWAITING, Round.Status.SHADOW):
        raise RoundNotAwaitingError(_("This round does not await a decision."))
    return found


def end(found: Round, status: str, by: User, reason: str) -> None:
    """The round is over, by this person and for this reason."""
    compared = shadow_compare.of_round(found)
    verdict: dict[str, Any] = {
        "shadow": compared.as_json() if compared else None,
        **found.verdict,
        "decision": reason,
    }
    rounds.end(found, status, {"verdict": verdict, "decided_by": by}, by=by)
    found.refresh_from_db()
