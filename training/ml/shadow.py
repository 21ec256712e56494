"""Two models on the same live turns: where they differ, and that in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from annotations.shares import wilson_interval
from training.ml.data import OUT_OF_SCOPE
from training.ml.gate import Check

CHANGES_SHOWN = 12
CHANGES_TOLD = 3


@dataclass(frozen=True)
class Turn:
    """What both models took a live turn for, out of scope where they fell back.

    Milliseconds are None where the time was not taken; `example` names the utterance.
    """

    champion: str
    challenger: str
    champion_ms: float | None = None
    challenger_ms: float | None = None
    example: int | None = None


@dataclass(frozen=True)
class Change:
    """Turns that the champion took for one intent and the challenger for another."""

    champion: str
    challenger: str
    turns: int
    # One of them, for people who may read what callers said.
    example: int | None


@dataclass(frozen=True)
class Latency:
    """Milliseconds of a turn over the `n` turns that were timed."""

    n: int
    p50: float
    p95: float


@dataclass(frozen=True)
class Comparison:
    """How two models answered the same live turns; shares are of `turns`."""

    turns: int
    agreement: float
    agreement_interval: tuple[float, float]
    champion_fallback: float
    challenger_fallback: float
    champion_latency: Latency | None
    challenger_latency: Latency | None
    changes: tuple[Change, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(turns: Sequence[Turn]) -> Comparison | None:
    """What the challenger would have changed; None without a turn."""
    n = len(turns)
    if not n:
        return None
    same = sum(turn.champion == turn.challenger for turn in turns)
    return Comparison(
        turns=n,
        agreement=same / n,
        agreement_interval=wilson_interval(same, n),
        champion_fallback=sum(t.champion == OUT_OF_SCOPE for t in turns) / n,
        challenger_fallback=sum(t.challenger == OUT_OF_SCOPE for t in turns) / n,
        champion_latency=_latency([turn.champion_ms for turn in turns]),
        challenger_latency=_latency([turn.challenger_ms for turn in turns]),
        changes=_changes(turns),
    )


def checks(found: Comparison | None, seen: int, needed: int) -> list[Check]:
    """The shadow's part of the gate: enough turns, and what they showed, in words."""
    enough = Check(
        "shadow", seen >= needed, f"Seen on {seen} of {needed} live turns in shadow."
    )
    if found is None:
        return [enough]
    return [enough, *(Check("shadow", True, said) for said in _told(found))]


def _told(found: Comparison) -> list[str]:
    low, high = found.agreement_interval
    said = [
        f"In shadow it agreed with the champion on {_percent(found.agreement)} of "
        f"{found.turns} turns (95 % interval {_percent(low)} to {_percent(high)}).",
        f"In shadow it fell back on {_percent(found.challenger_fallback)}, the "
        f"champion on {_percent(found.champion_fallback)}.",
    ]
    if found.changes:
        most = "; ".join(
            f"{change.champion} became {change.challenger} ({change.turns})"
            for change in found.changes[:CHANGES_TOLD]
        )
        said.append(f"They differ most where {most}.")
    ours, theirs = found.challenger_latency, found.champion_latency
    if ours and theirs:
        said.append(
            f"A turn took it {ours.p95:.0f} ms in the worker (p95 of {ours.n}), the "
            f"champion {theirs.p95:.0f} ms live (p95 of {theirs.n})."
        )
    return said


def _latency(milliseconds: Sequence[float | None]) -> Latency | None:
    timed = [one for one in milliseconds if one is not None]
    if not timed:
        return None
    p50, p95 = (float(np.percentile(timed, q)) for q in (50, 95))
    return Latency(len(timed), p50, p95)


def _changes(turns: Sequence[Turn]) -> tuple[Change, ...]:
    differing = [turn for turn in turns if turn.champion != turn.challenger]
    counts = Counter((turn.champion, turn.challenger) for turn in differing)
    examples: dict[tuple[str, str], int | None] = {}
    for turn in differing:
        examples.setdefault((turn.champion, turn.challenger), turn.example)
    # Of equal counts by name, so that equal turns in any order tell the same.
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return tuple(
        Change(*pair, turns=n, example=examples[pair])
        for pair, n in ordered[:CHANGES_SHOWN]
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
