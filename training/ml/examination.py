"""From a model's answers on labeled utterances to a full evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from training.ml import breakdown, metrics, resampling, weighted
from training.ml.evaluation import Detail, Figure, Measure
from training.ml.exam_items import Bench, Items, floats
from training.ml.prompts import PromptTokens
from training.ml.resampling import ratio


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
    bench = Bench(items, seed, repeats)
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
            "marks_unknown": len(items) - int(bench.marks_known.sum()),
        },
        figures=tuple(figures),
        slices=breakdown.slices(bench),
        parameters=breakdown.parameter_lines(bench),
        calibration=breakdown.calibration(bench),
        confusions=breakdown.confusions(items),
        tokens=about_tokens if tokens else None,
    )


def _intent_figures(bench: Bench) -> Iterable[Figure]:
    items, n = bench.items, len(bench.items)
    yield Figure.of("intent_accuracy", n, bench.share(bench.right))
    macro = weighted.macro_f1(items.truth, items.predicted)
    yield Figure.of("macro_f1", n, bench.measure(macro))
    among = metrics.among_top(items.truth, items.proba, items.classes, 3)
    on_top = np.where(bench.nameable, floats(among), bench.right)
    yield Figure.of("top3", n, bench.share(on_top))
    n_inside = int(bench.inside.sum())
    if 0 < n_inside < n:
        inside = floats(bench.inside)
        share = bench.share(bench.named_right * inside, inside)
        yield Figure.of("in_scope_accuracy", n_inside, share)
        scores = np.asarray(items.scope_score, dtype=float)
        value = metrics.out_of_scope_recall(scores, bench.inside)
        recall = weighted.oos_recall(scores, bench.inside)
        found = bench.measure(recall, value)
        yield Figure.of("oos_recall_at_95", n - n_inside, found)
    confidence = np.asarray(items.proba, dtype=float).max(axis=1)
    if bench.nameable.any():
        nameable = floats(bench.nameable)
        error = weighted.calibration_error(confidence, bench.named_right, nameable)
        yield Figure.of("ece", int(nameable.sum()), bench.measure(error))


def _parameter_figures(bench: Bench) -> Iterable[Figure]:
    if not bench.any_span.any():
        return
    known = bench.marks_known
    n, n_any = int(known.sum()), int(bench.any_span.sum())
    wanted = bench.wanted_params
    each = bench.share(bench.exact_params, wanted)
    yield Figure.of("parameter_exact", int(wanted.sum()), each)
    yield Figure.of("utterance_exact", n, bench.share(bench.exact, known))
    of_any = bench.share(bench.exact * bench.any_span, bench.any_span)
    yield Figure.of("utterance_exact_marked", n_any, of_any)
    yield Figure.of("frame", n, bench.share(bench.exact * bench.right, known))


def _act_figures(bench: Bench) -> Iterable[Figure]:
    """How often the act is right where somebody said it and the model says any."""
    wanted = np.asarray(bench.items.acts, dtype=object)
    if not any(bench.items.found_acts) or not any(bench.items.acts):
        return
    known = floats(wanted != "")
    hits = floats(wanted == np.asarray(bench.items.found_acts, dtype=object))
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


def _token_figures(bench: Bench, tokens: PromptTokens) -> Iterable[Figure]:
    n = len(bench.items)
    full = bench.measure(ratio(tokens.full, bench.once))
    yield Figure.of("tokens_full", n, full)
    likely = bench.measure(ratio(tokens.top_k, bench.once))
    yield Figure.of("tokens_top_k", n, likely)
    saved = bench.measure(ratio(tokens.full - tokens.top_k, tokens.full))
    yield Figure.of("token_reduction", n, saved)
    known = ~np.isnan(tokens.offered)
    offered = bench.share(np.nan_to_num(tokens.offered), floats(known))
    yield Figure.of("right_function_offered", int(known.sum()), offered)
