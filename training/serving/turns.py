"""What the model says about a caller's turn, as a bot needs it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from annotations.functions.labels import Parameter
from annotations.intake.pipeline import Prepared
from annotations.services import catalogue
from annotations.services.catalogue import IntentCard
from training.ml import parameters
from training.ml.data import Example, Span, Turn
from training.serving.predictor import Prediction, Predictor

# Formats of the schema language -> how their values are read.
KINDS = {
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "month": "month",
    "money": "money",
    "digits": "digits",
}
DIGIT_PLACEHOLDERS = {"ACCOUNT_NUMBER", "CARD", "PHONE", "SSN", "ZIP"}


@dataclass(frozen=True)
class Answer:
    """A prediction together with the call it amounts to.

    missing: required parameters nobody said. function is empty where the intent has
    no live function, or the model does not know.
    """

    prediction: Prediction
    function: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    missing: Sequence[str] = ()

    @property
    def is_unsure(self) -> bool:
        return self.prediction.is_fallback or self.prediction.is_torn

    def as_json(self) -> dict[str, Any]:
        said = self.prediction.as_json()
        said["missing"] = list(self.missing)
        if self.function:
            said["function_call"] = {
                "name": self.function,
                "arguments": dict(self.arguments),
            }
        return said


def answer(predictor: Predictor, example: Example, *, today: date) -> Answer:
    """Answer one turn with the live schema of the likeliest intent."""
    prediction = predictor.predict(example)
    card = catalogue.current().by_name.get(prediction.intent)
    if card is None or not card.function or prediction.is_fallback:
        return Answer(prediction)
    arguments = arguments_of(card, prediction.spans, today)
    missing = [
        p.name for p in card.parameters if p.required and p.name not in arguments
    ]
    return Answer(prediction, card.function, arguments, missing)


def arguments_of(
    card: IntentCard, spans: Sequence[Span], today: date
) -> dict[str, Any]:
    """Values by parameter: the first span of each that a value can be read from."""
    known = {parameter.name: parameter for parameter in card.parameters}
    found: dict[str, Any] = {}
    for span in spans:
        parameter = known.get(span.param)
        if parameter is None or span.param in found:
            continue
        value = parameters.value_of(span.value, _rule(parameter, today))
        if value is not None:
            found[span.param] = _typed(value, parameter)
    return found


def _rule(parameter: Parameter, today: date) -> parameters.Rule:
    kind = KINDS.get(parameter.type, "string")
    if kind == "string" and parameter.placeholder in DIGIT_PLACEHOLDERS:
        kind = "digits"
    return parameters.Rule(kind=kind, enum=parameter.enum, today=today)


def _typed(value: str, parameter: Parameter) -> Any:
    """The value as JSON has it; a placeholder stays the text that stands for it."""
    if parameters.PLACEHOLDER.fullmatch(value):
        return value
    if parameter.type == "integer":
        return int(value)
    if parameter.type == "number":
        return float(value)
    if parameter.type == "boolean":
        return value == "true"
    return value


def example_of(prepared: Prepared) -> Example:
    """A redacted turn as the model takes it."""
    context = json.loads(prepared.context)
    return Example(
        text=prepared.text,
        context=tuple(Turn(turn["role"], turn["text"]) for turn in context),
    )
