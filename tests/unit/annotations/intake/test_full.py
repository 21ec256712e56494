"""The full pass: names by the model, and closed where the model fails."""

from types import SimpleNamespace

import pytest

from annotations.intake.redaction import Numbering
from annotations.intake.redaction.full import (
    FullRedactor,
    Item,
    RedactionFailedError,
    as_cased,
    full_names,
    load,
    may_name,
)


class Engine:
    """Finds "Karen"; breaks on a text with "Broken" in it."""

    def analyze_iterator(self, texts, **_):
        if any("Broken" in text or "broken" in text for text in texts):
            raise MemoryError
        for text in texts:
            start = text.find("Karen")
            yield [SimpleNamespace(start=start, end=start + 5)] if start >= 0 else []


def test_one_text_that_breaks_the_model_costs_only_itself():
    items = [Item("tell karen hello"), Item("kevin has a broken modem"), Item("fine")]

    first, second, third = FullRedactor(Engine(), []).redact_batch(items)

    assert first.text == "tell [NAME_1] hello"
    assert isinstance(second, RedactionFailedError)
    assert third.text == "fine"


def test_a_text_that_cannot_be_read_raises_when_asked_for_alone():
    with pytest.raises(RedactionFailedError):
        FullRedactor(Engine(), []).redact("kevin has a broken modem")


def test_a_recognizer_that_fails_fails_the_text():
    broken = SimpleNamespace(
        supported_entities=["PHONE_NUMBER"], analyze=lambda *_: 1 / 0
    )

    (result,) = FullRedactor(Engine(), [broken]).redact_batch([Item("call 5551234567")])

    assert isinstance(result, RedactionFailedError)


def test_a_name_of_the_model_takes_the_next_number():
    numbering = Numbering()
    numbering.observe("[NAME_3] spoke")

    result = FullRedactor(Engine(), []).redact("tell karen", (), numbering)

    assert result.text == "tell [NAME_4]"


def test_lower_case_speech_is_cased_where_names_may_stand():
    assert as_cased("i spoke with karen about my bill") == (
        "I spoke with Karen about my bill"
    )
    assert as_cased("tell [NAME_1] now") == "Tell ........ now"
    assert as_cased("MY NAME IS JOHN") == "My name is John"


def test_texts_that_name_nobody_are_not_asked_about():
    assert not may_name("why is my bill so high this month")
    assert may_name("why did karen call me")
    assert may_name("ask oluwaseun adeyemo")


def test_a_given_name_beside_a_surname_is_a_name():
    (found,) = full_names("the bill for carlos garcia please")

    assert (found.start, found.end) == (13, 26)
    assert full_names("the price of a new phone") == []


@pytest.mark.models
class TestModel:
    """The real Presidio and spaCy, from their packages, without a network."""

    @pytest.mark.parametrize(
        ("text", "redacted"),
        [
            ("i spoke with karen yesterday", "i spoke with [NAME_1] yesterday"),
            ("send it to jose garcia please", "send it to [NAME_1] please"),
            ("GB29NWBK60161331926819 is it", "[ACCOUNT_NUMBER_1] is it"),
            ("can you transfer me to netflix", "can you transfer me to netflix"),
            ("my bill went up by forty dollars", "my bill went up by forty dollars"),
            ("[NAME_1] from [PHONE_2] called", "[NAME_1] from [PHONE_2] called"),
        ],
    )
    def test_names_without_a_cue_are_found_and_plain_speech_stays(self, text, redacted):
        assert load().redact(text).text == redacted
