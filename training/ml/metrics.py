"""How good a model is: figures as fractions (0 to 1) with their intervals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.shares import wilson_interval
from training.ml.data import OUT_OF_SCOPE, Span
from training.ml.resampling import Interval, Resampler

Floats = NDArray[np.floating[Any]]

CALIBRATION_BINS = 15


def accuracy(truth: Sequence[str], predicted: Sequence[str]) -> float:
    return float(_correct(truth, predicted).mean())


def macro_f1(truth: Sequence[str], predicted: Sequence[str]) -> float:
    """The mean F1 over every intent that occurs in truth or prediction."""
    wanted, got = np.asarray(truth, dtype=object), np.asarray(predicted, dtype=object)
    names, codes = np.unique(np.concatenate([wanted, got]), return_inverse=True)
    wanted_codes, got_codes = codes[: len(wanted)], codes[len(wanted) :]
    size = len(names)
    hits = np.bincount(wanted_codes[wanted_codes == got_codes], minlength=size)
    total = np.bincount(wanted_codes, minlength=size) + np.bincount(
        got_codes, minlength=size
    )
    return float((2.0 * hits / total).mean())


def macro_f1_present(truth: Sequence[str], predicted: Sequence[str]) -> float:
    """The mean F1 over the intents that occur in the truth."""
    scores = f1_by_intent(truth, predicted)
    return float(np.mean([scores[name] for name in sorted(set(truth))]))


def f1_by_intent(truth: Sequence[str], predicted: Sequence[str]) -> dict[str, float]:
    """F1 of every intent that occurs in truth or prediction."""
    wanted, got = np.asarray(truth, dtype=object), np.asarray(predicted, dtype=object)
    scores = {}
    for name in sorted(set(truth) | set(predicted)):
        hits = int(((wanted == name) & (got == name)).sum())
        scores[name] = 2.0 * hits / int((wanted == name).sum() + (got == name).sum())
    return scores


def top_k(truth: Sequence[str], proba: Floats, classes: Sequence[str], k: int) -> float:
    """The share of rows whose true intent is among the k likeliest.

    proba: (n, n_intents), columns in the order of `classes`.
    """
    return float(among_top(truth, proba, classes, k).mean())


def among_top(
    truth: Sequence[str], proba: Floats, classes: Sequence[str], k: int
) -> NDArray[np.bool_]:
    """Whether each row's true intent is among the k likeliest: (n,)."""
    proba = np.asarray(proba)
    position = {name: index for index, name in enumerate(classes)}
    column = np.array([position.get(name, -1) for name in truth])
    score = proba[np.arange(len(column)), np.maximum(column, 0)]  # (n,)
    better = (proba > score[:, None]).sum(axis=1)  # (n,)
    return np.asarray((better < k) & (column >= 0))


def expected_calibration_error(
    confidence: Floats, correct: NDArray[np.bool_], bins: int = CALIBRATION_BINS
) -> float:
    """The mean gap between confidence and accuracy over equal-width bins.

    Guo et al., On Calibration of Modern Neural Networks, 2017.
    """
    confidence, correct = np.asarray(confidence), np.asarray(correct, dtype=float)
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gap = np.bincount(bin_of, weights=confidence - correct, minlength=bins)
    return float(np.abs(gap).sum() / max(len(confidence), 1))


def share_interval(
    correct: NDArray[np.bool_], groups: Sequence[str] | None = None, *, seed: int = 0
) -> Interval:
    """The interval of a share: by conversation where rows share one, else Wilson."""
    if groups is None or len(set(groups)) == len(groups):
        return wilson_interval(float(np.sum(correct)), len(correct))
    once = np.ones(len(correct))
    draws = Resampler(groups, seed=seed)
    found = draws.share_interval(np.asarray(correct, dtype=float), once, once)
    return found if found is not None else (0.0, 1.0)


def out_of_scope_recall(
    scope_score: Floats, is_in_scope: NDArray[np.bool_], acceptance: float = 0.95
) -> float:
    """The share of out-of-scope rows refused when `acceptance` of the rest pass.

    scope_score: (n,), higher = more surely in scope. The threshold is set on the
    in-scope rows given here, as the literature does.
    """
    scope_score = np.asarray(scope_score, dtype=float)
    is_in_scope = np.asarray(is_in_scope, dtype=bool)
    threshold = np.quantile(scope_score[is_in_scope], 1.0 - acceptance)
    return float((scope_score[~is_in_scope] < threshold).mean())


