"""From the spans a model marked to the values a function is called with."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from annotations.functions import arguments, readings
from annotations.functions.schema import Node
from annotations.intake.redaction.entities import PLACEHOLDER
from annotations.services.catalogue import IntentCard
from training.ml.data import Span


def arguments_of(
    card: IntentCard, spans: Sequence[Span], today: date
) -> dict[str, Any]:
    """Values by parameter: the first span of each that a value can be read from.

    A list takes the values of all its spans.
    """
    known = {parameter.name for parameter in card.parameters}
    found: dict[str, Any] = {}
    for span in spans:
        if span.param not in known:
            continue
        node = node_of(card, span.param)
        value = read(node, span.value, today)
        if value is None:
            continue
        if node.kind == "array":
            found.setdefault(span.param, []).append(value)
        else:
            found.setdefault(span.param, value)
    return found


def to_call_with(
    card: IntentCard, spans: Sequence[Span], today: date
) -> dict[str, Any]:
    """`arguments_of`, without the lists that the schema refuses as a whole."""
    found = arguments_of(card, spans, today)
    return {
        name: value
        for name, value in found.items()
        if not isinstance(value, list) or takes_list(node_of(card, name), value)
    }


def takes_list(node: Node, items: Sequence[Any]) -> bool:
    """Whether the schema takes the list; a placeholder stands for what nobody sees."""
    return any(PLACEHOLDER.fullmatch(str(item)) for item in items) or (
        arguments.is_valid(node, list(items))
    )


def read(node: Node, text: str, today: date) -> Any:
    """The value as JSON has it, of a list that of one item; None if it is none."""
    value = readings.accepted(node, text, today)
    return None if value is None else readings.typed(node, value)


def node_of(card: IntentCard, name: str) -> Node:
    """The schema of a parameter; any words are a value where it cannot be read."""
    known = card.schema.properties if card.schema else {}
    return known.get(name, Node("string"))
