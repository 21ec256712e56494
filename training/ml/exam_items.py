"""What was measured, utterance by utterance, and shares of it with intervals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml.data import OUT_OF_SCOPE, Span
from training.ml.evaluation import Measure
from training.ml.resampling import Resampler, Statistic, ratio

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Items:
    """What was measured, in one order; n is the number of utterances.

    proba: (n, n_intents) in the order of `classes`. predicted: what the model answers,
    fallback included; named: which intent it finds likeliest. groups: conversations.
    calls: how often each was said. heard: the recognizer's confidence, None unknown.
    turn_ms: how long turns asked one by one took (not one for each item). acts: what
    each turn does, "" unknown; found_acts: what the model takes it for. marks_known:
    whether somebody looked for parameters; the others are left out of what is said of
    parameters. Empty: of all.
    """

    keys: Sequence[int | str]
    truth: Sequence[str]
    predicted: Sequence[str]
    named: Sequence[str]
    proba: Floats
    classes: Sequence[str]
    scope_score: Floats
    spans: Sequence[Collection[Span]]
    found_spans: Sequence[Collection[Span]]
    groups: Sequence[str]
    calls: Floats
    domains: Mapping[str, str]
    sources: Sequence[str]
    heard: Sequence[float | None]
    turn_ms: Sequence[float]
    acts: Sequence[str] = ()
    found_acts: Sequence[str] = ()
    marks_known: Sequence[bool] = ()

    def __len__(self) -> int:
        return len(self.truth)


class Bench:
    """The items as arrays, and the draws that all figures share."""

    def __init__(self, items: Items, seed: int, repeats: int) -> None:
        self.items = items
        self.seed = seed
        self.repeats = repeats
        self.draws = Resampler(items.groups, seed=seed, repeats=repeats)
        self.calls = np.asarray(items.calls, dtype=float)
        self.once = np.ones(len(items))
        truth = np.asarray(items.truth, dtype=object)
        self.truth = truth
        self.right = floats(truth == np.asarray(items.predicted, dtype=object))
        self.named_right = floats(truth == np.asarray(items.named, dtype=object))
        self.inside: Bools = np.asarray(truth != OUT_OF_SCOPE, dtype=bool)
        # Where no class stands for "out of scope", no confidence speaks of such a row.
        self.nameable: Bools = self.inside | (OUT_OF_SCOPE in items.classes)
        places = [{(s.start, s.end, s.param) for s in spans} for spans in items.spans]
        found = [
            {(s.start, s.end, s.param) for s in spans} for spans in items.found_spans
        ]
        pairs = list(zip(places, found, strict=True))
        looked = floats(items.marks_known or [True] * len(items))
        self.marks_known = looked
        self.exact = floats([wanted == got for wanted, got in pairs]) * looked
        self.any_span = floats([bool(wanted or got) for wanted, got in pairs]) * looked
        hits = [
            _found_params(wanted, got) if is_known else {}
            for (wanted, got), is_known in zip(pairs, looked, strict=True)
        ]
        self.params = hits
        self.wanted_params = floats([len(one) for one in hits])
        self.exact_params = floats([sum(one.values()) for one in hits])

    def share(self, hits: Floats, of: Floats | None = None) -> Measure:
        """sum(hits) / sum(of), over all where `of` is not given."""
        of = self.once if of is None else of
        return share_of(self.draws, hits, of, self.calls)

    def measure(self, statistic: Statistic, value: float | None = None) -> Measure:
        """A statistic that is no share; `value` where it is known already."""
        once = self.once[None, :]
        return Measure(
            value=single(statistic(once)) if value is None else value,
            interval=self.draws.interval(statistic, self.once),
            by_calls=single(statistic(self.calls[None, :])),
            by_calls_interval=self.draws.interval(statistic, self.calls),
        )


def share_of(draws: Resampler, hits: Floats, of: Floats, calls: Floats) -> Measure:
    """sum(hits) / sum(of), each item once and as often as it was called."""
    once = np.ones(len(of))
    return Measure(
        value=single(ratio(hits, of)(once[None, :])),
        interval=draws.share_interval(hits, of, once),
        by_calls=single(ratio(hits, of)(calls[None, :])),
        by_calls_interval=draws.share_interval(hits, of, calls),
    )


def _found_params(
    wanted: set[tuple[int, int, str]], got: set[tuple[int, int, str]]
) -> dict[str, bool]:
    """Each parameter that was said, and whether every mark of it was found."""
    return {
        param: {place for place in wanted if place[2] == param} <= got
        for param in sorted({param for _, _, param in wanted})
    }


def single(values: Floats) -> float | None:
    """The only value of a statistic; None where it has nothing to tell."""
    value = float(values[0])
    return value if np.isfinite(value) else None


def floats(values: Any) -> Floats:
    """The values (true: 1) as an array of floats."""
    return np.asarray(values, dtype=float)
