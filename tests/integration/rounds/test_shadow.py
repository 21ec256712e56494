"""A challenger that only lacks live turns waits for them, and is decided once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from annotations.models import AuditEvent, Utterance
from tests.factories import cast
from tests.factories import rounds as factory
from tests.integration.rounds.test_kills import work
from tests.integration.rounds.test_live import ask
from training import failpoints
from training.models import Checkpoint, LiveTurn, Promotion, Round, ShadowAnswer
from training.services import (
    checkpoints,
    force,
    live_pool,
    promotion,
    rounds,
    shadow,
    shadow_wait,
)
from training.services.rounds import Status
from training.serving import champion

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("tiny", "bells"),
]
REASON = "it was checked by hand"
GATES = {"min_exam": 6, "max_ece": 1.0, "critical": [], "rule": "not_worse",
         "margin": 0.5}  # fmt: skip
SAID = ("why is my bill so high", "i want to cancel my plan", "the internet is broken")


@pytest.fixture
def bot():
    client = Client()
    client.force_login(cast.person("bot", "api_client"))
    return client


def policy(**fields: object):
    return factory.policy(gates={**GATES, "min_shadow": 3}, **fields)


@pytest.fixture
def waiting():
    """A round whose challenger passed everything but three live turns."""
    factory.world()
    factory.ended(factory.policy(gates=GATES))
    champion.forget()
    return factory.ended(policy())


def hear(bot: Client, *texts: str) -> None:
    """The champion answers, the pool takes it, the challenger answers after."""
    for text in texts:
        ask(bot, text)
    live_pool.pool(settled=timedelta(0))
    Utterance.objects.update(redaction=Utterance.Redaction.FULL)
    shadow.sweep()


def test_without_a_champion_no_turns_are_waited_for():
    factory.world()

    assert factory.ended(policy()).status == Status.PROMOTED


def test_a_challenger_that_only_lacks_turns_waits_in_words(waiting):
    serving = checkpoints.champion()

    assert waiting.status == Status.SHADOW
    assert waiting.challenger.gate_passed is False
    assert not waiting.verdict["passed"]
    assert (waiting.shadow_seen, waiting.shadow_needed) == (0, 3)
    assert serving == waiting.champion != waiting.challenger
    assert AuditEvent.objects.filter(
        action="round.in_shadow", object=f"round:{waiting.pk}"
    ).exists()


def test_a_challenger_that_fails_the_gate_does_not_wait():
    factory.world()
    factory.ended(factory.policy(gates=GATES))

    found = factory.ended(
        factory.policy(gates={**GATES, "min_shadow": 3, "rule": "better"})
    )

    assert found.status == Status.REJECTED


def test_another_round_may_start_while_one_waits(waiting):
    assert rounds.request(policy=policy(), cause="a test", by=None).is_working


def test_enough_turns_promote_it_with_what_they_showed(bot, waiting):
    hear(bot, *SAID[:2])
    shadow_wait.sweep()
    found = rounds.get(waiting.pk)
    assert (found.status, found.shadow_seen) == (Status.SHADOW, 2)

    hear(bot, SAID[2])
    shadow_wait.sweep()
    shadow_wait.sweep()

    found = rounds.get(waiting.pk)
    assert (found.status, found.shadow_seen) == (Status.PROMOTED, 3)
    assert checkpoints.champion() == found.challenger
    assert Promotion.objects.filter(checkpoint=found.challenger).count() == 1
    assert "Seen on 3 of 3 live turns in shadow." in found.verdict["reasons"]
    assert found.verdict["passed"]
    assert found.verdict["shadow"]["turns"] == 3
    assert found.verdict["shadow"]["challenger_latency"]["n"] == 3


def test_where_a_person_decides_enough_turns_ask_that_person(bot, waiting):
    policy(promotion="person")
    hear(bot, *SAID)
    shadow_wait.sweep()

    found = rounds.get(waiting.pk)
    assert found.status == Status.AWAITING
    assert found.challenger.gate_passed

    promotion.approve(round_id=found.pk, by=factory.engineer(), reason=REASON)
    assert checkpoints.champion() == found.challenger


def test_turns_from_before_it_was_trained_do_not_count(bot, waiting):
    hear(bot, *SAID)
    LiveTurn.objects.update(created_at=timezone.now() - timedelta(days=1))

    shadow_wait.sweep()

    found = rounds.get(waiting.pk)
    assert (found.status, found.shadow_seen) == (Status.SHADOW, 0)


def test_one_person_may_decline_but_not_promote_before_its_turns(waiting):
    mia = factory.engineer()

    with pytest.raises(promotion.GateNotPassedError, match="0 of 3 live turns"):
        promotion.approve(round_id=waiting.pk, by=mia, reason=REASON)
    promotion.reject(round_id=waiting.pk, by=mia, reason=REASON)

    found = rounds.get(waiting.pk)
    assert found.status == Status.REJECTED
    assert found.challenger.state == Checkpoint.State.REJECTED


def test_two_people_may_promote_before_its_turns(waiting):
    asked = force.request(round_id=waiting.pk, by=factory.engineer(), reason=REASON)
    force.confirm(force_id=asked.pk, by=factory.engineer("max"), reason=REASON)

    assert rounds.get(waiting.pk).status == Status.PROMOTED
    assert checkpoints.champion() == waiting.challenger


def test_a_waiting_round_is_cancelled_at_once(waiting):
    rounds.cancel(round_id=waiting.pk, by=factory.engineer())

    found = rounds.get(waiting.pk)
    assert found.status == Status.CANCELLED
    assert found.challenger.state == Checkpoint.State.REJECTED
    assert shadow_wait.settle(waiting.pk) == Status.CANCELLED


def test_a_challenger_whose_champion_left_is_rejected_in_words(bot, waiting):
    other = factory.ended(factory.policy(gates=GATES))
    assert other.status == Status.PROMOTED

    shadow_wait.sweep()

    found = rounds.get(waiting.pk)
    assert found.status == Status.REJECTED
    assert found.verdict["reasons"][-1].startswith("Another model serves since")
    assert checkpoints.champion() == other.challenger


def test_a_fault_while_deciding_leaves_everything_as_it_was(bot, waiting):
    hear(bot, *SAID)

    def break_down() -> None:
        raise RuntimeError

    for place in ("promotion.before_commit", "shadow.decided"):
        failpoints.arm(place, break_down)
        with pytest.raises(RuntimeError):
            shadow_wait.sweep()
        failpoints.disarm()
        found = rounds.get(waiting.pk)
        assert found.status == Status.SHADOW
        assert checkpoints.champion() == found.champion

    shadow_wait.sweep()
    assert rounds.get(waiting.pk).status == Status.PROMOTED


@pytest.mark.parametrize("place", ["promotion.before_commit", "shadow.decided"])
def test_a_worker_killed_while_deciding_leaves_it_to_the_next(bot, waiting, place):
    hear(bot, *SAID)

    dead = work(waiting, place, what="settle")

    assert dead.returncode < 0, dead.stdout + dead.stderr
    assert rounds.get(waiting.pk).status == Status.SHADOW
    second = work(waiting, what="settle")
    assert second.stdout.strip() == Status.PROMOTED, second.stderr
    assert Promotion.objects.filter(checkpoint=waiting.challenger).count() == 1


def test_the_database_refuses_a_promotion_before_the_turns(waiting):
    with pytest.raises(IntegrityError, match="promoted_after_its_shadow"):
        Round.objects.filter(pk=waiting.pk).update(
            status=Status.PROMOTED, finished_at=timezone.now()
        )


def test_the_database_refuses_a_wait_for_nothing(waiting):
    with pytest.raises(IntegrityError, match="shadow_has_what_it_waits_for"):
        Round.objects.filter(pk=waiting.pk).update(shadow_needed=0)


def page(found: Round, *roles: str) -> str:
    client = Client()
    client.force_login(cast.person("viewer", *roles))
    answer = client.get(f"/rounds/{found.pk}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_page_says_that_no_turn_was_compared_yet(waiting):
    said = page(waiting, "ml_engineer")

    assert "0 of 3</b> live turns" in said
    assert "No live turn was compared yet." in said
    assert 'hx-trigger="every 15s"' in said
    assert "Cancel this round" in said


def test_the_page_counts_where_they_differ_and_quotes_nobody(bot, waiting):
    hear(bot, *SAID[:2])
    ShadowAnswer.objects.filter(turn__intent="check_bill").update(intent="fix_internet")

    said = page(waiting, "product_owner")

    assert "2 of 3</b> live turns" in said
    assert "50.0 %" in said
    assert '<th scope="row">check_bill</th>' in said
    assert ">fix_internet</td>" in said
    assert SAID[0] not in said


def test_a_decided_round_keeps_what_its_shadow_showed(bot, waiting):
    hear(bot, *SAID)
    shadow_wait.sweep()
    LiveTurn.objects.all().delete()

    assert "3 live turns that the champion answered" in page(waiting, "ml_engineer")
