"""Drift checks: what raises an alarm, what does not, and what the page says."""

import sys
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from annotations.models import AuditEvent, QueueItem, Reason, Utterance
from annotations.services import intent_moves, queue
from annotations.services.queue import Draw
from tests.factories import cast
from tests.factories import drift as factory
from tests.factories import rounds as rounds_factory
from training.models import DriftCheck, Policy, Round, UtteranceEmbedding
from training.services import checkpoints, drift, drift_compare, drift_sample

pytestmark = pytest.mark.django_db


def client_of(*roles: str) -> Client:
    client = Client()
    client.force_login(cast.person(f"one-{'-'.join(roles)}", *roles))
    return client


def names(check: DriftCheck, key: str) -> set[str]:
    return {test["name"] for test in check.tests if test[key]}


def test_the_same_callers_raise_no_alarm():
    check = drift.run(factory.check().pk)

    assert check.status == DriftCheck.Status.DONE
    assert not check.is_alarm
    assert names(check, "persists") == set()
    assert check.n_reference == check.n_window == factory.N


def test_other_callers_raise_an_alarm_that_is_on_the_trail():
    check = drift.run(factory.check(changed=True).pk)

    assert check.is_alarm
    assert {"embeddings", "intents", "stability"} <= names(check, "persists")
    first = check.detail["intents"][0]
    assert first["name"] == "fix_internet" and first["window"] == 1.0
    assert AuditEvent.objects.filter(
        action="drift.alarm", object=f"drift:{check.pk}"
    ).exists()


def test_a_change_of_half_the_window_is_told_but_is_no_alarm():
    check = drift.run(factory.check(changed=True, only_lately=True).pk)

    assert "embeddings" in names(check, "changed")
    assert not check.is_alarm


def test_an_alarm_opens_a_round_where_the_policy_says_so():
    rounds_factory.world()
    rounds_factory.policy(starts_on_drift=True)

    check = drift.run(factory.check(changed=True).pk)

    assert check.is_alarm
    assert check.round.cause.startswith(f"Drift check {check.pk} raised an alarm")


def test_without_such_a_policy_an_alarm_opens_nothing():
    rounds_factory.world()
    Policy.objects.update(starts_on_drift=False)
    factory.callers(changed=True)

    check = drift.run(drift.request(by=None, cause="a test").pk)

    assert check.is_alarm and check.round is None
    assert not Round.objects.exists()


def test_a_check_is_run_by_one_worker_only():
    check = factory.check()
    DriftCheck.objects.filter(pk=check.pk).update(
        status="running", heartbeat_at=timezone.now()
    )

    assert drift.run(check.pk) is None


def test_what_a_dead_worker_left_is_done_by_the_next():
    check = factory.check()
    DriftCheck.objects.filter(pk=check.pk).update(
        status="running", heartbeat_at=timezone.now() - timedelta(minutes=11)
    )

    drift.sweep()

    check.refresh_from_db()
    assert check.status == DriftCheck.Status.DONE


def test_a_worker_killed_at_an_alarm_leaves_a_check_that_is_done_again(monkeypatch):
    """Not an alarm that left no event and opened no round."""
    rounds_factory.world()
    rounds_factory.policy(starts_on_drift=True)
    check = factory.check(changed=True)
    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(drift, "open_round", lambda check: sys.exit("killed"))
        drift.run(check.pk)
    check.refresh_from_db()
    assert not check.is_alarm and check.status == DriftCheck.Status.RUNNING
    DriftCheck.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=11))

    drift.sweep()

    check.refresh_from_db()
    assert check.is_alarm and check.round is not None
    assert AuditEvent.objects.filter(action="drift.alarm").count() == 1


def test_a_check_that_kills_its_worker_is_given_up_after_three_attempts():
    check = factory.check()
    DriftCheck.objects.update(
        status=DriftCheck.Status.RUNNING,
        attempts=3,
        heartbeat_at=timezone.now() - timedelta(minutes=11),
    )

    drift.sweep()

    check.refresh_from_db()
    assert check.status == DriftCheck.Status.FAILED
    assert "died" in check.error


