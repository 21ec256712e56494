"""What a challenger has to prove before it may serve, and the answer in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from training.ml.comparison import (
    DOUBT,
    FELL,
    TOO_FEW,
    Comparison,
    IntentChange,
    IntentLimits,
    Side,
    compare,
    mcnemar,
)

BETTER, NOT_WORSE = "better", "not_worse"
MEGABYTE = 1_000_000
NAMES_SHOWN = 5


@dataclass(frozen=True)
class Gates:
    """The conditions, as a policy stores them.

    rule: "better" wants the one-sided exact test below alpha, "not_worse" only that
    the interval of the difference stays above -margin. max_intent_drop: how much
    recall a critical intent with enough items may lose. min_shadow: live turns to be
    compared on before it serves, which only time can bring (training/ml/shadow.py).
    """

    min_exam: int = 100
    rule: str = BETTER
    alpha: float = 0.05
    margin: float = 0.01
    min_accuracy: float = 0.0
    max_ece: float = 0.10
    max_latency_ms: float = 400.0
    max_size_mb: float = 500.0
    critical: tuple[str, ...] = ()
    max_intent_drop: float = 0.05
    min_intent_items: int = 10
    intent_alpha: float = 0.2
    min_shadow: int = 0

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Gates:
        """Gates as a policy row stores them; unknown names raise ValueError."""
        unknown = set(stored) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown gates: {', '.join(sorted(unknown))}")
        found = dict(stored)
        found["critical"] = tuple(found.get("critical", ()))
        gates = cls(**found)
        if gates.rule not in (BETTER, NOT_WORSE):
            raise ValueError(f"rule is {gates.rule!r}, known: {BETTER}, {NOT_WORSE}")
        return gates

    @property
    def limits(self) -> IntentLimits:
        return IntentLimits(
            self.max_intent_drop, self.min_intent_items, self.intent_alpha
        )


@dataclass(frozen=True)
class Exam:
    """What both sides answered, item by item: true intents and conversations."""

    intents: Sequence[str]
    groups: Sequence[str] | None = None


@dataclass(frozen=True)
class Guard:
    """What earlier iterations of the curriculum learned and must stay learned.

    reference: the model that last served for them, so that many small losses, each
    allowed against the champion before it, do not add up. name: what it is called.
    """

    intents: Collection[str]
    reference: Side
    name: str


@dataclass(frozen=True)
class Check:
    """One condition, whether it holds, and the sentence that says so."""

    name: str
    passed: bool
    reason: str
    in_doubt: bool = False


@dataclass(frozen=True)
class Verdict:
    """Whether the gate opens, and why, in words.

    is_decided: enough was measured. in_doubt: it opens, but a person should look.
    """

    passed: bool
    is_decided: bool
    checks: tuple[Check, ...]
    comparison: Comparison
    gates: Gates
    guarded: tuple[IntentChange, ...] = ()

    @property
    def in_doubt(self) -> bool:
        return self.passed and any(check.in_doubt for check in self.checks)

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(check.reason for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        return {
            "passed": self.passed,
            "is_decided": self.is_decided,
            "in_doubt": self.in_doubt,
            "reasons": list(self.reasons),
            "checks": [asdict(check) for check in self.checks],
            "comparison": self.comparison.as_json(),
            "guarded": [asdict(change) for change in self.guarded],
            "gates": asdict(self.gates),
        }


def judge(
    challenger: Side,
    champion: Side | None,
    exam: Exam,
    gates: Gates,
    *,
    guard: Guard | None = None,
    seed: int = 0,
) -> Verdict:
    """Compare and apply every gate."""
    found = compare(
        challenger,
        champion,
        exam.intents,
        gates.critical,
        gates.limits,
        groups=exam.groups,
        seed=seed,
    )
    if found.n < gates.min_exam:
        reason = (
            f"Too few exam items are labeled to decide: {found.n} of the "
            f"{gates.min_exam} the gate needs."
        )
        return Verdict(False, False, (Check("exam", False, reason),), found, gates)
    checks = [
        _difference(found, gates),
        _accuracy(found, gates),
        _calibration(challenger, gates),
        _latency(challenger, gates),
        _size(challenger, gates),
        *_critical_intents(found, gates),
    ]
    guarded: tuple[IntentChange, ...] = ()
    if guard is not None and guard.intents:
        guarded, kept = _curriculum(challenger, guard, exam, gates)
        checks += kept
    passed = all(check.passed for check in checks)
    return Verdict(passed, True, tuple(checks), found, gates, guarded)


def _difference(found: Comparison, gates: Gates) -> Check:
    if found.difference is None or found.interval is None or found.p_better is None:
        share = _percent(found.challenger_accuracy)
        reason = f"There is no champion yet; the challenger has {share}."
        return Check("difference", True, reason)
    low, high = (_points(edge) for edge in found.interval)
    said = (
        f"{_percent(found.challenger_accuracy)} against "
        f"{_percent(found.champion_accuracy or 0.0)} on the same {found.n} items "
        f"({_points(found.difference)} points, 95 % interval {low} to {high} by "
        f"conversation; items won {found.only_challenger}, lost {found.only_champion}, "
        f"{_p_value(found.p_better)})"
    )
    if gates.rule == NOT_WORSE:
        good = found.interval[0] >= -gates.margin
        word = "is not worse" if good else "may be worse"
    else:
        good = found.difference > 0 and found.p_better < gates.alpha
        word = "is better" if good else "is not provably better"
    return Check("difference", good, f"The challenger {word}: {said}.")


def _accuracy(found: Comparison, gates: Gates) -> Check:
    share = _percent(found.challenger_accuracy)
    floor = _percent(gates.min_accuracy)
    good = found.challenger_accuracy >= gates.min_accuracy
    word = "reaches" if good else "misses"
    return Check("accuracy", good, f"Accuracy {share} {word} the floor of {floor}.")


def _calibration(challenger: Side, gates: Gates) -> Check:
    good = challenger.ece <= gates.max_ece
    reason = (
        f"Calibration error {challenger.ece:.3f} is {_within(good)} the "
        f"{gates.max_ece:.3f} allowed."
    )
    return Check("calibration", good, reason)


def _latency(challenger: Side, gates: Gates) -> Check:
    good = challenger.latency_p95_ms <= gates.max_latency_ms
    reason = (
        f"A turn takes {challenger.latency_p95_ms:.0f} ms undisturbed (p95), "
        f"{_within(good)} the {gates.max_latency_ms:.0f} ms allowed."
    )
    return Check("latency", good, reason)


def _size(challenger: Side, gates: Gates) -> Check:
    size = challenger.size_bytes / MEGABYTE
    good = size <= gates.max_size_mb
    reason = (
        f"The files take {size:.0f} MB, {_within(good)} the {gates.max_size_mb:.0f} "
        "MB allowed."
    )
    return Check("size", good, reason)


def _critical_intents(found: Comparison, gates: Gates) -> list[Check]:
    """Whether any critical intent fell, is in doubt, or could not be judged."""
    if not found.intents:
        return []
    judged = [change for change in found.intents if change.outcome != TOO_FEW]
    checks = [
        *_falls("intents", judged, "The critical intent", gates.intent_alpha),
        *_doubts("intents", judged),
    ]
    if judged and not checks:
        weakest = max(judged, key=lambda change: change.unseen)
        reason = (
            f"No critical intent fell too far ({len(judged)} measured). The fewest "
            f"items tell of {weakest.name}: {weakest.n} cannot rule out a loss of "
            f"{100 * weakest.unseen:.0f} points."
        )
        checks.append(Check("intents", True, reason))
    few = [change.name for change in found.intents if change.outcome == TOO_FEW]
    if few:
        reason = (
            f"Too few exam items to judge {len(few)} critical "
            f"{_plural('intent', len(few))} (fewer than {gates.min_intent_items} "
            f"each): {_listed(few)}."
        )
        checks.append(Check("intents", True, reason))
    return checks


def _curriculum(
    challenger: Side, guard: Guard, exam: Exam, gates: Gates
) -> tuple[tuple[IntentChange, ...], list[Check]]:
    """Whether what earlier iterations learned is still known, each intent and all."""
    found = compare(
        challenger,
        guard.reference,
        exam.intents,
        guard.intents,
        gates.limits,
        groups=exam.groups,
    ).intents
    judged = [change for change in found if change.outcome != TOO_FEW]
    told = f"Against {guard.name}, which last served earlier iterations, the intent"
    checks = [
        *_falls("curriculum", judged, told, gates.intent_alpha),
        *_doubts("curriculum", judged),
        _taken_together(challenger, guard, exam, gates),
    ]
    return found, checks


def _taken_together(challenger: Side, guard: Guard, exam: Exam, gates: Gates) -> Check:
    """All intents of earlier iterations at once: many items, so small losses show."""
    names = np.asarray(exam.intents, dtype=object)
    rows = np.isin(names, list(guard.intents))
    n = int(rows.sum())
    ours, theirs = challenger.correct[rows], guard.reference.correct[rows]
    wins, losses = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    gain = (wins - losses) / n if n else 0.0
    lost = mcnemar(losses, wins, alternative="greater") < gates.alpha and gain < 0
    good = not lost and -gain <= gates.max_intent_drop
    word = "kept" if good else "lost"
    reason = (
        f"What earlier iterations learned is {word}: {_points(gain)} points on their "
        f"{n} items against {guard.name} ({wins} won, {losses} lost)."
    )
    return Check("curriculum", good, reason)


def _falls(
    name: str, judged: Sequence[IntentChange], told: str, alpha: float
) -> list[Check]:
    return [
        Check(
            name,
            False,
            f"{told} {change.name} lost {100 * change.drop:.1f} points of recall "
            f"({change.losses} of {change.n} items lost, {change.wins} won; p = "
            f"{change.adjusted:.3f} after correction for {len(judged)} intents, "
            f"believed below {alpha:g}).",
        )
        for change in judged
        if change.outcome == FELL
    ]


def _doubts(name: str, judged: Sequence[IntentChange]) -> list[Check]:
    doubtful = [change for change in judged if change.outcome == DOUBT]
    return [
        Check(
            name,
            True,
            f"A person should look at {change.name}: it lost {change.losses} of "
            f"{change.n} items and won {change.wins}, which among {len(judged)} "
            "intents may be chance.",
            in_doubt=True,
        )
        for change in doubtful
    ]


def _within(good: bool) -> str:
    return "within" if good else "above"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMES_SHOWN])
    left = len(names) - NAMES_SHOWN
    return f"{shown} and {left} more" if left > 0 else shown


def _plural(word: str, n: int) -> str:
    return word if n == 1 else f"{word}s"


def _p_value(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