def percentile_ms(durations_ms: Sequence[float]) -> dict[str, float]:
    """p50 and p95 as the reports name them; zeros when nothing was timed."""
    if len(durations_ms) == 0:
        return {"p50": 0.0, "p95": 0.0}
    p50, p95 = np.percentile(np.asarray(durations_ms, dtype=float), [50, 95])
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}


@dataclass(frozen=True)
class IntentScores:
    """What a report says about intents."""

    accuracy: float
    accuracy_interval: Interval
    macro_f1: float
    macro_f1_present: float
    top3: float
    n: int
    ece: float
    in_scope_accuracy: float | None = None
    oos_recall_at_95: float | None = None

    def as_json(self) -> dict[str, Any]:
        figures: dict[str, Any] = {
            "accuracy": _round(self.accuracy),
            "accuracy_interval": [_round(edge) for edge in self.accuracy_interval],
            "macro_f1": _round(self.macro_f1),
            "top3": _round(self.top3),
            "n": self.n,
            "ece": _round(self.ece),
        }
        if self.in_scope_accuracy is not None:
            figures["in_scope_accuracy"] = _round(self.in_scope_accuracy)
        if self.oos_recall_at_95 is not None:
            figures["oos_recall_at_95"] = _round(self.oos_recall_at_95)
        return figures


@dataclass(frozen=True)
class ParameterScores:
    """What a report says about parameters (shares of utterances but for span F1).

    n: of how many utterances; marks_unknown: how many more there were, left out because
    nobody had looked for their parameters.
    """

    span_f1: float
    utterance_exact: float
    frame: float
    n: int
    marks_unknown: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "span_f1": _round(self.span_f1),
            "utterance_exact": _round(self.utterance_exact),
            "frame": _round(self.frame),
            "n": self.n,
            "marks_unknown": self.marks_unknown,
        }


@dataclass(frozen=True)
class ActScores:
    """What a report says about dialogue acts, of the utterances that have one."""

    accuracy: float
    accuracy_interval: Interval
    macro_f1: float
    n: int

    def as_json(self) -> dict[str, Any]:
        return {
            "accuracy": _round(self.accuracy),
            "accuracy_interval": [_round(edge) for edge in self.accuracy_interval],
            "macro_f1": _round(self.macro_f1),
            "n": self.n,
        }


@dataclass(frozen=True)
class Report:
    """One evaluation: what `experiment` and `evaluate` print."""

    intent: IntentScores
    seconds: float
    latency_ms: dict[str, float]
    parameters: ParameterScores | None = None
    acts: ActScores | None = None

    def as_json(self) -> dict[str, Any]:
        report: dict[str, Any] = {"intent": self.intent.as_json()}
        if self.parameters is not None:
            report["parameters"] = self.parameters.as_json()
        if self.acts is not None:
            report["acts"] = self.acts.as_json()
        report["latency_ms"] = dict(self.latency_ms)
        report["seconds"] = round(self.seconds, 3)
        return report


def score_intents(
    truth: Sequence[str],
    proba: Floats,
    classes: Sequence[str],
    *,
    predicted: Sequence[str] | None = None,
    scope_score: Floats | None = None,
    groups: Sequence[str] | None = None,
    seed: int = 0,
) -> IntentScores:
    """Score calibrated probabilities against the truth.

    proba: (n, n_intents) in the order of `classes`. `predicted` replaces the
    likeliest intent where a fallback rule decides; `scope_score` (n,), higher =
    in scope, gives the out-of-scope recall when the truth holds such rows. Where no
    column stands for out of scope, refusing such a row counts as having it on top, and
    calibration is that of the rows an intent could be right for.
    """
    proba = np.asarray(proba)
    if len(truth) == 0 or proba.shape != (len(truth), len(classes)):
        raise ValueError(
            f"proba is {proba.shape}, wanted ({len(truth)} > 0, {len(classes)})"
        )
    likeliest = [classes[i] for i in proba.argmax(axis=1)]
    answers = likeliest if predicted is None else list(predicted)
    correct = _correct(truth, answers)
    in_scope = np.array([name != OUT_OF_SCOPE for name in truth])
    both = bool(in_scope.any() and not in_scope.all())
    named = in_scope | (OUT_OF_SCOPE in classes)
    on_top = np.where(named, among_top(truth, proba, classes, 3), correct)
    right = _correct(truth, likeliest)
    return IntentScores(
        accuracy=float(correct.mean()),
        accuracy_interval=share_interval(correct, groups, seed=seed),
        macro_f1=macro_f1(truth, answers),
        macro_f1_present=macro_f1_present(truth, answers),
        top3=float(on_top.mean()),
        n=len(truth),
        ece=expected_calibration_error(proba.max(axis=1)[named], right[named]),
        in_scope_accuracy=float(correct[in_scope].mean()) if both else None,
        oos_recall_at_95=(
            out_of_scope_recall(scope_score, in_scope)
            if both and scope_score is not None
            else None
        ),
    )


