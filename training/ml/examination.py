"""From a model's answers on labeled utterances to a full evaluation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ml import metrics, resampling, weighted
from training.ml.data import OUT_OF_SCOPE, Span
from training.ml.evaluation import (
    Bin,
    Confusion,
    Detail,
    Figure,
    Measure,
    ParameterLine,
    Slice,
)
from training.ml.prompts import PromptTokens
from training.ml.resampling import Resampler, Statistic, ratio

MAX_CONFUSIONS, MAX_EXAMPLES = 30, 5
UNKNOWN = "unknown"
# Bands of the recognizer's own confidence, by their lower edge.
SPEECH_BANDS = (
    (0.9, "heard well (0.9 and above)"),
    (0.7, "heard fairly (0.7 to 0.9)"),
    (0.0, "heard badly (below 0.7, or marked as misheard)"),
)

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Items:
    """What was measured, in one order; n is the number of utterances.

    proba: (n, n_intents) in the order of `classes`. predicted: what the model answers,
    fallback included; named: which intent it finds likeliest. groups: conversations.
    calls: how often each was said. heard: the recognizer's confidence, None unknown.
    turn_ms: how long turns asked one by one took (not one for each item). acts: what
    each turn does, "" unknown; found_acts: what the model takes it for.
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

    def __len__(self) -> int:
        return len(self.truth)


def examine(
    items: Items,
    *,
    tokens: PromptTokens | None = None,
    about_tokens: Mapping[str, Any] | None = None,
    seed: int = 0,
    repeats: int = resampling.REPEATS,
) -> Detail:
    """Every figure, cut and list of an evaluation. Raises ValueError for no items."""
    if len(items) == 0:
        raise ValueError("there are no labeled utterances to evaluate on")
    bench = _Bench(items, seed, repeats)
    figures = [
        *_intent_figures(bench),
        *_parameter_figures(bench),
        *_act_figures(bench),
        *_latency_figures(items, seed, repeats),
        *(_token_figures(bench, tokens) if tokens else ()),
    ]
    return Detail(
        about={
            "items": len(items),
            "calls": float(bench.calls.sum()),
            "conversations": bench.draws.n_groups,
            "repeats": bench.draws.repeats,
            "seed": seed,
            "level": bench.draws.level,
        },
        figures=tuple(figures),
        slices=_slices(bench),
        parameters=_parameter_lines(bench),
        calibration=_calibration(items),
        confusions=_confusions(items),
        tokens=about_tokens if tokens else None,
    )


class _Bench:
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
        self.right = _floats(truth == np.asarray(items.predicted, dtype=object))
        self.named_right = _floats(truth == np.asarray(items.named, dtype=object))
        self.inside: Bools = np.asarray(truth != OUT_OF_SCOPE, dtype=bool)
        places = [{(s.start, s.end, s.param) for s in spans} for spans in items.spans]
        found = [
            {(s.start, s.end, s.param) for s in spans} for spans in items.found_spans
        ]
        pairs = list(zip(places, found, strict=True))
        self.exact = _floats([wanted == got for wanted, got in pairs])
        self.any_span = _floats([bool(wanted or got) for wanted, got in pairs])
        hits = [_found_params(wanted, got) for wanted, got in pairs]
        self.params = hits
        self.wanted_params = _floats([len(one) for one in hits])
        self.exact_params = _floats([sum(one.values()) for one in hits])

    def share(self, hits: Floats, of: Floats | None = None) -> Measure:
        """sum(hits) / sum(of), over all where `of` is not given."""
        of = self.once if of is None else of
        return _share(self.draws, hits, of, self.calls)

    def measure(self, statistic: Statistic, value: float | None = None) -> Measure:
        """A statistic that is no share; `value` where it is known already."""
        once = self.once[None, :]
        return Measure(
            value=_single(statistic(once)) if value is None else value,
            interval=self.draws.interval(statistic, self.once),
            by_calls=_single(statistic(self.calls[None, :])),
            by_calls_interval=self.draws.interval(statistic, self.calls),
        )


def _intent_figures(bench: _Bench) -> Iterable[Figure]:
    items, n = bench.items, len(bench.items)
    yield Figure.of("intent_accuracy", n, bench.share(bench.right))
    macro = weighted.macro_f1(items.truth, items.predicted)
    yield Figure.of("macro_f1", n, bench.measure(macro))
    yield Figure.of("top3", n, bench.share(_among_first(items, 3)))
    n_inside = int(bench.inside.sum())
    if 0 < n_inside < n:
        inside = _floats(bench.inside)
        share = bench.share(bench.named_right * inside, inside)
        yield Figure.of("in_scope_accuracy", n_inside, share)
        scores = np.asarray(items.scope_score, dtype=float)
        value = metrics.out_of_scope_recall(scores, bench.inside)
        recall = weighted.oos_recall(scores, bench.inside)
        found = bench.measure(recall, value)
        yield Figure.of("oos_recall_at_95", n - n_inside, found)
    confidence = np.asarray(items.proba, dtype=float).max(axis=1)
    error = weighted.calibration_error(confidence, bench.named_right)
    yield Figure.of("ece", n, bench.measure(error))


