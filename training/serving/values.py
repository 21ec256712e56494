"""From the spans a model marked to the values a function is called with."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from annotations.functions.labels import Parameter
from annotations.services.catalogue import IntentCard
from training.ml import parameters
from training.ml.data import Span

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
        value = read(span.value, parameter, today)
        if value is not None:
            found[span.param] = value
    return found


def read(text: str, parameter: Parameter, today: date) -> Any:
    """The value as JSON has it, None where it cannot be told.

    A placeholder stays the text that stands for it, wherever it is in `text`.
    """
    stands_for = _placeholder_in(text, parameter)
    if stands_for:
        return stands_for
    value = parameters.value_of(text, _rule(parameter, today))
    return None if value is None else _typed(value, parameter)


def is_free_text(parameter: Parameter) -> bool:
    """Whether any words could be its value."""
    return _kind(parameter) == "string" and not parameter.enum


def _placeholder_in(text: str, parameter: Parameter) -> str:
    for found in parameters.PLACEHOLDER.finditer(text):
        if parameter.placeholder and found[0].startswith(f"[{parameter.placeholder}_"):
            return found[0]
    return ""


def _kind(parameter: Parameter) -> str:
    kind = KINDS.get(parameter.type, "string")
    if kind == "string" and parameter.placeholder in DIGIT_PLACEHOLDERS:
        kind = "digits"
    return kind


def _rule(parameter: Parameter, today: date) -> parameters.Rule:
    return parameters.Rule(kind=_kind(parameter), enum=parameter.enum, today=today)


def _typed(value: str, parameter: Parameter) -> Any:
    if parameters.PLACEHOLDER.fullmatch(value):
        return value
    if parameter.type == "integer":
        return int(value)
    if parameter.type == "number":
        return float(value)
    if parameter.type == "boolean":
        return value == "true"
    return value
