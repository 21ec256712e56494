import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from annotations.models import AuditEvent, GoldLabel
from tests.factories import cast
from tests.factories import rounds as factory
from training.models import Checkpoint, Policy, Round
from training.services import dues, rounds
from training.services.rounds import Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy():
    return factory.policy()


def requested(policy: Policy) -> Round:
    return rounds.request(policy=policy, cause="a test", by=None)


def test_a_request_is_a_row_an_audit_event_and_a_bell(
    policy, bells, django_capture_on_commit_callbacks
):
    factory.world()
    mia = factory.engineer()

    with django_capture_on_commit_callbacks(execute=True):
        found = rounds.request(policy=policy, cause="a test", by=mia)

    assert found.status == Status.REQUESTED
    event = AuditEvent.objects.get(action="round.requested")
    assert event.object == f"round:{found.pk}"
    assert event.actor == f"user:{mia.pk}"
    assert bells == [("training.tasks.run_round", [found.pk])]


def test_a_second_request_is_refused_while_one_is_at_work(policy):
    factory.world()
    requested(policy)

    with pytest.raises(rounds.RoundRunningError):
        requested(policy)

    assert Round.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_twenty_starters_at_once_one_gets_a_round(bells):
    policy = factory.policy()
    factory.world()
    barrier, refused = threading.Barrier(20), []

    def start() -> None:
        barrier.wait()
        try:
            requested(policy)
        except rounds.RoundRunningError:
            refused.append(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=start) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Round.objects.count() == 1
    assert len(refused) == 19


def test_one_labeled_intent_is_not_enough(policy):
    factory.gold("why is my bill so high", cast.intent("check_bill", iteration=1))

    with pytest.raises(rounds.NothingToTrainOnError):
        requested(policy)


def test_exam_labels_do_not_make_a_round_due(policy):
    intent = cast.intent("check_bill", iteration=1)
    for _ in range(policy.min_new_gold):
        factory.gold("why is my bill so high", intent, split="exam")

    [due] = [due for due in dues.current() if due.policy == policy]

    assert due.new_gold == 0
    assert not due.is_due


def test_a_policy_counts_only_its_own_iteration(policy):
    later = factory.policy(2)
    factory.world(n_train=2, n_exam=0)
    factory.gold("the router is broken", cast.intent("reset_router", iteration=2))

    found = {due.policy.iteration: due for due in dues.current()}

    assert found[policy.iteration].new_gold == 6
    assert found[policy.iteration].missing == 4
    assert found[later.iteration].new_gold == 1


def test_a_round_is_due_at_the_threshold_and_not_before(policy):
    intents = factory.world(n_train=3, n_exam=0)
    assert rounds.start_due() is None

    factory.gold("my bill", intents["check_bill"])

    started = rounds.start_due()
    assert started is not None
    assert started.cause == "10 new gold labels of iteration 1; 10 were asked for"


def test_a_round_is_due_after_the_longest_wait_with_any_label(policy):
    factory.world(n_train=1, n_exam=0)
    GoldLabel.objects.update(resolved_at=Now() - timedelta(minutes=61))

    started = rounds.start_due()

    assert started is not None
    assert "have waited 60 minutes" in started.cause


def test_labels_before_the_last_round_are_not_new(policy):
    factory.world()
    first = requested(policy)
    rounds.cancel(round_id=first.pk, by=factory.engineer())
    GoldLabel.objects.update(resolved_at=Now() - timedelta(minutes=1))

    assert rounds.start_due() is None


def test_labels_of_a_round_that_failed_are_new_again_after_the_longest_wait(policy):
    """Nothing has learned them, and maybe nobody looks before the morning."""
    factory.world()
    GoldLabel.objects.update(resolved_at=Now() - timedelta(minutes=1))
    fail(requested(policy))
    assert rounds.start_due() is None, "not at once"

    wait = timedelta(minutes=policy.max_wait_minutes)
    Round.objects.update(finished_at=Now() - wait)

    again = rounds.start_due()
    assert again is not None
    fail(again)
    assert rounds.start_due() is None, "after as long a wait again"


def fail(found: Round) -> None:
    Round.objects.filter(pk=found.pk).update(status=Status.FAILED, finished_at=Now())