def _parameter_figures(bench: _Bench) -> Iterable[Figure]:
    if not bench.any_span.any():
        return
    n, n_any = len(bench.items), int(bench.any_span.sum())
    wanted = bench.wanted_params
    each = bench.share(bench.exact_params, wanted)
    yield Figure.of("parameter_exact", int(wanted.sum()), each)
    yield Figure.of("utterance_exact", n, bench.share(bench.exact))
    of_any = bench.share(bench.exact * bench.any_span, bench.any_span)
    yield Figure.of("utterance_exact_marked", n_any, of_any)
    yield Figure.of("frame", n, bench.share(bench.exact * bench.right))


def _act_figures(bench: _Bench) -> Iterable[Figure]:
    """How often the act is right where somebody said it and the model says any."""
    wanted = np.asarray(bench.items.acts, dtype=object)
    if not any(bench.items.found_acts) or not any(bench.items.acts):
        return
    known = _floats(wanted != "")
    hits = _floats(wanted == np.asarray(bench.items.found_acts, dtype=object))
    yield Figure.of("act_accuracy", int(known.sum()), bench.share(hits * known, known))


def _latency_figures(items: Items, seed: int, repeats: int) -> Iterable[Figure]:
    """Percentiles of the timed turns, which are resampled one by one."""
    took = np.asarray(items.turn_ms, dtype=float)
    if len(took) == 0:
        return
    rng = np.random.default_rng(seed)
    drawn = took[rng.integers(0, len(took), (repeats, len(took)))]
    for percentile in (50, 95):
        of_draws = np.percentile(drawn, percentile, axis=1)
        low, high = np.quantile(of_draws, [0.025, 0.975])
        value = float(np.percentile(took, percentile))
        measure = Measure(value, (float(low), float(high)))
        yield Figure.of(f"latency_p{percentile}_ms", len(took), measure)


def _token_figures(bench: _Bench, tokens: PromptTokens) -> Iterable[Figure]:
    n = len(bench.items)
    full = bench.measure(ratio(tokens.full, bench.once))
    yield Figure.of("tokens_full", n, full)
    likely = bench.measure(ratio(tokens.top_k, bench.once))
    yield Figure.of("tokens_top_k", n, likely)
    saved = bench.measure(ratio(tokens.full - tokens.top_k, tokens.full))
    yield Figure.of("token_reduction", n, saved)
    known = ~np.isnan(tokens.offered)
    offered = bench.share(np.nan_to_num(tokens.offered), _floats(known))
    yield Figure.of("right_function_offered", int(known.sum()), offered)


def _slices(bench: _Bench) -> dict[str, tuple[Slice, ...]]:
    items = bench.items
    of_truth = [items.domains.get(name, UNKNOWN) for name in items.truth]
    cuts = {
        "domain": of_truth,
        "intent": list(items.truth),
        "source": list(items.sources),
        "speech": [_band(heard) for heard in items.heard],
    }
    found = {
        cut: tuple(_slice(bench, name, rows, by_intent=cut == "intent")
                   for name, rows in _rows_by(labels).items())
        for cut, labels in cuts.items()
    }  # fmt: skip
    return {
        cut: tuple(sorted(each, key=lambda one: (one.accuracy.value or 0.0, one.name)))
        for cut, each in found.items()
    }


def _slice(bench: _Bench, name: str, rows: list[int], *, by_intent: bool) -> Slice:
    index = np.array(rows, dtype=int)
    groups = [bench.items.groups[row] for row in rows]
    draws = Resampler(groups, seed=bench.seed, repeats=bench.repeats)
    calls, once = bench.calls[index], bench.once[index]
    wanted = bench.wanted_params[index]
    exact = _share(draws, bench.exact_params[index], wanted, calls)
    precision = f1 = None
    if by_intent:
        precision, f1 = _precision_and_f1(bench, name)
    return Slice(
        name=name,
        n=len(rows),
        calls=float(calls.sum()),
        conversations=draws.n_groups,
        accuracy=_share(draws, bench.right[index], once, calls),
        parameter_exact=exact if wanted.any() else None,
        precision=precision,
        f1=f1,
    )