def test_a_check_that_cannot_be_made_is_not_tried_again_before_a_day_has_gone(
    monkeypatch,
):
    factory.callers()

    def broken(check):
        raise checkpoints.CheckpointUnusableError("The files are gone.")

    monkeypatch.setattr(drift_compare, "compare", broken)

    for _ in range(3):
        drift.sweep()

    assert [check.error for check in DriftCheck.objects.all()] == [
        "The files are gone."
    ]
    DriftCheck.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert drift.is_due()


def test_a_fault_nobody_thought_of_is_kept_and_told(monkeypatch):
    check = factory.check()

    def broken(check):
        raise KeyError("an intent")

    monkeypatch.setattr(drift_compare, "compare", broken)
    with pytest.raises(KeyError):
        drift.run(check.pk)

    check.refresh_from_db()
    assert check.status == DriftCheck.Status.FAILED
    assert "KeyError" in check.error


def test_only_one_check_is_open():
    factory.check()

    with pytest.raises(drift.DriftCheckRunningError):
        drift.request(by=None, cause="again")


def test_too_few_turns_are_refused_with_the_number_there_is():
    factory.champion()
    factory.said(factory.Said("hello", timezone.now()))

    with pytest.raises(drift.NothingToCompareError, match=r"0 turns; 200 are needed"):
        drift.request(by=None, cause="too early")


def test_a_check_is_due_when_the_last_one_is_a_month_old():
    check = drift.run(factory.check().pk)
    assert not drift.is_due()

    DriftCheck.objects.filter(pk=check.pk).update(
        created_at=timezone.now() - timedelta(days=31)
    )

    assert drift.is_due()


