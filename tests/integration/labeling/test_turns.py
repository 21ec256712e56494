"""Answers about a turn of a conversation: its act, values, and what was said before."""

import dataclasses

import pytest
from django.db import DatabaseError, transaction

from annotations.errors import DuplicateAnswerError, InvalidLabelError
from annotations.models import Annotation, ParameterSpan
from annotations.services import labels, queue
from annotations.services.labels import Answer, SpanAnswer
from tests.factories import cast

pytestmark = pytest.mark.django_db
CONTEXT = [
    {"role": "bot", "text": "how can i help"},
    {"role": "caller", "text": "👍🏽 the march bill"},
]
MONTH = {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}
COUNT = {"type": "integer", "maximum": 9}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"month": MONTH, "lines": COUNT},
    "required": [],
}


@pytest.fixture
def ana():
    return cast.ana()


@pytest.fixture
def bill():
    intent = cast.intent("check_bill")
    cast.live_schema(intent, SCHEMA)
    return intent


def claimed(by, text="and the april one", **fields):
    cast.item(cast.utterance(text, context=CONTEXT, **fields))
    return queue.claim_next(by=by)


def submit(by, item, *spans, **fields):
    answer = Answer(cast.new_id(), item.pk, "check_bill", tuple(spans), **fields)
    return labels.submit(by=by, answer=answer).annotation


def test_the_act_and_a_misheard_word_are_stored(ana, bill):
    stored = submit(ana, claimed(ana), act="corrects", is_misheard=True)

    stored.refresh_from_db()
    assert (stored.act, stored.is_misheard) == ("corrects", True)


def test_an_act_that_nobody_knows_is_refused(ana, bill):
    with pytest.raises(InvalidLabelError, match="one of: new, continues"):
        submit(ana, claimed(ana), act="shrugs")


def test_words_marked_are_stored_with_the_value_they_amount_to(ana, bill):
    item = claimed(ana, occurred_at="2026-05-10T12:00Z")

    submit(ana, item, SpanAnswer(8, 13, "month", "april"))

    assert ParameterSpan.objects.get().value == "2026-04"


def test_a_typed_value_wins_over_the_words(ana, bill):
    submit(ana, claimed(ana), SpanAnswer(8, 13, "month", "april", "may 2025"))

    assert ParameterSpan.objects.get().value == "2025-05"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (SpanAnswer(0, 3, "month", "and"), "month needs a value, such as 20"),
        (SpanAnswer(0, 3, "lines", "and"), "lines needs a whole number, such as"),
        (SpanAnswer(0, 3, "lines", "and", "ten"), "lines is above 9; it may be 9"),
    ],
)
def test_what_the_live_schema_refuses_is_told_with_an_example(ana, bill, span, words):
    with pytest.raises(InvalidLabelError, match=words):
        submit(ana, claimed(ana), span)

    assert not Annotation.objects.exists()


def test_a_value_may_be_carried_over_from_an_earlier_turn(ana, bill):
    text = CONTEXT[1]["text"]
    start = text.index("march")

    submit(ana, claimed(ana), SpanAnswer(start, start + 5, "month", "march", turn=1))

    span = ParameterSpan.objects.get()
    assert (span.turn, span.text) == (1, "march")
    assert text[span.start : span.end] == "march"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (SpanAnswer(0, 3, "month", "and", turn=1), "not the one you saw"),
        (SpanAnswer(0, 3, "month", "how", turn=2), "no such earlier turn"),
        (SpanAnswer(0, 3, "month", "how", turn=-1), "no such earlier turn"),
        (SpanAnswer(0, 99, "month", "how", turn=0), "outside the text"),
    ],
)
def test_a_place_in_an_earlier_turn_has_to_read_as_seen(ana, bill, span, words):
    with pytest.raises(InvalidLabelError, match=words):
        submit(ana, claimed(ana), span)


def test_equal_places_in_two_turns_do_not_overlap(ana, bill):
    spans = [
        SpanAnswer(8, 13, "month", "april"),
        SpanAnswer(7, 12, "lines", "march", "3", turn=1),
    ]

    assert submit(ana, claimed(ana), *spans).spans.count() == 2


def test_the_database_refuses_a_place_that_reads_otherwise(ana, bill):
    stored = submit(ana, claimed(ana))

    for turn in (0, 9):
        with pytest.raises(DatabaseError, match="read"), transaction.atomic():
            ParameterSpan.objects.create(
                annotation=stored,
                param="month",
                start=0,
                end=5,
                text="march",
                turn=turn,
            )


def test_an_answer_recalled_without_its_typed_words_is_the_same_answer(ana, bill):
    item = claimed(ana)
    typed = SpanAnswer(8, 13, "month", "april", "may 2025")
    once = Answer(cast.new_id(), item.pk, "check_bill", (typed,))
    labels.submit(by=ana, answer=once)
    wordless = (dataclasses.replace(typed, value=""),)

    again = labels.submit(
        by=ana, answer=dataclasses.replace(once, spans=wordless, is_recalled=True)
    )

    assert again.replayed
    with pytest.raises(DuplicateAnswerError):
        labels.submit(by=ana, answer=dataclasses.replace(once, spans=wordless))
