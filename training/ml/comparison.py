"""Champion against challenger on the same held-out items, and what a gate makes of it.

The test is paired: only items on which the two differ tell which is better.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

BOOTSTRAP_REPEATS = 2000
BETTER, NOT_WORSE = "better", "not_worse"


@dataclass(frozen=True)
class Gates:
    """What a challenger has to prove.

    rule: "better" wants the one-sided exact test below alpha, "not_worse" only that
    the interval of the difference stays above -margin. max_intent_drop: how much
    recall a critical intent with enough items may lose.
    """

    min_exam: int = 100
    rule: str = BETTER
    alpha: float = 0.05
    margin: float = 0.01
    min_accuracy: float = 0.0
    max_ece: float = 0.10
    max_latency_ms: float = 400.0
    critical: tuple[str, ...] = ()
    max_intent_drop: float = 0.05
    min_intent_items: int = 10
    intent_alpha: float = 0.2

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


@dataclass(frozen=True)
class Side:
    """One model on the exam: what it said, and what that cost.

    correct: bool (n,), in the same item order for both sides.
    """

    correct: Bools
    ece: float
    latency_p95_ms: float


@dataclass(frozen=True)
class Comparison:
    """How two models differ on n items they both answered."""

    n: int
    champion_accuracy: float | None
    challenger_accuracy: float
    difference: float | None
    interval: tuple[float, float] | None
    only_champion: int
    only_challenger: int
    p_better: float | None
    p_different: float | None
    intent_drops: Mapping[str, float] = field(default_factory=dict)
    intent_chances: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Verdict:
    """Whether the gate opens, and why, in words. is_decided: enough was measured."""

    passed: bool
    is_decided: bool
    reasons: tuple[str, ...]
    comparison: Comparison

    def as_json(self) -> dict[str, Any]:
        return {
            "passed": self.passed,
            "is_decided": self.is_decided,
            "reasons": list(self.reasons),
            "comparison": self.comparison.as_json(),
        }


def judge(
    challenger: Side,
    champion: Side | None,
    intents: Sequence[str],
    gates: Gates,
    *,
    seed: int = 0,
) -> Verdict:
    """Compare and apply every gate.

    intents: the true intent of each item, in the order of `correct`.
    """
    found = compare(challenger, champion, intents, gates.critical, gates, seed=seed)
    if found.n < gates.min_exam:
        reason = (
            f"Too few exam items are labeled to decide: {found.n} of the "
            f"{gates.min_exam} the gate needs."
        )
        return Verdict(False, False, (reason,), found)
    checks = [
        _check_difference(found, gates),
        _check_accuracy(found, gates),
        _check_calibration(challenger, gates),
        _check_latency(challenger, gates),
        *_check_intents(found, gates),
    ]
    passed = all(good for good, _ in checks)
    return Verdict(passed, True, tuple(reason for _, reason in checks), found)


def compare(
    challenger: Side,
    champion: Side | None,
    intents: Sequence[str],
    critical: Collection[str],
    gates: Gates,
    *,
    seed: int = 0,
) -> Comparison:
    """The paired figures. Raises ValueError where the sides' items differ in number."""
    ours = challenger.correct
    n = len(ours)
    accuracy = float(ours.mean()) if n else 0.0
    if champion is None:
        return Comparison(n, None, accuracy, None, None, 0, 0, None, None)
    theirs = champion.correct
    if not n == len(theirs) == len(intents):
        raise ValueError(
            f"items differ: {n} here, {len(theirs)} there, {len(intents)} intents"
        )
    wins, losses = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    critical_ones = _drops(ours, theirs, intents, critical, gates.min_intent_items)
    return Comparison(
        n=n,
        champion_accuracy=float(theirs.mean()) if n else 0.0,
        challenger_accuracy=accuracy,
        difference=(wins - losses) / n if n else 0.0,
        interval=paired_interval(ours, theirs, seed=seed),
        only_champion=losses,
        only_challenger=wins,
        p_better=mcnemar(wins, losses, alternative="greater"),
        p_different=mcnemar(wins, losses, alternative="two-sided"),
        intent_drops={name: drop for name, (drop, _) in critical_ones.items()},
        intent_chances={name: p for name, (_, p) in critical_ones.items()},
    )


