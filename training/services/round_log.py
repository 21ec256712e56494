"""What the steps of a round said, for people who watch it: bounded, without words of
callers."""

import contextlib
import logging

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from training.models import Round, RoundLine
from training.models.log import KEPT, LONGEST
from training.services import rounds
from training.services.rounds import Claim, ClaimLostError

logger = logging.getLogger(__name__)


def say(claim: Claim, said: str) -> None:
    """The line is the round's newest. Raises ClaimLostError where the claim is past."""
    with transaction.atomic():
        status = rounds.locked_status(claim)
        _append(claim.round_id, status, said)


def say_of(found: Round, said: str) -> None:
    """Under the round's lock: the line is its newest."""
    _append(found.pk, found.status, said)


def say_if_held(claim: Claim, said: str) -> None:
    """Like `say`, and nothing where another worker holds the round by now."""
    with contextlib.suppress(ClaimLostError):
        say(claim, said)


def tail(found: Round) -> list[RoundLine]:
    """The last KEPT lines, the oldest first."""
    return list(found.lines.order_by("number"))


def _append(round_id: int, status: str, said: str) -> None:
    last = RoundLine.objects.filter(round_id=round_id).aggregate(n=Max("number"))["n"]
    number = 0 if last is None else last + 1
    RoundLine.objects.update_or_create(
        round_id=round_id,
        slot=number % KEPT,
        defaults={
            "number": number,
            "step": status,
            "said": said[:LONGEST],
            "at": Now(),
        },
    )
