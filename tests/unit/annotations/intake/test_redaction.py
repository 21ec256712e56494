"""What the light pass takes out, what it leaves, and what it promises of offsets."""

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.intake.redaction import Numbering, redact
from annotations.intake.redaction.digits import is_luhn
from annotations.intake.redaction.spoken import write_out

from .samples import ANSWERS, HARMLESS, KNOWN, STRANGE

DATA = Path(__file__).resolve().parents[4].parent / "shared" / "data"


@pytest.mark.parametrize(("text", "kind"), KNOWN)
def test_a_known_phrasing_is_redacted_with_its_type(text, kind):
    redaction = redact(text)

    assert kind in {entity.type for entity in redaction.entities}, redaction.text


@pytest.mark.parametrize("text", HARMLESS)
def test_money_dates_and_quantities_stay(text):
    assert redact(text).text == text


def test_strange_phrasings_are_found_nearly_as_often():
    missed = [text for text, _ in STRANGE if not redact(text).entities]

    assert len(missed) <= 0.05 * len(STRANGE), missed


@pytest.mark.parametrize(("question", "answer", "kind"), ANSWERS)
def test_what_the_bot_asked_for_is_expected_in_the_answer(question, answer, kind):
    redaction = redact(answer, [{"role": "bot", "text": question}])

    assert kind in {entity.type for entity in redaction.entities}, redaction.text


@pytest.mark.data
def test_callers_answers_on_the_telephone_are_found():
    """Real speech recognition of callers who were asked for these things."""
    file = DATA / "evi_en" / "valid.jsonl.gz"
    if not file.exists():
        pytest.skip("the public data sets are not beside this checkout")
    asked, found = Counter(), Counter()
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["text"].strip():
                asked[row["intent"]] += 1
                found[row["intent"]] += bool(
                    redact(row["text"], row["context"]).entities
                )

    recall = {intent: found[intent] / n for intent, n in asked.items()}
    assert recall["provide_name"] > 0.95, recall
    assert recall["provide_dob"] > 0.95, recall
    assert recall["provide_postcode"] > 0.85, recall


@pytest.mark.data
def test_typed_questions_about_cards_and_accounts_raise_no_alarm():
    file = DATA / "banking77" / "test.jsonl.gz"
    if not file.exists():
        pytest.skip("the public data sets are not beside this checkout")
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]

    assert [text for text in texts if redact(text).entities] == []


def test_an_answer_without_the_thing_asked_for_stays():
    for question, answer in [
        ("what is your account number?", "i have two accounts"),
        ("what is your name", "i want to pay my bill"),
        ("what is your zip code", "why do you need that"),
    ]:
        assert redact(answer, [{"role": "bot", "text": question}]).text == answer


def test_the_same_value_has_one_number_however_it_is_said():
    numbering = Numbering()

    said = redact("my account number is four one one double two oh", (), numbering)
    typed = redact("account number 411220 please", (), numbering)
    other = redact("account number 411221 please", (), numbering)

    assert said.text == "my account number is [ACCOUNT_NUMBER_1]"
    assert typed.text == "account number [ACCOUNT_NUMBER_1] please"
    assert other.text == "account number [ACCOUNT_NUMBER_2] please"


def test_placeholders_that_are_there_stay_and_keep_their_numbers():
    text = "[NAME_1] said the account number is 55512345 and not [ACCOUNT_NUMBER_1]"

    redaction = redact(text)

    assert redaction.text == (
        "[NAME_1] said the account number is [ACCOUNT_NUMBER_2]"
        " and not [ACCOUNT_NUMBER_1]"
    )


def test_digits_of_other_scripts_and_invisible_characters_hide_nothing():
    for text in [
        "my account number is １２３４５６７８",  # noqa: RUF001
        "4111\u200b1111\u200b1111\u200b1111",
        "account number ١٢٣٤٥٦٧٨",
    ]:
        assert not re.search(r"\d{2}", redact(text).text.replace("_1", "")), text


def test_a_decomposed_accent_goes_with_its_letter():
    assert redact("my name is jose\u0301 garci\u0301a").text == "my name is [NAME_1]"


def test_offsets_are_of_the_input_even_when_a_second_look_finds_more():
    text = "my name is john smith account number 12345678 pin 9911"

    redaction = redact(text)

    found = {e.type: text[e.start : e.end] for e in redaction.entities}
    assert found == {"NAME": "john smith", "ACCOUNT_NUMBER": "12345678", "PIN": "9911"}


