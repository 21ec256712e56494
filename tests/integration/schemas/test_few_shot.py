"""The few-shot bank: chosen from gold labels, kept by a person's click."""

import pytest

from annotations.errors import ConflictError
from annotations.models import AuditEvent
from annotations.services import few_shot, label_import
from annotations.services.label_import import ImportedLabel
from annotations.services.labels import SpanAnswer
from tests.factories import cast
from tests.unit.annotations.functions.pairs import fn, s

pytestmark = pytest.mark.django_db


@pytest.fixture
def function():
    return cast.live_schema(
        cast.intent("check_bill"), fn("month", month=s(), plan=s())
    ).function


def labeled(text, month="", intent="check_bill", **fields):
    utterance = cast.utterance(text, **fields)
    spans = ()
    if month:
        start = text.index(month)
        spans = (SpanAnswer(start, start + len(month), "month", month),)
    label_import.import_labels(
        [ImportedLabel(utterance.pk, intent, "billing", spans, marks_known=True)],
        source="test",
    )
    return utterance


def world():
    labeled("show me the march bill", "march")
    labeled("show me the march bill please", "march")
    labeled("what did i owe in april", "april")
    labeled("june invoice", "june")
    labeled("how much is my bill")
    labeled("pay the march bill", intent="pay_bill")
    labeled("cancel everything", intent="cancel")


def test_three_complete_ones_one_gap_and_one_near_miss(function):
    world()

    kinds = [p.kind for p in few_shot.proposals(function)]

    assert kinds == ["positive", "positive", "positive", "missing", "negative"]


def test_the_near_miss_is_the_text_of_another_intent_that_reads_most_alike(function):
    world()

    near = few_shot.proposals(function)[-1]

    assert near.text == "pay the march bill"
    assert near.arguments == {}


def test_the_arguments_are_what_was_marked(function):
    labeled("show me the march bill", "march")

    (only,) = few_shot.proposals(function)

    assert only.arguments == {"month": "march"}


def test_exam_utterances_are_never_examples(function):
    labeled("show me the march bill", "march", split="exam")

    assert few_shot.proposals(function) == []


def test_refresh_keeps_the_proposals_and_leaves_a_trace(function, boris):
    world()

    kept = few_shot.refresh(function=function, by=boris)
    again = few_shot.refresh(function=function, by=boris)

    assert [e.text for e in kept] == [e.text for e in again]
    assert function.examples.count() == 5
    assert AuditEvent.objects.filter(action="examples.refreshed").count() == 2


def test_without_a_complete_label_nothing_is_replaced(function, boris):
    labeled("how much is my bill")

    with pytest.raises(ConflictError, match="complete"):
        few_shot.refresh(function=function, by=boris)
