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


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        ("number", "four twenty", "420"),
        ("number", "nineteen ninety nine", "1999"),
        ("number", "three forty five", "345"),
        ("number", "forty five oh six", "4506"),
        ("number", "two million three hundred thousand and five", "2300005"),
        ("number", "twenty five hundred", "2500"),
        ("number", "1.5 million", "1500000"),
        ("number", "twenty 5", "25"),
        ("number", "5 10", None),
        ("number", "12 and 13", None),
        ("number", "1.5.2", None),
        ("number", "one hundred two hundred", None),
        ("number", "five five hundred", None),
        ("number", "two thousand thousand", None),
        ("number", "-5", "-5"),
        ("number", "9" * 30, None),
        ("money", "five oh five", "5.05"),
        ("money", "forty five oh six", "45.06"),
        ("money", "three hundred twelve fifty", "312.50"),
        ("money", "three twelve fifty", None),
        ("money", "two fifty cents", "2.50"),
        ("money", "5 50", None),
        ("money", "9" * 30, None),
        ("money", "9" * 30 + " fifty", None),
        ("money", "9" * 30 + " dollars", None),
    ],
)
def test_words_that_are_not_one_number_are_never_added_up(kind, said, value):
    assert value_of(said, Rule(kind=kind, today=TODAY)) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("twenty double five", "2055"),
        ("four one uh two um two", "4122"),
        ("four one no sorry two", None),
        ("\u0663\u0664", "34"),
        ("\uff11\uff12", "12"),
    ],
    ids=["repeat behind tens", "pauses", "correction", "arabic", "full width"],
)
def test_digits_are_those_of_the_keypad_whatever_stands_between_them(said, value):
    assert value_of(said, Rule(kind="digits")) == value


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        ("date", "the day after tomorrow", "2026-11-24"),
        ("date", "day before yesterday", "2026-11-20"),
        ("date", "a week from today", None),
        ("date", "a week ago monday", None),
        ("date", "not today tomorrow", None),
        ("date", "today sunday", "2026-11-22"),
        ("date", "i think the third of may", "2026-05-03"),
        ("date", "yes the twenty third of may", "2026-05-23"),
        ("date", "march or may third", None),
        ("date", "sept fifth", "2026-09-05"),
        ("date", "may third two thousand and twenty five", "2025-05-03"),
        ("date", "may third 20.5", "2026-05-03"),
        ("date", "the fifth of june last year", "2025-06-05"),
        ("month", "may i see my march bill", "2026-03"),
        ("month", "in may", "2026-05"),
        ("month", "march no april", None),
        ("month", "the march and the mar bill", "2026-03"),
        ("month", "the month before last", "2026-09"),
        ("month", "this month or last month", None),
        ("month", "2025 march", "2025-03"),
        ("month", "march of last year", "2025-03"),
        ("month", "sept", "2026-09"),
        ("boolean", "not sure", None),
        ("boolean", "i am not really sure", None),
        ("boolean", "yes that is not a problem", None),
        ("boolean", "never mind", None),
        ("boolean", "that is not right", "false"),
    ],
)
def test_what_may_mean_two_things_is_not_guessed(kind, said, value):
    assert value_of(said, Rule(kind=kind, today=TODAY)) == value


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
