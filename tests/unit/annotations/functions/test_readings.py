"""Words become the value that the schema takes, or a sentence with an example."""

from datetime import date

import pytest

from annotations.demo import catalogue
from annotations.functions import readings, schema
from annotations.functions.readings import Reading

CALLED = date(2026, 5, 10)  # a Sunday
MONTH = {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}
MONEY = {"type": "string", "pattern": "^[0-9]{1,5}[.][0-9]{2}$"}
ACCOUNT = {"type": "string", "x-placeholder": "ACCOUNT_NUMBER"}
PLAN = {"type": "string", "enum": ["gold_plan", "internet"],
        "x-synonyms": {"internet": ["wifi"]}}  # fmt: skip


def node(rule):
    document = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"it": rule},
    }
    return schema.build(document).properties["it"]


@pytest.mark.parametrize(
    ("rule", "said", "value"),
    [
        (MONTH, "march", "2026-03"),
        (MONTH, "last month", "2026-04"),
        (MONEY, "twelve dollars", "12.00"),
        (MONEY, "twelve fifty", "12.50"),
        ({"type": "string", "format": "date"}, "the third of may", "2026-05-03"),
        ({"type": "string", "format": "date"}, "yesterday", "2026-05-09"),
        ({"type": "string", "format": "month"}, "december", "2025-12"),
        ({"type": "string", "format": "zip"}, "one oh double two five", "10225"),
        ({"type": "string", "format": "email"}, "a@example.com", "a@example.com"),
        ({"type": "integer"}, "two hundred and five", "205"),
        ({"type": "integer"}, "-5", "-5"),
        ({"type": "number"}, "three point five", "3.5"),
        ({"type": "number", "x-normalizer": "money"}, "twelve dollars", "12.00"),
        ({"type": "boolean"}, "yeah sure", "true"),
        ({"type": "string"}, "  next   door ", "next door"),
        ({"type": "string", "x-normalizer": "digits"}, "four one one", "411"),
        ({"type": "string", "minLength": 2}, "next door", "next door"),
        (ACCOUNT, "four one one", "411"),
        (ACCOUNT, "it is [ACCOUNT_NUMBER_2] i think", "[ACCOUNT_NUMBER_2]"),
        ({"type": "integer"}, "[NUMBER_1]", "[NUMBER_1]"),
        (PLAN, "the gold plan please", "gold_plan"),
        (PLAN, "my wifi", "internet"),
        ({"type": "array", "items": PLAN}, "gold plan", "gold_plan"),
    ],
)
def test_words_become_the_value_that_the_schema_takes(rule, said, value):
    found = readings.read(node(rule), said, CALLED)

    assert found == Reading(value)
    assert readings.read(node(rule), found.value, CALLED) == found
    assert readings.problems(node(rule), [found.value]) == []


@pytest.mark.parametrize(
    ("rule", "said", "problem"),
    [
        (MONTH, "whenever", "needs a value, such as 2026-03"),
        (MONEY, "a lot", "needs a value, such as 12.00"),
        ({"type": "string", "format": "date"}, "may", "needs a day such as 2026-05-03"),
        ({"type": "integer"}, "many", "needs a whole number, such as 12"),
        ({"type": "boolean"}, "perhaps", "needs true or false, such as true"),
        ({"type": "integer", "maximum": 9}, "ten", "is above 9; it may be 9"),
        (PLAN, "bronze", "is one of: gold_plan, internet"),
        ({**MONTH, "examples": ["2030-01"]}, "soon", "needs a value, such as 2030-01"),
    ],
)
def test_what_cannot_be_read_is_told_with_an_example(rule, said, problem):
    assert readings.read(node(rule), said, CALLED).problem == problem


def test_without_a_calendar_yesterday_is_no_day():
    rule = {"type": "string", "format": "date"}

    assert readings.read(node(rule), "yesterday", None).problem


def test_a_number_read_is_kept_beside_the_limit_it_breaks():
    found = readings.read(node({"type": "integer", "maximum": 9}), "ten", CALLED)

    assert found.value == "10"


def test_a_list_is_held_to_its_own_limits():
    rule = node({"type": "array", "items": {"type": "integer"}, "uniqueItems": True})

    assert readings.problems(rule, ["1", "2"]) == []
    assert readings.problems(rule, ["1", "1"]) == ["names an item twice"]
    assert readings.problems(rule, ["1", "x"]) == ["needs a whole number, such as 12"]


def test_nothing_is_said_of_a_value_behind_a_placeholder():
    assert readings.problems(node(MONTH), ["[DATE_1]"]) == []


def test_every_parameter_of_the_demo_has_an_example_that_reads_as_itself():
    for parameter in catalogue.load().parameters.values():
        rule = node(parameter.rule)
        shown = readings.example(rule, CALLED)

        assert shown, parameter.name
        assert readings.read(rule, shown, CALLED) == Reading(shown), parameter.name
