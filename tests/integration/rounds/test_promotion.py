"""Who becomes champion: a person's decision, a champion that changes, the way back."""

import threading
import time

import pytest
from django.db import connection, transaction
from django.test import Client

from annotations.errors import InvalidError
from annotations.models import AuditEvent
from tests.factories import cast
from tests.factories import rounds as factory
from training import failpoints
from training.models import FAMILY, Checkpoint
from training.services import checkpoints, policies, promotion, rounds, trial
from training.services.rounds import Status
from training.views import round_facts

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("tiny", "bells"),
]
REASON = "it was checked by hand"


def test_where_a_person_decides_nothing_serves_before():
    factory.world()
    found = factory.ended(factory.policy(promotion="person"))
    assert found.status == Status.AWAITING
    assert checkpoints.champion() is None

    mia = factory.engineer()
    promotion.approve(round_id=found.pk, by=mia, reason=REASON)

    found = rounds.get(found.pk)
    assert found.status == Status.PROMOTED
    assert found.decided_by == mia
    assert found.verdict["decision"] == REASON
    assert checkpoints.champion() == found.challenger
    with pytest.raises(promotion.RoundNotAwaitingError):
        promotion.reject(round_id=found.pk, by=mia, reason=REASON)


def test_a_person_may_decline():
    factory.world()
    found = factory.ended(factory.policy(promotion="person"))

    promotion.reject(round_id=found.pk, by=factory.engineer(), reason=REASON)

    found = rounds.get(found.pk)
    assert found.status == Status.REJECTED
    assert found.challenger.state == Checkpoint.State.REJECTED


def test_a_decision_needs_a_reason():
    factory.world()
    found = factory.ended(factory.policy(promotion="person"))

    with pytest.raises(InvalidError):
        promotion.approve(round_id=found.pk, by=factory.engineer(), reason="  ok  ")

    assert rounds.get(found.pk).status == Status.AWAITING


def test_a_gate_changed_while_the_round_ran_lets_nothing_serve_by_itself():
    """One person would have promoted it, and nobody decided."""
    factory.world()
    mia, nora = factory.engineer("mia"), factory.engineer("nora")
    policy = factory.policy()
    failpoints.arm("evaluation.begun", lambda: changed(mia, min_exam="1"))

    found = factory.ended(policy)

    assert found.status == Status.AWAITING
    assert "changed meanwhile" in round_facts.sentence(found, trainer_alive=True)
    assert checkpoints.champion() is None
    with pytest.raises(promotion.GateEditedError):
        promotion.approve(round_id=found.pk, by=mia, reason=REASON)
    promotion.approve(round_id=found.pk, by=nora, reason=REASON)


def test_a_change_by_somebody_else_does_not_hide_ones_own():
    factory.world()
    mia, nora = factory.engineer("mia"), factory.engineer("nora")
    found = factory.ended(factory.policy(promotion="person"))
    changed(mia, min_exam="1")
    changed(nora, min_exam="2")

    with pytest.raises(promotion.GateEditedError):
        promotion.approve(round_id=found.pk, by=mia, reason=REASON)

    assert checkpoints.champion() is None


def changed(by, **fields: str) -> None:
    """The policy of the first iteration, as sent from its page."""
    policy = policies.of_iteration(1)
    policies.change(
        iteration=1,
        revision=policies.revision_of(policy),
        sent={**policies.shown(policy), **fields},
        by=by,
    )


def test_a_round_may_start_while_another_awaits_its_decision():
    factory.world()
    policy = factory.policy(promotion="person")
    factory.ended(policy)

    assert factory.ended(policy).status == Status.AWAITING


def test_a_decision_on_an_outdated_comparison_is_refused(tmp_path):
    factory.world()
    policy = factory.policy(promotion="person")
    first, second = factory.ended(policy), factory.ended(policy)
    mia = factory.engineer()
    promotion.approve(round_id=first.pk, by=mia, reason=REASON)

    with pytest.raises(promotion.ChampionChangedError):
        promotion.approve(round_id=second.pk, by=mia, reason=REASON)

    assert checkpoints.champion() == first.challenger


