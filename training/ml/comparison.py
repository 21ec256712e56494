"""Champion against challenger on the same held-out items, in pairs.

Only items on which the two differ tell which is better. Nothing here decides: `gate`
does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binomtest, norm

from annotations.shares import Z_95
from training.ml.multiplicity import holm
from training.ml.resampling import ENOUGH_GROUPS, Resampler, ratio

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

FLIPS = 5000
HELD, FELL, DOUBT, TOO_FEW = "held", "fell", "doubt", "too few"


@dataclass(frozen=True)
class Side:
    """One model on the exam: what it said, and what that cost.

    correct: bool (n,), in the same item order for both sides.
    """

    correct: Bools
    ece: float = 0.0
    latency_p95_ms: float = 0.0
    size_bytes: int = 0


@dataclass(frozen=True)
class IntentLimits:
    """How much recall an intent may lose, and when a loss is believed.

    alpha bounds the chance of one false alarm among all intents looked at. It is lax,
    because losing what callers rely on costs more than another look.
    """

    max_drop: float = 0.05
    min_items: int = 10
    alpha: float = 0.2


@dataclass(frozen=True)
class IntentChange:
    """How one intent's recall changed on n items.

    chance: of such a loss or a worse one if nothing had changed. adjusted: the same
    for the number of intents looked at. unseen: the loss that n items cannot rule out.
    """

    name: str
    n: int
    wins: int
    losses: int
    drop: float
    unseen: float
    chance: float | None = None
    adjusted: float | None = None
    outcome: str = TOO_FEW


@dataclass(frozen=True)
class Comparison:
    """How two models differ on n items they both answered.

    p_better: the larger of the exact test by item and the one by conversation.
    """

    n: int
    champion_accuracy: float | None
    challenger_accuracy: float
    difference: float | None = None
    interval: tuple[float, float] | None = None
    only_champion: int = 0
    only_challenger: int = 0
    p_better: float | None = None
    p_different: float | None = None
    conversations: int = 0
    intents: tuple[IntentChange, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(
    challenger: Side,
    champion: Side | None,
    intents: Sequence[str],
    critical: Collection[str],
    limits: IntentLimits,
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
) -> Comparison:
    """The paired figures. Raises ValueError where the sides' items differ in number.

    groups: the conversation of each item; each item its own where not given.
    """
    ours = challenger.correct
    n = len(ours)
    accuracy = float(ours.mean()) if n else 0.0
    if champion is None:
        return Comparison(n, None, accuracy)
    theirs = champion.correct
    _check_lengths(n, theirs, intents, groups)
    groups = groups if groups is not None else [str(row) for row in range(n)]
    wins, losses = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    by_item = mcnemar(wins, losses, alternative="greater")
    by_conversation = flip_test(ours, theirs, groups, seed=seed)
    return Comparison(
        n=n,
        champion_accuracy=float(theirs.mean()) if n else 0.0,
        challenger_accuracy=accuracy,
        difference=(wins - losses) / n if n else 0.0,
        interval=paired_interval(ours, theirs, groups, seed=seed),
        only_champion=losses,
        only_challenger=wins,
        p_better=max(by_item, by_conversation),
        p_different=mcnemar(wins, losses, alternative="two-sided"),
        conversations=len(set(groups)),
        intents=intent_changes(ours, theirs, intents, critical, limits),
    )


def mcnemar(wins: int, losses: int, *, alternative: str) -> float:
    """The exact probability of such a split if both models were equally good.

    McNemar 1947; "greater" asks whether the wins are too many. 1 without a difference.
    """
    if wins + losses == 0:
        return 1.0
    test = binomtest(wins, wins + losses, 0.5, alternative=alternative)
    return float(test.pvalue)


def flip_test(ours: Bools, theirs: Bools, groups: Sequence[str], *, seed: int) -> float:
    """How likely the challenger wins by so much if each conversation's balance might
    as well have had the other sign (a randomization test, Fisher 1935).

    Exact by item where no conversation has two items that differ: then 0 is returned,
    because `mcnemar` says it better.
    """
    balance = ours.astype(int) - theirs.astype(int)
    _, codes = np.unique(np.asarray(groups, dtype=object), return_inverse=True)
    differing = np.bincount(codes, weights=balance != 0, minlength=1)
    if differing.max() <= 1:
        return 0.0
    by_group = np.bincount(codes, weights=balance)
    by_group = by_group[by_group != 0]
    rng = np.random.default_rng(seed)
    signs = rng.integers(0, 2, (FLIPS, len(by_group)), dtype=np.int8) * 2 - 1
    as_large = (signs @ by_group >= by_group.sum()).sum()
    return float((as_large + 1) / (FLIPS + 1))


def paired_interval(
    ours: Bools,
    theirs: Bools,
    groups: Sequence[str] | None = None,
    *,
    seed: int,
    level: float = 0.95,
) -> tuple[float, float]:
    """The interval of the difference in accuracy: the percentiles of conversations
    resampled, and no less than what as many matched pairs leave open.

    Where hardly any item tells the two apart, hardly any draw does, and the percentiles
    alone would be sure that they are alike. Few conversations count as in
    `Resampler.share_interval`.
    """
    n = len(ours)
    if n == 0:
        return (-1.0, 1.0)
    groups = groups if groups is not None else [str(row) for row in range(n)]
    once = np.ones(n)
    balance = ours.astype(float) - theirs.astype(float)
    draws = Resampler(groups, seed=seed, level=level)
    low, high = draws.interval(ratio(balance, once), once) or (-1.0, 1.0)
    sizes = np.bincount(draws.codes)
    effective = n if draws.n_groups >= ENOUGH_GROUPS else n**2 / float((sizes**2).sum())
    won, lost = float((balance > 0).mean()), float((balance < 0).mean())
    z = float(norm.ppf(0.5 + level / 2.0))
    least, most = matched_interval(effective * won, effective * lost, effective, z)
    return (min(low, least), max(high, most))


def matched_interval(
    wins: float, losses: float, n: float, z: float = Z_95
) -> tuple[float, float]:
    """The interval of the difference (wins - losses) / n of two shares in pairs.

    Half a pair is added to each cell (Agresti and Min 2005), so that it stays honest
    for an intent's few items. (-1, 1) where there are none.
    """
    if n == 0:
        return (-1.0, 1.0)
    won, lost, total = wins + 0.5, losses + 0.5, n + 2.0
    difference = (won - lost) / total
    spread = ((won + lost) - (won - lost) ** 2 / total) ** 0.5 / total
    return (
        max(-1.0, difference - z * spread),
        min(1.0, difference + z * spread),
    )


def intent_changes(
    ours: Bools,
    theirs: Bools,
    intents: Sequence[str],
    names: Collection[str],
    limits: IntentLimits,
) -> tuple[IntentChange, ...]:
    """What became of each of `names`, by name.

    An intent fell where it lost more than allowed and the loss is believed after
    Holm's correction (1979) for all intents with enough items; it is in doubt where
    the loss would be believed of it alone.
    """
    of = np.asarray(intents, dtype=object)
    found = [_change(ours, theirs, of == name, name) for name in sorted(names)]
    judged = [one for one in found if one.n >= limits.min_items]
    chances = [mcnemar(c.losses, c.wins, alternative="greater") for c in judged]
    for change, chance, adjusted in zip(judged, chances, holm(chances), strict=True):
        outcome = HELD
        if change.drop > limits.max_drop:
            believed = adjusted < limits.alpha
            suspected = chance < limits.alpha
            outcome = FELL if believed else DOUBT if suspected else HELD
        found[found.index(change)] = IntentChange(
            **{
                **asdict(change),
                "chance": chance,
                "adjusted": adjusted,
                "outcome": outcome,
            }
        )
    return tuple(found)


def most_lost(wins: int, losses: int, n: int, level: float = 0.95) -> float:
    """The loss of recall that n items cannot rule out (Clopper and Pearson 1934, of
    the items lost; those won are taken as they are)."""
    if n == 0:
        return 1.0
    most = 1.0 if losses == n else float(beta.ppf(level, losses + 1, n - losses))
    return max(0.0, most - wins / n)


def _change(ours: Bools, theirs: Bools, rows: Bools, name: str) -> IntentChange:
    n = int(rows.sum())
    wins = int((ours & ~theirs & rows).sum())
    losses = int((theirs & ~ours & rows).sum())
    drop = (losses - wins) / n if n else 0.0
    return IntentChange(name, n, wins, losses, drop, most_lost(wins, losses, n))


def _check_lengths(
    n: int, theirs: Bools, intents: Sequence[str], groups: Sequence[str] | None
) -> None:
    others = {len(theirs), len(intents), len(groups) if groups is not None else n}
    if others != {n}:
        raise ValueError(
            f"items differ: {n} here, {len(theirs)} there, {len(intents)} intents"
        )
