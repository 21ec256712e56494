"""A case on the reviewer's page: what was said before, and the answers side by side."""

import json

import pytest
from django.test import Client

from annotations.models import Conversation, Turn
from annotations.services import answers, review, review_queues, turns
from annotations.services.answers import Answer, SpanAnswer
from annotations.services.catalogue import current
from annotations.views import review_case
from tests.factories import cast

pytestmark = pytest.mark.django_db
CONTEXT = [
    {"role": "bot", "text": "how can i help"},
    {"role": "caller", "text": "check my march bill"},
    {"role": "bot", "text": "march or may"},
]
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
}
HERE = (4, 9, "word", "march")
CALLER = (9, 14, "word", "march", "march", 1)
BOT = (0, 5, "word", "march", "march", 2)


@pytest.fixture
def bill():
    intent = cast.intent("check_bill")
    cast.live_schema(intent, SCHEMA)
    return intent


@pytest.fixture
def of(bill, pay):
    """Said in a call whose second turn was labeled."""
    call = Conversation.objects.create(source="calls", external_id="c")
    before = cast.utterance(CONTEXT[1]["text"], conversation=call, turn=1)
    Turn.objects.create(conversation=call, number=1, utterance=before)
    return cast.utterance("the march one", conversation=call, turn=3, context=CONTEXT)


def columns(of, by):
    shown = review_case.shown(review_queues.case(of.pk), by=by)
    return {one.answer.annotator.username: one for one in shown["columns"]}


@pytest.mark.parametrize("other", [CALLER, BOT])
def test_the_same_words_of_another_turn_are_another_mark(
    of, ana, ben, rita, say, other
):
    say(ana, of, "check_bill", spans=[HERE])
    say(ben, of, "check_bill", reason="second_opinion", spans=[other])

    found = columns(of, rita)

    assert [one.differs for one in found["ben"].values] == [True]
    assert found["ben"].values[0].marks[0].turn == other[5]


def test_the_same_mark_twice_is_no_difference(of, ana, ben, rita, say):
    say(ana, of, "check_bill", spans=[CALLER])
    say(ben, of, "check_bill", reason="second_opinion", spans=[CALLER])

    assert not columns(of, rita)["ana"].values[0].differs


def test_not_spoken_differs_from_not_marked(of, ana, ben, rita, say):
    say(ana, of, "check_bill", not_spoken=("word",))
    say(ben, of, "pay_bill", reason="second_opinion")

    found = columns(of, rita)

    assert (found["ana"].values[0].is_silent, found["ben"].values[0].is_silent) == (
        True, False,
    )  # fmt: skip
    assert found["ana"].values[0].differs


def test_the_page_tells_turn_act_and_hearing_of_each_answer(of, ana, ben, rita, say):
    say(ana, of, "check_bill", spans=[CALLER], act="corrects", is_misheard=True)
    say(ben, of, "pay_bill", reason="second_opinion")
    client = Client()
    client.force_login(rita)

    page = client.get("/review/disagreements").content.decode()

    assert "<small>turn 2</small>" in page
    assert 'class="act differs">Turn: corrects' in page
    assert 'class="act differs">Turn: not said' in page
    assert "A word was misheard</span>" in page
    assert "Nothing misheard</span>" in page


def test_a_reviewer_sees_the_gold_labels_of_earlier_turns(of, ana, ben, rita, say):
    earlier = Turn.objects.get(conversation=of.conversation, number=1).utterance
    say(ana, earlier, "check_bill", spans=[(9, 14, "word", "march")])

    found = turns.before(of, current(), by=rita)

    label = found.turns[1].label
    assert (label.title, dict(label.values), label.is_mine) == (
        "Check bill", {"word": "march"}, False,
    )  # fmt: skip
    assert found.open_title == "Check bill"
    assert found.acts == {"": "new", "check_bill": "continues"}


def test_a_label_afresh_says_all_that_an_answer_can(of, ana, ben, rita, say):
    say(ana, of, "check_bill", not_spoken=("word",))
    say(ben, of, "pay_bill", reason="second_opinion")
    answer = Answer(
        cast.new_id(), of.pk, "check_bill",
        (SpanAnswer(*CALLER),), act="continues", is_misheard=True,
    )  # fmt: skip

    stored = review.relabel(by=rita, utterance_id=of.pk, answer=answer)

    stored.refresh_from_db()
    assert (stored.act, stored.is_misheard) == ("continues", True)
    assert [(s.turn, s.text) for s in stored.spans.all()] == [(1, "march")]
    of.refresh_from_db()
    assert of.status == "labeled"


def test_a_form_sent_from_the_page_stores_all_of_it(of, ana, ben, rita, say):
    say(ana, of, "check_bill", not_spoken=("word",))
    say(ben, of, "pay_bill", reason="second_opinion")
    client = Client()
    client.force_login(rita)
    start, end, param, text, _, turn = CALLER
    mark = {"start": start, "end": end, "param": param, "text": text, "turn": turn}

    client.post(
        "/review/resolve?queue=disagreements",
        {
            "uuid": cast.new_id(), "item": of.pk, "answer": "neither",
            "intent": "check_bill", "spans": json.dumps([mark]), "not_spoken": "[]",
            "act": "confirms", "misheard": "1",
        },
    )  # fmt: skip

    stored = of.annotation_set.get(is_review=True)
    assert (stored.act, stored.is_misheard) == ("confirms", True)
    assert stored.spans.get().turn == turn
    assert answers.text_of(of, turn)[start:end] == "march"
