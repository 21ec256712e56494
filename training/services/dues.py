"""How far each policy is from starting a round: labels that no round has had."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Min, Q
from django.db.models.functions import Now
from django.utils import timezone

from annotations.models import Utterance
from training.models import FAMILY, Policy, Round
from training.services import datasets


@dataclass(frozen=True)
class Due:
    """How far a policy is from starting a round."""

    policy: Policy
    new_gold: int
    waited: timedelta | None

    @property
    def missing(self) -> int:
        return max(0, self.policy.min_new_gold - self.new_gold)

    @property
    def is_due(self) -> bool:
        return bool(self.new_gold) and (not self.missing or self.has_waited)

    @property
    def has_waited(self) -> bool:
        limit = timedelta(minutes=self.policy.max_wait_minutes)
        return self.waited is not None and self.waited >= limit

    @property
    def cause(self) -> str:
        """Why a round starts, in words."""
        labels = f"{self.new_gold} new gold labels of iteration {self.policy.iteration}"
        if not self.missing:
            return f"{labels}; {self.policy.min_new_gold} were asked for"
        return f"{labels} have waited {self.policy.max_wait_minutes} minutes"


def current(family: str = FAMILY) -> list[Due]:
    """Every active policy with the gold labels that came since the last round.

    A round that failed taught nobody its labels: after the policy's longest wait they
    are new again.
    """
    fresh = datasets.gold().filter(utterance__split=Utterance.Split.TRAIN)
    found = []
    for policy in Policy.objects.filter(is_active=True):
        mine = fresh.filter(intent__iteration=policy.iteration)
        last = _last_request(family, timedelta(minutes=policy.max_wait_minutes))
        if last is not None:
            mine = mine.filter(resolved_at__gt=last)
        oldest = mine.aggregate(at=Min("resolved_at"))["at"]
        waited = timezone.now() - oldest if oldest else None
        found.append(Due(policy, mine.count(), waited))
    return found


def _last_request(family: str, wait: timedelta) -> datetime | None:
    """When the last round was asked for, those left out that failed a wait ago."""
    failed = Q(status=Round.Status.FAILED, finished_at__lte=Now() - wait)
    asked = Round.objects.filter(family=family).exclude(failed)
    return asked.aggregate(at=Max("requested_at"))["at"]
