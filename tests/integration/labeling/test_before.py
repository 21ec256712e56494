"""What the desk shows of the turns before: their labels, and what is open."""

import pytest

from annotations.models import Conversation, Reason, Turn
from annotations.services import desk, labels, queue
from annotations.services.labels import Answer, SpanAnswer
from tests.factories import cast

pytestmark = pytest.mark.django_db
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"month": {"type": "string", "format": "month"}},
}
SAID = ["the March bill", "yes", "and for april"]
CONTEXT = [
    {"role": "bot", "text": "how can i help"},
    {"role": "caller", "text": "the march bill"},
    {"role": "bot", "text": "is that right"},
    {"role": "caller", "text": "yes"},
]


@pytest.fixture
def ana():
    return cast.ana()


@pytest.fixture
def call():
    """Three turns of one call; the first two stand before the third."""
    cast.live_schema(cast.intent("check_bill"), SCHEMA)
    cast.intent("say_yes", usual_act="confirms")
    conversation = Conversation.objects.create(source="calls", external_id="c")
    said = []
    for n, text in enumerate(SAID):
        turn = 2 * n + 1
        one = cast.utterance(
            text, conversation=conversation, turn=turn, context=CONTEXT[:turn]
        )
        Turn.objects.create(conversation=conversation, number=turn, utterance=one)
        said.append(one)
    return said


def answered(by, of, intent, *spans, **fields):
    item = cast.item(of, rank=0, reason=fields.pop("reason", Reason.UNCERTAIN))
    assert queue.claim_next(by=by).pk == item.pk
    answer = Answer(cast.new_id(), item.pk, intent, tuple(spans), **fields)
    labels.submit(by=by, answer=answer)


def shown(by, of, **fields):
    item = cast.item(of, rank=0, **fields)
    claimed = queue.claim_next(by=by)
    assert claimed.pk == item.pk
    return desk.present(claimed)


def test_earlier_turns_come_with_their_labels_and_the_state(ana, call):
    first, second, third = call
    answered(ana, first, "check_bill", SpanAnswer(4, 9, "month", "March"))
    answered(ana, second, "say_yes")

    found = shown(ana, third)

    assert [turn.label and turn.label.title for turn in found.turns] == [
        None, "Check bill", None, "Say yes",
    ]  # fmt: skip
    assert found.turns[1].label.values["month"].endswith("-03")
    assert found.open_title == "Check bill"
    assert found.state.filled["month"].position == 1
    assert found.acts == {"": "new", "check_bill": "continues"}


def test_ones_own_answer_is_shown_rather_than_the_gold_one(ana, call):
    ben = cast.ben()
    answered(ben, call[0], "check_bill")
    answered(ana, call[0], "say_yes", reason=Reason.SECOND_OPINION)

    assert shown(ana, call[2]).turns[1].label.intent == "say_yes"
    assert shown(ben, call[1]).turns[1].label.is_mine


@pytest.mark.parametrize("reason", [Reason.EXAM, Reason.RANDOM, Reason.SECOND_OPINION])
def test_a_blind_item_shows_nobody_elses_labels(ana, call, reason):
    answered(cast.ben(), call[0], "check_bill")

    found = shown(ana, call[2], reason=reason)

    assert all(turn.label is None for turn in found.turns)
    assert found.state.intent == "" and found.acts == {"": "new"}


def test_an_answer_taken_back_is_no_label_of_its_turn(ana, call):
    answered(ana, call[0], "check_bill")
    undone = labels.undo(by=ana, uuid=cast.new_id())
    queue.release(undone.item.pk, by=ana)
    undone.item.delete()

    assert shown(ana, call[2]).turns[1].label is None


def test_what_was_reported_is_no_label_of_its_turn(ana, call):
    answered(ana, call[0], "check_bill")
    call[0].status = "quarantined"
    call[0].save()

    assert shown(ana, call[2]).turns[1].label is None


def test_an_item_read_by_the_orm_shows_the_same(ana, call):
    answered(ana, call[0], "check_bill")
    claimed = shown(ana, call[2])
    item = queue.with_all(queue.QueueItem.objects).get(pk=claimed.item_id)

    assert desk.present(item).turns == claimed.turns


def test_a_text_without_a_conversation_has_nothing_before(ana):
    found = shown(ana, cast.utterance())

    assert (found.turns, found.acts) == ((), {})


def test_a_guess_is_shown_with_the_value_that_it_amounts_to(ana, call):
    said = cast.utterance("the march bill", occurred_at="2026-05-10T12:00Z")
    place = {"param": "month", "start": 4, "end": 9, "text": "march", "value": "march"}
    cast.suggestion(said, "say_yes", "check_bill", parameters=[place])

    [guess] = shown(ana, said).parameters

    assert (guess["value"], guess["problem"]) == ("2026-03", "")
