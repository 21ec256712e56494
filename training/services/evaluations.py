"""Measuring a checkpoint on exam items, and keeping everything that was found."""

from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np

from annotations.functions import forms
from annotations.functions.forms import NamedSchema
from annotations.models import Intent, Utterance
from annotations.services import catalogue
from training.ml import breakdown, examination, experiment, prompts
from training.ml.data import Dataset
from training.ml.encoder import MODEL_NAME, model_folder
from training.ml.exam_items import Items
from training.ml.experiment import Measured
from training.ml.prompts import PromptTokens, ToolCosts
from training.models import Checkpoint, Evaluation
from training.serving import names


def measure(checkpoint: Checkpoint, predictor: Any, exam: Dataset) -> Measured:
    """The checkpoint's evaluation on these items is stored, once an exam."""
    predictor = names.PresentNames(predictor, catalogue.current())
    measured = experiment.measure(predictor, exam)
    Evaluation.objects.update_or_create(
        checkpoint=checkpoint,
        exam_digest=exam.digest(),
        defaults={
            "n": len(exam),
            "report": _report(measured, exam),
            "detail": _detail(predictor, measured, exam),
        },
    )
    return measured


def latest(checkpoint: Checkpoint | None) -> Evaluation | None:
    if checkpoint is None:
        return None
    return Evaluation.objects.filter(checkpoint=checkpoint).first()


def _report(measured: Measured, exam: Dataset) -> dict[str, Any]:
    report = measured.report.as_json()
    # Frequent sayings count as often as they were said.
    report["accuracy_by_calls"] = round(
        float(np.average(measured.correct, weights=np.array(exam.weights))), 6
    )
    report["by_parameter"] = {
        intent: {param: asdict(recall) for param, recall in each.items()}
        for intent, each in measured.recall.items()
    }
    return report


def _detail(predictor: Any, measured: Measured, exam: Dataset) -> dict[str, Any]:
    tools = tool_costs()
    detail = examination.examine(
        items_of(predictor, measured, exam),
        tokens=_tokens(tools, predictor, measured, exam) if tools.by_intent else None,
        about_tokens={
            "counter": tools.counter,
            "k": prompts.CANDIDATES,
            "functions": len(tools.by_intent),
        },
    )
    return detail.as_json()


def items_of(predictor: Any, measured: Measured, exam: Dataset) -> Items:
    """The exam and the model's answers as an evaluation wants them."""
    keys = [example.key for example in exam if example.key is not None]
    sources = dict(Utterance.objects.filter(pk__in=keys).values_list("pk", "source"))
    likeliest = measured.proba.argmax(axis=1)
    return Items(
        keys=keys,
        truth=exam.labels,
        predicted=measured.predicted,
        named=[predictor.intents[column] for column in likeliest],
        proba=measured.proba,
        classes=predictor.intents,
        scope_score=np.array([answer.scope_score for answer in measured.answers]),
        spans=[example.spans for example in exam],
        found_spans=[answer.spans for answer in measured.answers],
        groups=exam.groups,
        calls=np.array(exam.weights),
        domains=dict(Intent.objects.values_list("name", "domain__name")),
        sources=[sources.get(key, breakdown.UNKNOWN) for key in keys],
        heard=[example.heard for example in exam],
        turn_ms=measured.turn_ms,
        acts=[example.act for example in exam],
        found_acts=[answer.act for answer in measured.answers],
        marks_known=[example.marks_known for example in exam],
    )


def tool_costs() -> ToolCosts:
    """What every live function costs in a prompt, as a minified tool."""
    tools = {
        card.name: forms.openai_tool(
            NamedSchema(card.function, card.description, card.schema)
        )
        for card in catalogue.current().intents
        if card.function and card.schema is not None
    }
    return prompts.costs(tools, _count(), f"word pieces of {MODEL_NAME}")


def _tokens(
    tools: ToolCosts, predictor: Any, measured: Measured, exam: Dataset
) -> PromptTokens:
    order = np.argsort(-measured.proba, axis=1)[:, : prompts.CANDIDATES]
    likeliest = [[predictor.intents[column] for column in row] for row in order]
    return prompts.tokens_of_turns(exam.texts, exam.labels, likeliest, tools)


@cache
def _count() -> prompts.Count:
    return prompts.word_pieces(model_folder() / "tokenizer.json")
