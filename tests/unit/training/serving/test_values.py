from datetime import date

from annotations.functions import schema
from annotations.functions.labels import parameters
from training.ml.data import Span
from training.serving import values

TODAY = date(2026, 11, 22)
BODY = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "account": {"type": "string", "x-placeholder": "ACCOUNT_NUMBER"},
        "month": {"type": "string", "format": "month"},
        "lines": {"type": "array", "items": {"type": "integer"}},
        "sure": {"type": "boolean"},
    },
}


class Card:
    parameters = parameters(BODY)
    schema = schema.build(BODY)


def test_values_are_read_by_their_parameters_first_readable_span():
    spans = [
        Span(0, 3, "account", "four oh double two"),
        Span(4, 6, "account", "nine"),
        Span(7, 9, "month", "whenever"),
        Span(7, 9, "month", " last  month "),
        Span(10, 12, "colour", "blue"),
    ]

    found = values.arguments_of(Card(), spans, TODAY)

    assert found == {"account": "4022", "month": "2026-10"}


def test_a_placeholder_of_the_right_kind_is_the_value_wherever_it_stands():
    node = Card.schema.properties["account"]

    assert values.read(node, "it is [ACCOUNT_NUMBER_2] i think", TODAY) == (
        "[ACCOUNT_NUMBER_2]"
    )


def test_numbers_and_truths_come_typed_and_lists_whole():
    spans = [Span(0, 1, "lines", "three"), Span(2, 3, "lines", "four")]

    assert values.arguments_of(Card(), [*spans, Span(4, 5, "sure", "yes")], TODAY) == {
        "lines": [3, 4],
        "sure": True,
    }


def test_a_list_that_the_schema_refuses_is_not_called_with():
    pair = {"type": "array", "items": {"type": "integer"}, "minItems": 2,
            "uniqueItems": True}  # fmt: skip

    class Paired(Card):
        schema = schema.build({**BODY, "properties": {"lines": pair}})

    def said(*numbers: str) -> dict:
        spans = [Span(0, 1, "lines", number) for number in numbers]
        return values.to_call_with(Paired(), spans, TODAY)

    assert said("three", "four") == {"lines": [3, 4]}
    assert said("three") == said("three", "three") == {}


def test_without_a_readable_schema_any_words_are_a_value():
    class Unread(Card):
        schema = None

    assert values.arguments_of(Unread(), [Span(0, 1, "month", "soon")], TODAY) == {
        "month": "soon"
    }