def test_a_champion_that_changes_meanwhile_is_compared_with_instead(tmp_path):
    factory.world()
    other = factory.checkpoint("other", tmp_path / "other", factory.SAYINGS)
    failpoints.arm(
        "gate.judged",
        lambda: (
            failpoints.disarm(),
            promotion.promote(
                checkpoint=other, reason=REASON, by=None, instead_of=None
            ),
        ),
    )

    found = factory.ended(factory.policy())

    assert found.champion == other
    assert found.status == Status.REJECTED
    assert checkpoints.champion() == other


def test_rolling_back_brings_the_model_before_back(tmp_path):
    one = factory.checkpoint("one", tmp_path / "one", factory.SAYINGS)
    two = factory.checkpoint("two", tmp_path / "two", factory.SAYINGS)
    mia = factory.engineer()
    with pytest.raises(promotion.NothingToRollBackError):
        promotion.roll_back(by=mia, reason=REASON, instead_of=None)
    promotion.promote(checkpoint=one, reason=REASON, by=None, instead_of=None)
    promotion.promote(checkpoint=two, reason=REASON, by=None, instead_of=one)

    promotion.roll_back(by=mia, reason=REASON, instead_of=two)

    assert checkpoints.champion() == one
    two.refresh_from_db()
    assert two.state == Checkpoint.State.RETIRED
    event = AuditEvent.objects.get(action="checkpoint.rolled_back")
    assert event.object == f"checkpoint:{two.pk}"


def test_nothing_is_promoted_by_itself_over_a_roll_back_that_it_did_not_see(tmp_path):
    factory.world()
    mia = factory.engineer()
    # They call everything about plans a bill, so that a third of the exam is lost.
    poor = {
        "check_bill": "i want to cancel my plan",
        "fix_internet": "the internet is broken please fix it",
    }
    one = factory.checkpoint("one", tmp_path / "one", poor)
    two = factory.checkpoint("two", tmp_path / "two", poor)
    promotion.promote(checkpoint=one, reason=REASON, by=None, instead_of=None)
    promotion.promote(checkpoint=two, reason=REASON, by=None, instead_of=one)
    failpoints.arm(
        "training.begun",
        lambda: (
            failpoints.disarm(),
            promotion.roll_back(by=mia, reason=REASON, instead_of=two),
        ),
    )

    found = factory.ended(factory.policy())

    assert found.verdict["passed"]
    assert found.status == Status.AWAITING
    assert "rolled back meanwhile" in round_facts.sentence(found, True)
    assert checkpoints.champion() == one


def test_two_people_who_roll_back_at_once_roll_back_once(tmp_path):
    """The second would bring back what the first took away."""
    one = factory.checkpoint("one", tmp_path / "one", factory.SAYINGS)
    two = factory.checkpoint("two", tmp_path / "two", factory.SAYINGS)
    promotion.promote(checkpoint=one, reason=REASON, by=None, instead_of=None)
    promotion.promote(checkpoint=two, reason=REASON, by=None, instead_of=one)
    people = [factory.engineer("mia"), factory.engineer("nora")]
    answers: list[int] = []

    def roll_back(person) -> None:
        client = Client()
        client.force_login(person)
        sent = {"name": "two", "reason": REASON}
        answers.append(client.post("/rounds/roll-back", sent).status_code)
        connection.close()

    threads = [threading.Thread(target=roll_back, args=(one,)) for one in people]
    with transaction.atomic():
        promotion.lock(FAMILY)  # both have read who serves before either may go on
        for thread in threads:
            thread.start()
        wait_until_blocked(2)
    for thread in threads:
        thread.join()

    assert sorted(answers) == [302, 409]
    assert checkpoints.champion() == one


def wait_until_blocked(n: int) -> None:
    waiting = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    )
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0] >= n:
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")


def test_an_intent_that_only_the_exam_holds_was_not_learned():
    intents = factory.world()
    asked = cast.intent("cancel_contract")
    factory.gold("i want out of my contract", asked, split="exam")

    factory.ended(factory.policy())

    serving = [checkpoints.champion()]
    assert trial.models_that_learned(intents["fix_internet"].pk) == serving
    assert trial.models_that_learned(asked.pk) == []


def test_a_promotion_rings_for_a_new_ranking(tmp_path, bells):
    one = factory.checkpoint("one", tmp_path / "one", factory.SAYINGS)

    promotion.promote(checkpoint=one, reason=REASON, by=None, instead_of=None)

    assert "training.tasks.sweep_ranking" in [task for task, _ in bells]
