"""Answered turns on their way into the pool, and challengers in shadow."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from annotations.models import Utterance
from tests.factories import cast
from tests.factories import rounds as factory
from tests.integration.rounds.test_live import REASON, ask, turned
from training.models import LiveTurn, Round, ShadowAnswer
from training.services import live_pool, promotion, shadow, shadow_compare
from training.serving import champion

pytestmark = pytest.mark.django_db
AT_ONCE = timedelta(0)


@pytest.fixture
def bot():
    client = Client()
    client.force_login(cast.person("bot", "api_client"))
    return client


@pytest.fixture
def serving(tmp_path):
    champion.forget()
    intents = {name: cast.intent(name) for name in factory.SAYINGS}
    cast.live_schema(intents["check_bill"])
    found = factory.checkpoint("one", tmp_path / "one", factory.SAYINGS)
    promotion.promote(checkpoint=found, reason=REASON, by=None, instead_of=None)
    return found


def test_a_conversation_collects_what_a_function_needs(bot, serving):
    first = ask(bot, "why is my bill so high", conversation_id="c1", turn=1).json()
    second = ask(
        bot, "my account number is 12345678", conversation_id="c1", turn=2
    ).json()

    assert first["outcome"] == "ask"
    assert second["outcome"] == "call"
    assert second["function_call"] == {
        "name": "check_bill",
        "arguments": {"account_number": "[ACCOUNT_NUMBER_1]"},
    }


def test_conversations_do_not_mix(bot, serving):
    ask(bot, "why is my bill so high", conversation_id="c1", turn=1)

    other = ask(bot, "my account number is 12345678", conversation_id="c2", turn=1)

    assert other.json().get("function_call") is None


def test_the_same_turn_again_gets_the_stored_answer_and_counts_once(bot, serving):
    first = ask(bot, "why is my bill so high", conversation_id="c1", turn=1)
    again = ask(bot, "why is my bill so high", conversation_id="c1", turn=1)

    assert again.json() == first.json()
    assert LiveTurn.objects.count() == 1


def test_a_turn_asked_again_late_gets_a_whole_answer_and_counts_once(bot, serving):
    """Its words are in the pool alone by then, but the bot sends them along."""
    ask(bot, "why is my bill so high", conversation_id="c1", turn=1)
    said = {"conversation_id": "c1", "turn": 2}
    first = ask(bot, "my account number is 12345678", **said)
    ask(bot, "the internet is broken", conversation_id="c1", turn=3)
    live_pool.pool(settled=AT_ONCE)

    again = ask(bot, "my account number is 12345678", **said)

    assert again.json() == first.json()
    assert again.json()["outcome"] == "call"
    assert LiveTurn.objects.count() == 3


def test_a_turns_number_is_not_used_for_other_words(bot, serving):
    ask(bot, "why is my bill so high", conversation_id="c1", turn=1)
    other = ask(bot, "the internet is broken", conversation_id="c1", turn=1)

    assert other.status_code == 409
    assert other.json()["code"] == "turn_taken"


def test_every_turn_joins_the_pool_once_with_a_count(bot, serving):
    said = ask(bot, "it is in a b").json()
    ask(bot, "it is in a b")
    ask(bot, "why is my bill so high")

    assert live_pool.pool(settled=AT_ONCE) == 3

    unsure = Utterance.objects.get(text="it is in a b")
    assert (unsure.source, unsure.count) == ("live", 2)
    assert unsure.redaction == Utterance.Redaction.LIGHT
    assert unsure.bot_intent == said["intents"][0]["name"]
    assert Utterance.objects.filter(text="why is my bill so high").exists()
    assert live_pool.pool(settled=AT_ONCE) == 0


def test_a_turn_keeps_no_words_once_the_pool_has_them(bot, serving):
    ask(bot, "my account number is 12345678", conversation_id="c1", turn=1)
    live_pool.pool(settled=AT_ONCE)

    row = LiveTurn.objects.get()
    assert (row.text, row.context) == ("", [])
    assert row.utterance.text.startswith("my account number is [ACCOUNT")
    assert "parameters" not in row.answer


def test_the_database_refuses_words_on_a_pooled_turn(bot, serving):
    ask(bot, "why is my bill so high")

    with pytest.raises(IntegrityError), transaction.atomic():
        LiveTurn.objects.update(pooled_at=timezone.now())


def test_a_turn_is_kept_whole_while_its_bot_may_repeat_it(bot, serving):
    ask(bot, "why is my bill so high")

    assert live_pool.pool() == 0
    assert LiveTurn.objects.get().text == "why is my bill so high"


def test_a_turn_that_other_intake_stored_first_is_let_go(bot, serving):
    ask(bot, "why is my bill so high", conversation_id="c1", turn=1)
    live_pool.pool(settled=AT_ONCE)
    LiveTurn.objects.all().delete()
    ask(bot, "please fix it", conversation_id="c1", turn=1)

    assert live_pool.pool(settled=AT_ONCE) == 1
    assert LiveTurn.objects.get().utterance is None
    assert not Utterance.objects.filter(text="please fix it").exists()


def test_answers_older_than_the_retention_go(bot, serving, settings):
    ask(bot, "why is my bill so high")
    live_pool.pool(settled=AT_ONCE)
    LiveTurn.objects.update(created_at=timezone.now() - timedelta(days=91))

    assert live_pool.forget_old() == 1
    assert not LiveTurn.objects.exists()


def test_the_exam_takes_sure_turns_as_well(bot, serving, settings):
    settings.EXAM_SHARE = 1.0
    ask(bot, "why is my bill so high")
    live_pool.pool(settled=AT_ONCE)

    assert Utterance.objects.get().split == Utterance.Split.EXAM


@pytest.fixture
def challenger(serving, tmp_path):
    """A round whose challenger takes bills for plans and awaits a decision."""
    found = factory.checkpoint("two", tmp_path / "two", turned(), gate_passed=True)
    Round.objects.create(
        policy=factory.policy(),
        recipe="head",
        status=Round.Status.AWAITING,
        challenger=found,
    )
    return found


def heard(bot: Client, *texts: str) -> None:
    for text in texts:
        ask(bot, text)
    live_pool.pool(settled=AT_ONCE)
    Utterance.objects.update(redaction=Utterance.Redaction.FULL)


def test_a_challenger_answers_the_turns_that_the_champion_answered(bot, challenger):
    heard(bot, "why is my bill so high", "the internet is broken please fix it")

    assert shadow.sweep() == 2
    assert shadow.sweep() == 0

    found = shadow_compare.compare(challenger)
    assert found.turns == 2
    assert found.agreement == 0.5  # the middle one of three stays in its place
    assert [(c.champion, c.challenger) for c in found.changes] == [
        ("check_bill", "cancel_plan")
    ]


def test_words_that_people_may_not_see_yet_are_not_answered_in_shadow(bot, challenger):
    ask(bot, "why is my bill so high")
    live_pool.pool(settled=AT_ONCE)

    assert shadow.sweep() == 0
    assert shadow_compare.compare(challenger) is None


def test_a_shadow_never_changes_what_the_bot_is_told(bot, challenger):
    before = ask(bot, "why is my bill so high").json()
    heard(bot, "why is my bill so high")
    shadow.sweep()

    after = ask(bot, "why is my bill so high").json()

    assert after == before
    assert ShadowAnswer.objects.count() == 2
