"""Where a model goes wrong: by cut, parameter, confidence and pair of intents."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from training.ml import metrics, weighted
from training.ml.evaluation import Bin, Confusion, ParameterLine, Slice
from training.ml.exam_items import Bench, Items, floats, share_of
from training.ml.resampling import Resampler

MAX_CONFUSIONS, MAX_EXAMPLES = 30, 5
UNKNOWN = "unknown"
# Bands of the recognizer's own confidence, by their lower edge.
SPEECH_BANDS = (
    (0.9, "heard well (0.9 and above)"),
    (0.7, "heard fairly (0.7 to 0.9)"),
    (0.0, "heard badly (below 0.7, or marked as misheard)"),
)


def slices(bench: Bench) -> dict[str, tuple[Slice, ...]]:
    """Each domain, intent, source and band of speech quality, worst first."""
    items = bench.items
    of_truth = [items.domains.get(name, UNKNOWN) for name in items.truth]
    cuts = {
        "domain": of_truth,
        "intent": list(items.truth),
        "source": list(items.sources),
        "speech": [_band(heard) for heard in items.heard],
    }
    found = {
        cut: tuple(
            _slice(bench, name, rows, by_intent=cut == "intent")
            for name, rows in _rows_by(labels).items()
        )
        for cut, labels in cuts.items()
    }
    return {
        cut: tuple(sorted(each, key=lambda one: (one.accuracy.value or 0.0, one.name)))
        for cut, each in found.items()
    }


def _slice(bench: Bench, name: str, rows: list[int], *, by_intent: bool) -> Slice:
    index = np.array(rows, dtype=int)
    groups = [bench.items.groups[row] for row in rows]
    draws = Resampler(groups, seed=bench.seed, repeats=bench.repeats)
    calls, once = bench.calls[index], bench.once[index]
    wanted = bench.wanted_params[index]
    exact = share_of(draws, bench.exact_params[index], wanted, calls)
    precision = f1 = None
    if by_intent:
        precision, f1 = _precision_and_f1(bench, name)
    return Slice(
        name=name,
        n=len(rows),
        calls=float(calls.sum()),
        conversations=draws.n_groups,
        accuracy=share_of(draws, bench.right[index], once, calls),
        parameter_exact=exact if wanted.any() else None,
        precision=precision,
        f1=f1,
    )


def _precision_and_f1(bench: Bench, name: str) -> tuple[float | None, float]:
    said = np.asarray(bench.items.predicted, dtype=object) == name
    true = bench.truth == name
    hits = int((said & true).sum())
    n_said, n_true = int(said.sum()), int(true.sum())
    precision = hits / n_said if n_said else None
    return precision, 2.0 * hits / (n_said + n_true)


def parameter_lines(bench: Bench) -> tuple[ParameterLine, ...]:
    """How often each parameter of each intent is exact, worst first."""
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
        hits_of = floats([bench.params[row][param] for row in mine])
        exact = share_of(draws, hits_of, np.ones(len(mine)), bench.calls[mine])
        lines.append(ParameterLine(intent, param, len(mine), exact))
    worst_first = sorted(
        lines, key=lambda one: (one.exact.value or 0.0, one.intent, one.parameter)
    )
    return tuple(worst_first)


def calibration(bench: Bench, bins: int = metrics.CALIBRATION_BINS) -> tuple[Bin, ...]:
    """Equal bins of confidence, as the calibration error sums them up."""
    confidence = np.asarray(bench.items.proba, dtype=float).max(axis=1)
    bin_of = weighted.bin_of(confidence, bins)
    groups = np.asarray(bench.items.groups, dtype=object)
    found = []
    for number in range(bins):
        mine = (bin_of == number) & bench.nameable
        n = int(mine.sum())
        draws = Resampler(list(groups[mine]), seed=0)
        hits, once = bench.named_right[mine], np.ones(n)
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


def confusions(items: Items) -> dict[str, tuple[Confusion, ...]]:
    """Which domains and intents are taken for which others, most frequent first."""
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


def _rows_by(labels: Sequence[str]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = defaultdict(list)
    for row, label in enumerate(labels):
        rows[label].append(row)
    return dict(rows)


def _band(heard: float | None) -> str:
    if heard is None:
        return UNKNOWN
    return next(name for edge, name in SPEECH_BANDS if heard >= edge)
