"""The three policies: what starts a round, how it trains, what it has to prove."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.errors import InvalidError, NotFoundError, StaleRevisionError
from annotations.models import AuditEvent, Intent, User
from annotations.services import audit
from training.ml.gate import BETTER, NOT_WORSE, Gates
from training.models import Policy

RULES = {
    BETTER: gettext_lazy("It is provably better"),
    NOT_WORSE: gettext_lazy("It is not worse than a margin"),
}
POINTS = gettext_lazy("points")  # of a percentage: what is lost of 84 %, say


class PolicyInvalidError(InvalidError):
    """Some values cannot be; `details["fields"]` says which and why."""

    code = "policy_invalid"


@dataclass(frozen=True)
class Number:
    """A number of the policy. Percentages are typed as such and stored as shares."""

    name: str
    title: str | Promise
    low: float
    high: float
    hint: str | Promise = ""
    unit: str | Promise = ""
    is_whole: bool = False

    @property
    def is_percent(self) -> bool:
        return self.unit in ("%", POINTS)

    def shown(self, stored: float) -> str:
        """The number as it is typed."""
        return _plain(100 * stored if self.is_percent else stored)

    def read(self, typed: str) -> float:
        """The number to store. Raises ValueError with a sentence."""
        wanted = (
            _("%(title)s: give a whole number from %(low)s to %(high)s.")
            if self.is_whole
            else _("%(title)s: give a number from %(low)s to %(high)s.")
        ) % {
            "title": self.title,
            "low": _plain(self.low),
            "high": _plain(self.high),
        }
        try:
            value = float(typed.strip().rstrip("%"))
        except ValueError:
            raise ValueError(wanted) from None
        if not self.low <= value <= self.high or (
            self.is_whole and value != int(value)
        ):
            raise ValueError(wanted)
        if self.is_whole:
            return int(value)
        return round(value / 100, 8) if self.is_percent else value


START = (
    Number(
        "min_new_gold",
        gettext_lazy("New gold labels that start a round"),
        1,
        1_000_000,
        is_whole=True,
    ),
    Number(
        "max_wait_minutes",
        gettext_lazy("Longest wait of a new label"),
        1,
        525_600,
        gettext_lazy("A round starts after it with fewer labels, too."),
        gettext_lazy("minutes"),
        is_whole=True,
    ),
)
TRAINING = (
    Number(
        "finetune_from",
        gettext_lazy("Labels from which fine-tuning is used"),
        0,
        10_000_000,
        gettext_lazy("Below it the light head is as good and a hundred times cheaper."),
        is_whole=True,
    ),
)
GATE = (
    Number(
        "min_exam",
        gettext_lazy("Exam items that have to be labeled"),
        1,
        1_000_000,
        gettext_lazy("Fewer decide nothing."),
        is_whole=True,
    ),
    Number(
        "alpha",
        gettext_lazy("Chance that luck passes for better"),
        0.1,
        50,
        gettext_lazy("Of the one-sided exact test."),
        "%",
    ),
    Number(
        "margin",
        gettext_lazy("Loss of accuracy that counts as not worse"),
        0,
        50,
        "",
        POINTS,
    ),
    Number("min_accuracy", gettext_lazy("Accuracy at the least"), 0, 100, "", "%"),
    Number(
        "max_ece",
        gettext_lazy("Calibration error at most"),
        0.1,
        100,
        gettext_lazy("What reports write as 0.100 is 10 % here."),
        "%",
    ),
    Number(
        "max_latency_ms",
        gettext_lazy("A turn takes at most (p95)"),
        1,
        60_000,
        "",
        "ms",
    ),
    Number(
        "max_size_mb",
        gettext_lazy("The model's files take at most"),
        1,
        100_000,
        "",
        "MB",
    ),
    Number(
        "min_shadow",
        gettext_lazy("Live turns it has to be compared on"),
        0,
        2000,
        gettext_lazy("In shadow, said after it was trained. 0: it need not wait."),
        is_whole=True,
    ),
)
INTENTS = (
    Number(
        "max_intent_drop",
        gettext_lazy("Recall a critical intent may lose"),
        0,
        100,
        "",
        POINTS,
    ),
    Number(
        "min_intent_items",
        gettext_lazy("Exam items to judge an intent on"),
        1,
        10_000,
        gettext_lazy("Intents with fewer are named, not judged."),
        is_whole=True,
    ),
    Number(
        "intent_alpha",
        gettext_lazy("Chance of one false alarm among all intents"),
        0.1,
        90,
        gettext_lazy("Lax on purpose: a lost intent costs more than another look."),
        "%",
    ),
)
SWITCHES = ("is_active", "separate_conversations")
OF_POLICY = (*START, *TRAINING)
OF_GATE = (*GATE, *INTENTS)


def all_policies() -> list[Policy]:
    return list(Policy.objects.select_related("changed_by").order_by("iteration"))


def of_iteration(iteration: int) -> Policy:
    found = (
        Policy.objects.select_related("changed_by").filter(iteration=iteration).first()
    )
    if found is None:
        raise NotFoundError(_("There is no such policy."))
    return found


def changed_by_since(policy: Policy, at: datetime) -> set[str]:
    """Everybody who changed the policy since then, as the trail names them."""
    changes = AuditEvent.objects.filter(
        object=f"policy:{policy.pk}",
        action="policy.changed",
        actor__startswith="user:",
        at__gte=at,
    )
    return set(changes.values_list("actor", flat=True))


def revision_of(policy: Policy) -> str:
    """What changes with every change of the policy."""
    at: datetime | None = policy.changed_at
    return at.isoformat() if at else ""


def shown(policy: Policy) -> dict[str, str]:
    """Every number of the policy as it is typed."""
    gates = Gates.from_json(policy.gates)
    return {
        **{one.name: one.shown(getattr(policy, one.name)) for one in OF_POLICY},
        **{one.name: one.shown(getattr(gates, one.name)) for one in OF_GATE},
        "rule": gates.rule,
        "recipe": policy.recipe,
        "promotion": policy.promotion,
        **{name: "on" if getattr(policy, name) else "" for name in SWITCHES},
        "critical": "\n".join(gates.critical),
    }


@transaction.atomic
def change(
    *, iteration: int, revision: str, sent: Mapping[str, str], by: User
) -> list[str]:
    """The policy is as sent; returns the names of what changed.

    Raises PolicyInvalidError, and StaleRevisionError where somebody changed it since
    the page was read.
    """
    policy = (
        Policy.objects.select_for_update(of=("self",))
        .filter(iteration=iteration)
        .first()
    )
    if policy is None:
        raise NotFoundError(_("There is no such policy."))
    if revision != revision_of(policy):
        raise StaleRevisionError(
            _("Somebody changed this policy since you opened it; look at it again.")
        )
    wanted = _read(sent)
    before = _facts(policy)
    gates = wanted.pop("gates")
    for name, value in wanted.items():
        setattr(policy, name, value)
    policy.gates = gates
    after = _facts(policy)
    changed = {name: [before.get(name), now] for name, now in after.items()
               if before.get(name) != now}  # fmt: skip
    if not changed:
        return []
    policy.changed_by, policy.changed_at = by, timezone.now()
    policy.save()
    audit.record(
        by=by, action="policy.changed", obj=f"policy:{policy.pk}", changed=changed
    )
    return sorted(changed)


def _read(sent: Mapping[str, str]) -> dict[str, Any]:
    """What was sent, checked. Raises PolicyInvalidError naming every fault."""
    faults: dict[str, str] = {}
    numbers: dict[str, float] = {}
    for one in (*OF_POLICY, *OF_GATE):
        try:
            numbers[one.name] = one.read(sent.get(one.name, ""))
        except ValueError as fault:
            faults[one.name] = str(fault)
    critical = sorted(set(sent.get("critical", "").replace(",", " ").split()))
    known = set(Intent.objects.filter(name__in=critical).values_list("name", flat=True))
    if unknown := [name for name in critical if name not in known]:
        faults["critical"] = _("There is no intent %(names)s.") % {
            "names": ", ".join(unknown[:5])[:200]
        }
    choices = {
        "rule": RULES,
        "recipe": dict(Policy.Recipe.choices),
        "promotion": dict(Policy.Promotion.choices),
    }
    for name, known_ones in choices.items():
        if sent.get(name) not in known_ones:
            faults[name] = _("Choose one of those offered.")
    if faults:
        raise PolicyInvalidError(
            _("The policy was not changed: %(faults)s")
            % {"faults": " ".join(faults.values())},
            fields=faults,
        )
    gates: dict[str, Any] = {one.name: numbers[one.name] for one in OF_GATE}
    gates["rule"] = sent["rule"]
    if critical:
        gates["critical"] = critical
    return {
        **{one.name: numbers[one.name] for one in OF_POLICY},
        "recipe": sent["recipe"],
        "promotion": sent["promotion"],
        **{name: bool(sent.get(name)) for name in SWITCHES},
        "gates": gates,
    }


def _plain(number: float) -> str:
    """The number in digits, without the zeros that say nothing."""
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _facts(policy: Policy) -> dict[str, Any]:
    """Every value of the policy, gates that nobody set at their default."""
    gates = Gates.from_json(policy.gates)
    return {
        **{one.name: getattr(policy, one.name) for one in OF_POLICY},
        **{one.name: getattr(gates, one.name) for one in OF_GATE},
        "rule": gates.rule,
        "critical": list(gates.critical),
        "recipe": policy.recipe,
        "promotion": policy.promotion,
        **{name: getattr(policy, name) for name in SWITCHES},
    }
