"""What a round's steps said: kept in order, bounded, and without callers' words."""

import pytest
from django.db import IntegrityError
from django.test import Client

from tests.factories import rounds as factory
from training import failpoints
from training.models import Round, RoundLine
from training.models.log import KEPT
from training.services import execution, round_log, rounds
from training.services.rounds import ClaimLostError, Status
from training.services.teller import Teller

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("tiny", "bells"),
]


@pytest.fixture
def claim():
    factory.world()
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)
    return rounds.claim(found.pk, worker="here")


def said(found: Round) -> list[str]:
    return [line.said for line in round_log.tail(found)]


def test_a_round_tells_its_steps_in_order():
    factory.world()

    found = factory.ended(factory.policy())

    lines = round_log.tail(found)
    assert [line.number for line in lines] == list(range(len(lines)))
    assert lines[0].said == "Attempt 1, on here."
    told = " ".join(line.said for line in lines)
    assert "12 exam" in told
    assert "The gate opens: " in told
    assert list(dict.fromkeys(line.step for line in lines)) == [
        Status.REQUESTED,
        Status.SNAPSHOT,
        Status.TRAINING,
        Status.EVALUATING,
        Status.GATE,
    ]
    for saying in factory.SAYINGS.values():
        assert saying not in told


def test_what_a_training_says_is_a_line_of_its_step(claim):
    rounds.enter(claim, Status.TRAINING)

    Teller(claim).hooks().on_message("Epoch 1 of 3: mean loss 0.5000.")

    [line] = RoundLine.objects.all()
    assert (line.step, line.said) == ("training", "Epoch 1 of 3: mean loss 0.5000.")


def test_only_the_last_lines_are_kept(claim):
    found = rounds.get(claim.round_id)
    for number in range(KEPT + 5):
        round_log.say(claim, f"line {number}")

    lines = said(found)

    assert len(lines) == KEPT
    assert (lines[0], lines[-1]) == ("line 5", f"line {KEPT + 4}")


def test_the_database_keeps_the_ring(claim):
    with pytest.raises(IntegrityError, match="round_lines_are_a_ring"):
        RoundLine.objects.create(
            round_id=claim.round_id, number=KEPT, slot=KEPT, step="training", said="x"
        )


def test_a_worker_that_lost_the_round_says_nothing(claim):
    factory.silent(rounds.get(claim.round_id))
    rounds.claim(claim.round_id, worker="another")

    with pytest.raises(ClaimLostError):
        round_log.say(claim, "still here")

    assert not RoundLine.objects.exists()


def test_an_attempt_that_broke_off_and_the_next_one_are_both_told():
    factory.world()
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)

    def break_down() -> None:
        raise RuntimeError

    failpoints.arm("evaluation.begun", break_down)
    execution.run(found.pk, worker="one")
    failpoints.disarm()
    execution.run(found.pk, worker="two")

    told = said(found)
    assert "Attempt 1 broke off." in told
    assert "Attempt 2, on two." in told
    assert rounds.get(found.pk).status == Status.PROMOTED


def test_the_page_shows_the_newest_line_first(claim):
    rounds.enter(claim, Status.TRAINING)
    round_log.say(claim, "the first")
    round_log.say(claim, "the <second>")
    client = Client()
    client.force_login(factory.engineer())

    page = client.get(f"/rounds/{claim.round_id}").content.decode()

    assert page.index("the &lt;second&gt;") < page.index("the first")