def test_no_check_starts_by_itself_while_many_turns_have_no_embedding():
    factory.callers()
    assert drift.is_due()
    ids = UtteranceEmbedding.objects.order_by("utterance_id").values("pk")
    UtteranceEmbedding.objects.filter(pk__in=ids[: factory.N // 2]).delete()

    assert not drift.is_due()


def test_an_alarm_without_a_round_opens_one_when_asked_again():
    rounds_factory.world()
    Policy.objects.update(is_active=False)
    factory.callers(changed=True)
    check = drift.run(drift.request(by=None, cause="a test").pk)
    assert check.is_alarm and check.round is None

    rounds_factory.policy(starts_on_drift=True)
    drift.open_round(check)

    assert check.round == Round.objects.get()


def test_a_text_said_often_is_drawn_often():
    now = timezone.now()
    once, often = factory.said(
        factory.Said("once", now - timedelta(days=1)),
        factory.Said("often", now - timedelta(days=1)),
    )
    for number in range(2, 20):
        often.turns.create(
            conversation=often.conversation,
            number=number,
            occurred_at=now - timedelta(days=1),
        )

    sample = drift_sample.draw(now - timedelta(days=2), now, 100, seed=1)

    assert sample.ids.count(often.pk) == 19
    assert sample.ids.count(once.pk) == 1


def test_a_draw_is_the_same_for_the_same_seed():
    factory.callers()
    now = timezone.now()
    begin = now - timedelta(days=30)

    one, again, other = (
        drift_sample.draw(begin, now, 50, seed=seed).ids for seed in (1, 1, 2)
    )

    assert one == again != other


def test_words_that_nobody_may_see_are_not_drawn():
    now = timezone.now()
    [hidden] = factory.said(factory.Said("hidden", now - timedelta(days=1)))
    Utterance.objects.filter(pk=hidden.pk).update(status="quarantined")

    assert len(drift_sample.draw(now - timedelta(days=2), now, 10, seed=1)) == 0


def test_a_fresh_sample_is_blind_and_outlives_a_new_ranking():
    check = factory.check()
    by = cast.person("mia", "ml_engineer")

    n = drift.label_fresh_sample(check=check, by=by)
    queue.refill([Draw(u.pk, Reason.UNCERTAIN, 0.5) for u in
                  Utterance.objects.for_training()[:5]])  # fmt: skip

    items = QueueItem.objects.filter(reason=Reason.EXAM)
    assert n == items.count() == 22
    assert all(item.is_blind for item in items)
    assert drift.label_fresh_sample(check=check, by=by) == 0


def test_a_fresh_sample_is_drawn_by_chance_and_says_how_likely():
    """The first to come in are what callers have always said: they flatter a model."""
    factory.callers()
    at = timezone.now() - timedelta(days=2)
    factory.said(*(factory.Said("so say many", at, split="exam") for _ in range(178)))
    check = drift.request(by=None, cause="a test")
    exam = drift_sample.exam_ids(check.window_from, check.window_to, ["pool"])
    assert len(exam) == 200

    drift.label_fresh_sample(check=check, by=cast.person("mia", "ml_engineer"))

    items = QueueItem.objects.filter(reason=Reason.EXAM)
    chosen = set(items.values_list("utterance_id", flat=True))
    assert len(chosen) == drift.FRESH
    assert 5 < len(chosen & set(exam[:100])) < 35
    assert {item.draw_probability for item in items} == {drift.FRESH / 200}


def test_an_intent_renamed_since_the_training_is_not_wrong():
    rounds_factory.world(n_train=2, n_exam=2)
    check = factory.check()
    intent = rounds_factory.Intent.objects.get(name="fix_internet")
    intent_moves.rename(
        intent=intent, name="repair_internet", reason="it is the router, too",
        by=cast.person("rita", "reviewer"),
    )  # fmt: skip

    check = drift.run(check.pk)

    assert check.detail["exam"]["accuracy"] == 1.0
    assert "fix_internet" not in {row["name"] for row in check.detail["intents"]}


def test_the_accuracy_of_now_is_measured_on_labels_of_now():
    rounds_factory.world(n_train=2, n_exam=2)
    check = factory.check(changed=True)
    intent = rounds_factory.Intent.objects.get(name="fix_internet")
    recent = drift_sample.exam_ids(check.window_from, check.window_to, ["pool"])
    for utterance_id in recent[:4]:
        _label(utterance_id, intent)

    check = drift.run(check.pk)

    assert check.detail["fresh"]["n"] == 4
    assert check.detail["fresh"]["accuracy"] == 1.0
    assert check.detail["exam"]["n"] == 10
    assert check.detail["shift"]["accuracy"] > 0.5


def _label(utterance_id: int, intent) -> None:
    from annotations.models import Annotation, GoldLabel

    answer = Annotation.objects.create(
        id=cast.new_id(), kind="label", utterance_id=utterance_id,
        annotator=rounds_factory.engineer("lil"), intent=intent, body_hash="0" * 64,
    )  # fmt: skip
    GoldLabel.objects.create(
        utterance_id=utterance_id, annotation=answer, intent=intent, rule="single"
    )
    Utterance.objects.filter(pk=utterance_id).update(status="labeled")


def test_windows_that_overlap_are_refused_by_the_database():
    check = factory.check()

    with pytest.raises(IntegrityError), transaction.atomic():
        DriftCheck.objects.filter(pk=check.pk).update(reference_to=timezone.now())


def test_the_page_without_a_check_says_what_one_needs():
    page = client_of("ml_engineer").get("/drift").content.decode()

    assert "Nothing was compared yet" in page
    assert "200 turns" in page


def test_the_page_tells_what_changed_and_shows_the_newest_to_readers():
    drift.run(factory.check(changed=True).pk)

    page = client_of("ml_engineer").get("/drift").content.decode()

    assert "Alarm." in page
    assert "changed, in both halves of the window" in page
    assert factory.INTERNET in page


def test_who_may_not_read_callers_sees_figures_without_their_words():
    drift.run(factory.check(changed=True).pk)

    page = client_of("auditor").get("/drift").content.decode()

    assert "Alarm." in page
    assert factory.INTERNET not in page
    assert "check-now" not in page


def test_a_failed_check_says_why():
    check = factory.check()
    DriftCheck.objects.filter(pk=check.pk).update(
        status="failed", error="The files are gone."
    )

    page = client_of("ml_engineer").get(f"/drift/{check.pk}").content.decode()

    assert "The files are gone." in page
