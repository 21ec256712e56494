"""Questions reach a reviewer, answers reach who asked, nothing personal is kept."""

import pytest

from annotations.models import AuditEvent, Question, QuestionMessage
from annotations.services import questions, review_queues
from tests.factories import cast

from .conftest import take

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(ana):
    return take(ana, cast.utterance())


@pytest.fixture
def asked(ana, item):
    return questions.ask(
        by=ana, uuid=cast.new_id(), item_id=item.pk, text="Is this a bill?"
    ).question


def test_a_question_waits_for_a_reviewer(asked):
    assert list(review_queues.questions()) == [asked]


def test_an_answer_rings_the_bell_until_it_is_read(asked, ana, rita):
    questions.answer(
        by=rita, uuid=cast.new_id(), question_id=asked.pk, text="Yes, it is."
    )
    assert questions.n_unread(ana) == 1
    assert not review_queues.questions().exists()

    questions.mark_read(by=ana, question_id=asked.pk)

    assert questions.n_unread(ana) == 0


def test_asking_on_opens_the_thread_again(asked, ana, rita):
    questions.answer(by=rita, uuid=cast.new_id(), question_id=asked.pk, text="Yes.")

    questions.ask_on(by=ana, uuid=cast.new_id(), question_id=asked.pk, text="Why?")

    assert list(review_queues.questions()) == [asked]
    assert asked.messages.count() == 3


def test_a_second_question_about_the_same_words_goes_on_in_the_thread(asked, ana, item):
    questions.ask(by=ana, uuid=cast.new_id(), item_id=item.pk, text="Or a payment?")

    assert Question.objects.count() == 1
    assert QuestionMessage.objects.count() == 2


def test_the_same_id_again_stores_once(ana, item):
    key = cast.new_id()
    for _ in range(2):
        questions.ask(by=ana, uuid=key, item_id=item.pk, text="Is this a bill?")

    assert QuestionMessage.objects.count() == 1


def test_personal_data_in_a_question_is_not_stored(ana, item):
    said = questions.ask(
        by=ana, uuid=cast.new_id(), item_id=item.pk,
        text="She says her card is 4111 1111 1111 1111, is that payment?",
    )  # fmt: skip

    assert "4111" not in said.text
    assert "[CARD_1]" in said.text
    assert not AuditEvent.objects.filter(payload__contains="card").exists()


@pytest.mark.parametrize("text", ["", "   ", "a" * 1001])
def test_an_empty_or_endless_message_is_refused(text, ana, item):
    with pytest.raises(questions.InvalidError):
        questions.ask(by=ana, uuid=cast.new_id(), item_id=item.pk, text=text)


def test_only_who_held_the_item_may_ask_about_it(item, ben):
    with pytest.raises(questions.ConflictError):
        questions.ask(by=ben, uuid=cast.new_id(), item_id=item.pk, text="Hm?")


def test_nobody_answers_their_own_question(asked, ana):
    with pytest.raises(questions.NotAllowedError):
        questions.answer(by=ana, uuid=cast.new_id(), question_id=asked.pk, text="Yes.")


@pytest.mark.parametrize("act", ["mark_read", "ask_on"])
def test_anothers_thread_is_out_of_reach(act, asked, ben):
    more = {"uuid": cast.new_id(), "text": "Me too."} if act == "ask_on" else {}

    with pytest.raises(questions.NotFoundError):
        getattr(questions, act)(by=ben, question_id=asked.pk, **more)


def test_an_answered_question_is_not_answered_twice(asked, rita):
    questions.answer(by=rita, uuid=cast.new_id(), question_id=asked.pk, text="Yes.")

    with pytest.raises(questions.ConflictError):
        questions.answer(by=rita, uuid=cast.new_id(), question_id=asked.pk, text="No.")