@pytest.mark.parametrize(
    ("wanted", "n_gold", "got"),
    [
        ("finetune", 1999, "head"),
        ("finetune", 2000, "finetune"),
        ("head", 9000, "head"),
    ],
)
def test_the_recipe_follows_the_policy_and_the_number_of_labels(wanted, n_gold, got):
    policy = factory.policy(recipe=wanted, finetune_from=2000)

    assert rounds.recipe_for(policy, n_gold) == got


def test_only_one_worker_claims(policy):
    factory.world()
    found = requested(policy)

    first = rounds.claim(found.pk, worker="one")

    assert first is not None
    assert rounds.claim(found.pk, worker="two") is None


def test_a_silent_worker_loses_the_round_and_cannot_write_any_more(policy):
    factory.world()
    found = requested(policy)
    dead = rounds.claim(found.pk, worker="one")
    factory.silent(found)

    alive = rounds.claim(found.pk, worker="two")

    assert alive.token > dead.token
    assert not rounds.beat(dead)
    for write in (
        lambda: rounds.write(dead, error="mine"),
        lambda: rounds.enter(dead, Status.TRAINING),
        lambda: rounds.finish(dead, Status.PROMOTED),
        lambda: rounds.await_decision(dead, verdict={}),
    ):
        with pytest.raises(rounds.ClaimLostError):
            write()
    assert rounds.beat(alive)


def test_the_fourth_attempt_fails_the_round_with_the_last_fault(policy):
    factory.world()
    found = requested(policy)
    for _ in range(rounds.MAX_ATTEMPTS):
        claim = rounds.claim(found.pk, worker="one")
        rounds.write(claim, error="the disk was full")
        factory.silent(found)

    assert rounds.claim(found.pk, worker="one") is None

    found.refresh_from_db()
    assert found.status == Status.FAILED
    assert "the disk was full" in found.error


def test_a_round_nobody_works_on_is_cancelled_at_once(policy):
    factory.world()
    found = requested(policy)

    rounds.cancel(round_id=found.pk, by=factory.engineer())

    found.refresh_from_db()
    assert found.status == Status.CANCELLED
    assert found.finished_at is not None


def test_a_round_at_work_is_asked_to_stop(policy):
    factory.world()
    found = requested(policy)
    claim = rounds.claim(found.pk, worker="one")
    assert not rounds.is_cancelled(claim)

    rounds.cancel(round_id=found.pk, by=factory.engineer())

    found.refresh_from_db()
    assert found.is_working
    assert rounds.is_cancelled(claim)


def test_a_cancelled_round_whose_worker_died_ends_at_the_next_claim(policy):
    factory.world()
    found = requested(policy)
    rounds.claim(found.pk, worker="one")
    rounds.cancel(round_id=found.pk, by=factory.engineer())
    factory.silent(found)

    assert rounds.claim(found.pk, worker="two") is None

    found.refresh_from_db()
    assert found.status == Status.CANCELLED


def test_an_ended_round_cannot_be_cancelled(policy):
    factory.world()
    found = requested(policy)
    rounds.cancel(round_id=found.pk, by=factory.engineer())

    with pytest.raises(rounds.RoundEndedError):
        rounds.cancel(round_id=found.pk, by=factory.engineer())


def test_the_sweep_rings_for_silent_and_unheard_rounds_only(
    policy, bells, django_capture_on_commit_callbacks
):
    factory.world()
    found = requested(policy)

    def rung() -> list[tuple[str, list[int]]]:
        bells.clear()
        with django_capture_on_commit_callbacks(execute=True):
            rounds.sweep()
        return list(bells)

    assert rung() == []
    Round.objects.update(requested_at=Now() - timedelta(seconds=31))
    assert rung() == [("training.tasks.run_round", [found.pk])]
    rounds.claim(found.pk, worker="one")
    assert rung() == []
    factory.silent(found)
    assert rung() == [("training.tasks.run_round", [found.pk])]


def test_a_failed_round_leaves_no_candidate(policy):
    factory.world()
    found = requested(policy)
    claim = rounds.claim(found.pk, worker="one")
    made = Checkpoint.objects.create(
        name="c", recipe="head", path="c", manifest_sha256="0" * 64, round=found
    )

    rounds.finish(claim, Status.FAILED, error="it broke")

    made.refresh_from_db()
    assert made.state == Checkpoint.State.REJECTED
