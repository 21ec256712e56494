"""Measure a served model on labeled utterances: what it says, how surely, how fast."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from training.ml.data import OUT_OF_SCOPE, Dataset, Example, Span
from training.ml.metrics import (
    IntentScores,
    ParameterRecall,
    ParameterScores,
    Report,
    percentile_ms,
    recall_by_parameter,
    score_acts,
    score_intents,
    score_parameters,
)

TIMED_TURNS, ASKS = 100, 3
WARM_UP_TURNS = 5

Floats = NDArray[np.floating[Any]]


class Answer(Protocol):
    """One prediction, as much of it as is measured."""

    @property
    def intent(self) -> str: ...
    @property
    def spans(self) -> tuple[Span, ...]: ...
    @property
    def scope_score(self) -> float: ...
    @property
    def seconds(self) -> float: ...
    @property
    def act(self) -> str: ...


class Model(Protocol):
    """What can be measured: a predictor, or a double of one."""

    @property
    def intents(self) -> tuple[str, ...]: ...
    def predict(self, example: Example) -> Answer: ...
    def predict_many(
        self, examples: Sequence[Example]
    ) -> tuple[Floats, Sequence[Answer]]: ...


@dataclass(frozen=True)
class Measured:
    """A report and what stands behind it, item by item.

    correct: bool (n,); confidence: float (n,), of the answer given; predicted: names;
    recall: by intent and parameter; proba: (n, n_intents) and answers as the model
    gave them; turn_ms: what the timed turns took, each asked for the first time.
    steady_p95_ms: of the fastest ask of each: on a machine that others use as well a
    single ask says more about them than about the model.
    """

    report: Report
    correct: NDArray[np.bool_]
    confidence: Floats
    predicted: tuple[str, ...]
    recall: dict[str, dict[str, ParameterRecall]]
    proba: Floats
    answers: Sequence[Answer]
    turn_ms: tuple[float, ...]
    steady_p95_ms: float


def measure(
    model: Model, dataset: Dataset, *, seed: int = 0, seconds: float = 0.0
) -> Measured:
    """Every metric of `model` on labeled examples.

    `seconds`: what training took; the time of measuring is added. Accuracy counts
    what the model answers; a fallback is an answer only where some examples are out of
    scope. In-scope accuracy asks which intent it would have named without one.
    """
    if len(dataset) == 0:
        raise ValueError("there are no labeled examples to measure on")
    started = time.perf_counter()
    examples = list(dataset)
    has_oos = OUT_OF_SCOPE in dataset.intents
    with _as_served():
        proba, answers = model.predict_many(examples)
    named = [model.intents[i] for i in proba.argmax(axis=1)]
    predicted = [a.intent for a in answers] if has_oos else named
    truth = dataset.labels
    intent = _intent_scores(model, dataset, proba, answers, predicted, seed)
    correct = np.array([a == b for a, b in zip(truth, predicted, strict=True)])
    asked = turn_times_ms(model, examples)
    turn_ms = tuple(asked[:, 0].tolist())
    report = Report(
        intent=intent,
        parameters=_parameter_scores(dataset, answers, correct),
        acts=score_acts(
            [example.act for example in examples],
            [answer.act for answer in answers],
            dataset.groups,
            seed=seed,
        ),
        latency_ms=percentile_ms(turn_ms),
        seconds=seconds + time.perf_counter() - started,
    )
    known = _marks_known(dataset)
    recall = recall_by_parameter(
        [truth[row] for row in known],
        [examples[row].spans for row in known],
        [answers[row].spans for row in known],
    )
    return Measured(
        report=report,
        correct=correct,
        confidence=proba.max(axis=1),
        predicted=tuple(predicted),
        recall=recall,
        proba=proba,
        answers=answers,
        turn_ms=turn_ms,
        steady_p95_ms=percentile_ms(asked.min(axis=1).tolist())["p95"],
    )


def turn_times_ms(model: Model, examples: Sequence[Example]) -> Floats:
    """What turns asked one by one take, in milliseconds: (n_turns, ASKS).

    A column is a pass over all of the turns, so the first says what a turn takes that
    was not asked just before.
    """
    step = max(1, len(examples) // TIMED_TURNS)
    turns = examples[::step][:TIMED_TURNS]
    with _as_served():
        for example in turns[:WARM_UP_TURNS]:
            model.predict(example)
        passes = [
            [1000.0 * model.predict(turn).seconds for turn in turns]
            for _ in range(ASKS)
        ]
    return np.asarray(passes).T


def _as_served() -> AbstractContextManager[Any]:
    """With BLAS on one thread, as in the web server: the heads' products are tiny, and
    threads that wait for each other's would take longer than they."""
    limited: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limited


def _intent_scores(
    model: Model,
    dataset: Dataset,
    proba: Floats,
    answers: Sequence[Answer],
    predicted: Sequence[str],
    seed: int,
) -> IntentScores:
    groups = dataset.groups
    scores = score_intents(
        dataset.labels,
        proba,
        model.intents,
        predicted=predicted,
        scope_score=np.array([answer.scope_score for answer in answers]),
        groups=groups,
        seed=seed,
    )
    if scores.in_scope_accuracy is None:
        return scores
    named = np.array([model.intents[i] for i in proba.argmax(axis=1)], dtype=object)
    truth = np.array(dataset.labels, dtype=object)
    inside = truth != OUT_OF_SCOPE
    share = float((named[inside] == truth[inside]).mean())
    return replace(scores, in_scope_accuracy=share)


def _parameter_scores(
    dataset: Dataset, answers: Sequence[Answer], correct: NDArray[np.bool_]
) -> ParameterScores | None:
    if not dataset.has_spans:
        return None
    known = _marks_known(dataset)
    scores = score_parameters(
        [dataset.examples[row].spans for row in known],
        [answers[row].spans for row in known],
        correct[known],
    )
    return replace(scores, marks_unknown=len(dataset) - len(known))


def _marks_known(dataset: Dataset) -> list[int]:
    """The rows whose parameters somebody looked for."""
    return [row for row, example in enumerate(dataset) if example.marks_known]