def test_a_span_moves_with_the_text_and_takes_a_touched_placeholder_whole():
    text = "my account number is 12345678 for march"
    redaction = redact(text)

    whole = redaction.map_span(21, 29)
    part = redaction.map_span(23, 25)
    after = redaction.map_span(34, 39)

    assert redaction.text[slice(*whole)] == "[ACCOUNT_NUMBER_1]"
    assert redaction.text[slice(*part)] == "[ACCOUNT_NUMBER_1]"
    assert redaction.text[slice(*after)] == "march"


def test_luhn_knows_a_card_number_from_its_neighbor():
    assert is_luhn("4111111111111111")
    assert not is_luhn("4111111111111112")


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("four one one one", "4111"),
        ("double five triple zero", "55000"),
        ("twenty five oh six", "2506"),
        ("forty one eleven", "4111"),
        ("eight hundred five five five", "800555"),
        ("eight hundred and fifty five", "855"),
        ("two thousand nineteen", "2019"),
        ("nine uh seven um six", "976"),
        ("two fives and three", "553"),
        ("john dot smith at gmail dot com", "john.smith@gmail.com"),
    ],
)
def test_speech_is_written_out(said, written):
    assert write_out(f"it is {said} there").text == f"it is {written} there"


def test_written_out_text_maps_back_to_what_was_said():
    said = "it is four one one one there"
    written = write_out(said)
    start = written.text.index("4111")

    assert written.to_input(start, start + 4) == (6, 22)
    assert written.to_input(start + 1, start + 2) == (6, 22)
    assert written.to_input(start + 5, start + 10) == (23, 28)


VOCABULARY = """
my account number is the card social phone name john smith one two three four five oh
double twenty thirty hundred uh um and at dot gmail com 4111 12 1984 march street
dollars [NAME_1] [CARD_2] . , - \u00e9 \uff11 pin code on back call me born zip 78701
e-mail jose\u0301
"""
WORDS = st.sampled_from(VOCABULARY.split())
SENTENCES = st.lists(WORDS, max_size=16).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(SENTENCES)
def test_offsets_slice_the_input_and_rebuild_the_output(text):
    redaction = redact(text)

    rebuilt, position = "", 0
    for entity in redaction.entities:
        assert position <= entity.start < entity.end <= len(text)
        rebuilt += text[position : entity.start] + entity.placeholder
        position = entity.end
    assert rebuilt + text[position:] == redaction.text


@settings(max_examples=300, deadline=None)
@given(SENTENCES)
def test_redacting_twice_is_redacting_once(text):
    once = redact(text).text

    assert redact(once).text == once


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_can_be_read(text):
    assert isinstance(redact(text).text, str)


UNITS_SAID = ["zero", "one", "two", "three", "four", "five", "six", "seven"]
UNITS_SAID += ["eight", "nine"]
DIGIT_WORDS = dict(
    zip(
        "0123456789",
        UNITS_SAID,
        strict=True,
    )
)
CUES = [
    ("my card number is {} ok", 16, 16),
    ("the account number is {}", 7, 12),
    ("my social security number is {}", 9, 9),
    ("call me back at {} please", 10, 10),
    ("{} is my account number", 8, 12),
    ("{}", 7, 16),
]


@st.composite
def planted(draw):
    """(text, digits): a number in a sentence, spoken or written, with fillers."""
    template, low, high = draw(st.sampled_from(CUES))
    digits = draw(st.text("0123456789", min_size=low, max_size=high))
    if draw(st.booleans()):
        said = digits
    else:
        fillers = draw(
            st.lists(
                st.sampled_from(["", "", "", "uh ", "um ", "and "]),
                min_size=len(digits),
                max_size=len(digits),
            )
        )
        said = " ".join(
            f + DIGIT_WORDS[d] for f, d in zip(fillers, digits, strict=True)
        )
    return template.format(said), digits


@settings(max_examples=300, deadline=None)
@given(planted())
def test_no_digit_of_a_planted_number_is_left(case):
    text, _ = case

    left = re.sub(r"\[[A-Z_]+_\d+\]", "", redact(text).text)

    assert not re.search(r"\d", left), left
    assert not set(left.split()) & set(DIGIT_WORDS.values()), left
