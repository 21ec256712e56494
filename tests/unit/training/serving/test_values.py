from datetime import date

from annotations.functions.labels import Parameter
from training.ml.data import Span
from training.serving import values

TODAY = date(2026, 11, 22)
ACCOUNT = Parameter("account", "string", required=True, placeholder="ACCOUNT_NUMBER")


class Card:
    parameters = (ACCOUNT, Parameter("month", "string", required=False))


def test_values_are_read_by_their_parameters_first_readable_span():
    spans = [
        Span(0, 3, "account", "four oh double two"),
        Span(4, 6, "account", "nine"),
        Span(7, 9, "month", " last  month "),
        Span(10, 12, "colour", "blue"),
    ]

    found = values.arguments_of(Card(), spans, TODAY)

    assert found == {"account": "4022", "month": "last month"}


def test_a_placeholder_of_the_right_kind_is_the_value_wherever_it_stands():
    assert values.read("it is [ACCOUNT_NUMBER_2] i think", ACCOUNT, TODAY) == (
        "[ACCOUNT_NUMBER_2]"
    )


def test_numbers_and_truths_come_typed():
    assert values.read("three", Parameter("n", "integer", required=True), TODAY) == 3
    assert values.read("yes", Parameter("b", "boolean", required=True), TODAY) is True