def score_acts(
    truth: Sequence[str],
    predicted: Sequence[str],
    groups: Sequence[str],
    *,
    seed: int = 0,
) -> ActScores | None:
    """Score dialogue acts where somebody said one and the model says any; else None."""
    rows = [row for row, act in enumerate(truth) if act]
    if not rows or not any(predicted):
        return None
    wanted, got = [truth[row] for row in rows], [predicted[row] for row in rows]
    correct = _correct(wanted, got)
    return ActScores(
        accuracy=float(correct.mean()),
        accuracy_interval=share_interval(
            correct, [groups[row] for row in rows], seed=seed
        ),
        macro_f1=macro_f1_present(wanted, got),
        n=len(rows),
    )


def score_parameters(
    truth: Sequence[Collection[Span]],
    predicted: Sequence[Collection[Span]],
    intent_correct: Sequence[bool] | NDArray[np.bool_],
) -> ParameterScores:
    """Score spans: right means the same place and the same parameter."""
    if not len(truth) == len(predicted) == len(intent_correct):
        raise ValueError("truth, predicted and intent_correct differ in length")
    wanted = [_places(spans) for spans in truth]
    got = [_places(spans) for spans in predicted]
    exact = np.array([a == b for a, b in zip(wanted, got, strict=True)])
    return ParameterScores(
        span_f1=_span_f1(wanted, got),
        utterance_exact=float(exact.mean()) if len(exact) else 0.0,
        frame=float((exact & np.asarray(intent_correct)).mean()) if len(exact) else 0.0,
        n=len(exact),
    )


@dataclass(frozen=True)
class ParameterRecall:
    """Of n utterances in which a parameter was marked, how many got it exactly."""

    n: int
    found: int


def recall_by_parameter(
    intents: Sequence[str],
    truth: Sequence[Collection[Span]],
    predicted: Sequence[Collection[Span]],
) -> dict[str, dict[str, ParameterRecall]]:
    """{intent: {parameter: recall}}: an utterance counts where every mark is found."""
    tally: dict[tuple[str, str], list[bool]] = {}
    for intent, wanted, got in zip(intents, truth, predicted, strict=True):
        places, found = _places(wanted), _places(got)
        for param in {param for _, _, param in places}:
            marks = {place for place in places if place[2] == param}
            tally.setdefault((intent, param), []).append(marks <= found)
    by_intent: dict[str, dict[str, ParameterRecall]] = {}
    for (intent, param), hits in sorted(tally.items()):
        by_intent.setdefault(intent, {})[param] = ParameterRecall(len(hits), sum(hits))
    return by_intent


Place = tuple[int, int, str]


def _span_f1(wanted: list[set[Place]], got: list[set[Place]]) -> float:
    hits = sum(len(a & b) for a, b in zip(wanted, got, strict=True))
    total = sum(map(len, wanted)) + sum(map(len, got))
    return 2.0 * hits / total if total else 1.0


def _places(spans: Collection[Span]) -> set[Place]:
    return {(span.start, span.end, span.param) for span in spans}


def _correct(truth: Sequence[str], predicted: Sequence[str]) -> NDArray[np.bool_]:
    if len(truth) != len(predicted):
        raise ValueError(f"{len(truth)} truths but {len(predicted)} predictions")
    wanted, got = np.asarray(truth, dtype=object), np.asarray(predicted, dtype=object)
    return np.asarray(wanted == got, dtype=bool)


def _round(value: float) -> float:
    return round(float(value), 6)