def mcnemar(wins: int, losses: int, *, alternative: str) -> float:
    """The exact probability of such a split if both models were equally good.

    McNemar 1947; "greater" asks whether the wins are too many. 1 without a difference.
    """
    if wins + losses == 0:
        return 1.0
    test = binomtest(wins, wins + losses, 0.5, alternative=alternative)
    return float(test.pvalue)


def paired_interval(
    ours: Bools, theirs: Bools, *, seed: int, level: float = 0.95
) -> tuple[float, float]:
    """Percentile interval of the difference in accuracy, items resampled in pairs."""
    n = len(ours)
    if n == 0:
        return (-1.0, 1.0)
    wins, losses = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    shares = [wins / n, losses / n, (n - wins - losses) / n]
    drawn = np.random.default_rng(seed).multinomial(n, shares, BOOTSTRAP_REPEATS)
    differences = (drawn[:, 0] - drawn[:, 1]) / n  # (repeats,)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(differences, [tail, 1.0 - tail])
    return (float(low), float(high))


def _drops(
    ours: Bools,
    theirs: Bools,
    intents: Sequence[str],
    critical: Collection[str],
    min_items: int,
) -> dict[str, tuple[float, float]]:
    """By how much each critical intent's recall fell, where enough items tell, and
    how likely chance alone is to show such a loss."""
    names = np.asarray(intents, dtype=object)
    drops = {}
    for name in sorted(critical):
        rows = names == name
        if int(rows.sum()) < min_items:
            continue
        wins = int((ours & ~theirs & rows).sum())
        losses = int((theirs & ~ours & rows).sum())
        chance = mcnemar(losses, wins, alternative="greater")
        drops[name] = ((losses - wins) / int(rows.sum()), chance)
    return drops


def _check_difference(found: Comparison, gates: Gates) -> tuple[bool, str]:
    if found.difference is None or found.interval is None or found.p_better is None:
        share = _percent(found.challenger_accuracy)
        return True, f"There is no champion yet; the challenger has {share}."
    low, high = (_points(edge) for edge in found.interval)
    said = (
        f"{_percent(found.challenger_accuracy)} against "
        f"{_percent(found.champion_accuracy or 0.0)} on the same {found.n} items "
        f"({_points(found.difference)} points, 95 % interval {low} to {high}; "
        f"{found.only_challenger} items won, {found.only_champion} lost, "
        f"p = {found.p_better:.3f})"
    )
    if gates.rule == NOT_WORSE:
        if found.interval[0] >= -gates.margin:
            return True, f"The challenger is not worse: {said}."
        return False, f"The challenger may be worse: {said}."
    if found.difference > 0 and found.p_better < gates.alpha:
        return True, f"The challenger is better: {said}."
    return False, f"The challenger is not provably better: {said}."


def _check_accuracy(found: Comparison, gates: Gates) -> tuple[bool, str]:
    share = _percent(found.challenger_accuracy)
    floor = _percent(gates.min_accuracy)
    good = found.challenger_accuracy >= gates.min_accuracy
    word = "reaches" if good else "misses"
    return good, f"Accuracy {share} {word} the floor of {floor}."


def _check_calibration(challenger: Side, gates: Gates) -> tuple[bool, str]:
    good = challenger.ece <= gates.max_ece
    word = "within" if good else "above"
    return good, (
        f"Calibration error {challenger.ece:.3f} is {word} the {gates.max_ece:.3f} "
        "allowed."
    )


def _check_latency(challenger: Side, gates: Gates) -> tuple[bool, str]:
    good = challenger.latency_p95_ms <= gates.max_latency_ms
    word = "within" if good else "above"
    return good, (
        f"A turn takes {challenger.latency_p95_ms:.0f} ms undisturbed (p95), {word} "
        f"the {gates.max_latency_ms:.0f} ms allowed."
    )


def _check_intents(found: Comparison, gates: Gates) -> list[tuple[bool, str]]:
    lost = {
        name: drop
        for name, drop in found.intent_drops.items()
        if drop > gates.max_intent_drop
        and found.intent_chances[name] < gates.intent_alpha
    }
    if lost:
        return [
            (
                False,
                f"The critical intent {name} lost {100 * drop:.1f} points of recall.",
            )
            for name, drop in lost.items()
        ]
    if found.intent_drops:
        n = len(found.intent_drops)
        return [(True, f"No critical intent fell too far ({n} measured).")]
    return []


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