def _precision_and_f1(bench: _Bench, name: str) -> tuple[float | None, float]:
    said = np.asarray(bench.items.predicted, dtype=object) == name
    true = bench.truth == name
    hits = int((said & true).sum())
    n_said, n_true = int(said.sum()), int(true.sum())
    precision = hits / n_said if n_said else None
    return precision, 2.0 * hits / (n_said + n_true)


def _parameter_lines(bench: _Bench) -> tuple[ParameterLine, ...]:
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, (intent, hits) in enumerate(
        zip(bench.items.truth, bench.params, strict=True)
    ):
        for param in hits:
            rows[intent, param].append(row)
    lines = []
    for (intent, param), mine in rows.items():
        groups = [bench.items.groups[row] for row in mine]
        draws = Resampler(groups, seed=bench.seed, repeats=bench.repeats)
        hits_of = _floats([bench.params[row][param] for row in mine])
        exact = _share(draws, hits_of, np.ones(len(mine)), bench.calls[mine])
        lines.append(ParameterLine(intent, param, len(mine), exact))
    worst_first = sorted(
        lines, key=lambda one: (one.exact.value or 0.0, one.intent, one.parameter)
    )
    return tuple(worst_first)


def _calibration(items: Items, bins: int = metrics.CALIBRATION_BINS) -> tuple[Bin, ...]:
    """Equal bins of confidence, as the calibration error sums them up."""
    confidence = np.asarray(items.proba, dtype=float).max(axis=1)
    right = np.array([a == b for a, b in zip(items.truth, items.named, strict=True)])
    bin_of = weighted.bin_of(confidence, bins)
    found = []
    for number in range(bins):
        mine = bin_of == number
        n = int(mine.sum())
        draws = Resampler([g for g, m in zip(items.groups, mine, strict=True) if m],
                          seed=0)  # fmt: skip
        hits, once = _floats(right[mine]), np.ones(n)
        found.append(
            Bin(
                low=number / bins,
                high=(number + 1) / bins,
                n=n,
                confidence=float(confidence[mine].mean()) if n else None,
                accuracy=float(hits.mean()) if n else None,
                interval=draws.share_interval(hits, once, once) if n else None,
            )
        )
    return tuple(found)


def _confusions(items: Items) -> dict[str, tuple[Confusion, ...]]:
    domain = [
        (items.domains.get(true, UNKNOWN), items.domains.get(said, UNKNOWN))
        for true, said in zip(items.truth, items.predicted, strict=True)
    ]
    intent = list(zip(items.truth, items.predicted, strict=True))
    return {
        "domain": _pairs(items, domain, limit=None),
        "intent": _pairs(items, intent, limit=MAX_CONFUSIONS),
    }


def _pairs(
    items: Items, pairs: Sequence[tuple[str, str]], limit: int | None
) -> tuple[Confusion, ...]:
    totals = Counter(true for true, _ in pairs)
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, (true, said) in enumerate(pairs):
        if true != said:
            rows[true, said].append(row)
    ordered = sorted(rows.items(), key=lambda found: (-len(found[1]), found[0]))
    return tuple(
        Confusion(
            truth=true,
            predicted=said,
            n=len(mine),
            calls=float(sum(items.calls[row] for row in mine)),
            share=len(mine) / totals[true],
            examples=tuple(items.keys[row] for row in mine[:MAX_EXAMPLES]),
        )
        for (true, said), mine in ordered[:limit]
    )


def _share(draws: Resampler, hits: Floats, of: Floats, calls: Floats) -> Measure:
    once = np.ones(len(of))
    return Measure(
        value=_single(ratio(hits, of)(once[None, :])),
        interval=draws.share_interval(hits, of, once),
        by_calls=_single(ratio(hits, of)(calls[None, :])),
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


def _among_first(items: Items, k: int) -> Floats:
    """Whether the true intent is among the k likeliest: (n,) of 0 and 1."""
    proba = np.asarray(items.proba)
    place = {name: index for index, name in enumerate(items.classes)}
    column = np.array([place.get(name, -1) for name in items.truth])
    score = proba[np.arange(len(column)), np.maximum(column, 0)]
    better = (proba > score[:, None]).sum(axis=1)
    return _floats((better < k) & (column >= 0))


def _rows_by(labels: Sequence[str]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = defaultdict(list)
    for row, label in enumerate(labels):
        rows[label].append(row)
    return dict(rows)


def _band(heard: float | None) -> str:
    if heard is None:
        return UNKNOWN
    return next(name for edge, name in SPEECH_BANDS if heard >= edge)


def _single(values: Floats) -> float | None:
    value = float(values[0])
    return value if np.isfinite(value) else None


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype=float)
