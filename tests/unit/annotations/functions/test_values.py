from datetime import date

import pytest

from annotations.functions.values import Rule, value_of

TODAY = date(2026, 11, 22)  # a Sunday


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        ("digits", "one oh double two", "1022"),
        ("digits", "4-1-1", "411"),
        ("digits", "forty two one oh seven", "42107"),
        ("digits", "triple nine", "999"),
        ("digits", "my number", None),
        ("integer", "two hundred and five", "205"),
        ("integer", "1,250", "1250"),
        ("integer", "two five", "25"),
        ("integer", "two and a half", None),
        ("number", "three point five", "3.5"),
        ("number", "twelve", "12"),
        ("money", "twelve fifty", "12.50"),
        ("money", "$12.50", "12.50"),
        ("money", "forty five dollars and ten cents", "45.10"),
        ("money", "a hundred bucks", "100.00"),
        ("money", "fifty cents", "0.50"),
        ("money", "two hundred", "200.00"),
        ("money", "a lot", None),
        ("boolean", "yeah sure", "true"),
        ("boolean", "no thanks", "false"),
        ("boolean", "maybe", None),
        ("date", "may third", "2026-05-03"),
        ("date", "the 3rd of may twenty twenty five", "2025-05-03"),
        ("date", "march twenty first two thousand twenty", "2020-03-21"),
        ("date", "12/31/2025", "2025-12-31"),
        ("date", "yesterday", "2026-11-21"),
        ("date", "tomorrow morning", "2026-11-23"),
        ("date", "on friday", "2026-11-27"),
        ("date", "last friday", "2026-11-20"),
        ("date", "2026-02-30", None),
        ("date", "december fifth", "2025-12-05"),
        ("month", "last month", "2026-10"),
        ("month", "october", "2026-10"),
        ("month", "december", "2025-12"),
        ("month", "may two thousand twenty five", "2025-05"),
        ("month", "2026-13", None),
        ("month", "whenever", None),
        ("string", "  next   door ", "next door"),
        ("colour", "blue", "blue"),
        ("string", "   ", None),
    ],
)
def test_what_is_said_becomes_the_value(kind, said, value):
    assert value_of(said, Rule(kind=kind, today=TODAY)) == value


@pytest.mark.parametrize("said", ["yesterday", "last month", "october", "may third"])
def test_without_a_calendar_nothing_is_guessed(said):
    kind = "month" if "month" in said or said == "october" else "date"

    assert value_of(said, Rule(kind=kind)) is None


@pytest.mark.parametrize("kind", ["digits", "date", "money", "string"])
def test_a_placeholder_stands_for_itself(kind):
    assert value_of("[ACCOUNT_NUMBER_1]", Rule(kind=kind)) == "[ACCOUNT_NUMBER_1]"


PLANS = Rule(
    enum=("gold_plan", "silver_plan", "internet"), synonyms={"wifi": "internet"}
)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("Gold plan", "gold_plan"),
        ("the gold plan please", "gold_plan"),
        ("silver", "silver_plan"),
        ("my wifi", "internet"),
        ("plan", None),
        ("gold plan or silver plan", None),
        ("bronze", None),
    ],
)
def test_a_listed_value_is_found_or_left_open(said, value):
    assert value_of(said, PLANS) == value
