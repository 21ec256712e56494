"""Progress: figures worked by hand, what cannot be told, and giving an item back."""

import pytest
from django.test import Client
from django.utils import timezone

from annotations.models import AuditEvent, QueueItem
from annotations.services import labels, queue, sway, team_progress
from annotations.services.labels import Answer
from tests.factories import cast
from tests.factories import rounds as factory
from training.models import LearningForecast

pytestmark = pytest.mark.django_db


def client_of(*roles: str) -> Client:
    client = Client()
    client.force_login(cast.person(f"one-{'-'.join(roles)}", *roles))
    return client


def answer(by, intent: str, **suggested: str):
    said = cast.utterance()
    if suggested:
        cast.suggestion(said, suggested["first"])
    cast.item(said, rank=0)
    item = queue.claim_next(by=by)
    return labels.submit(
        by=by, answer=Answer(uuid=cast.new_id(), item_id=item.pk, intent=intent)
    )


def forecast(**changes: object) -> LearningForecast:
    return LearningForecast.objects.create(
        **{
            "model_name": "fast",
            "n_labels": 1500,
            "n_exam": 300,
            "curve": {
                "measured": [
                    {"labels": 1500, "accuracy": 0.84, "low": 0.8, "high": 0.88}
                ],
                "ahead": [],
                "law": {},
            },
            "targets": [
                {"accuracy": 0.92, "labels": 4200, "low": 3100, "high": None,
                 "chance": 0.7}
            ],
            "stop": {"stop": False, "reason": "Go on.", "gain": 0.012},
            "intents": [
                {"intent": "pay_bill", "labels": 30, "exam": 20, "share": 0.08,
                 "error": 0.25, "low": 0.1, "high": 0.4, "gain": 0.006}
            ],
            "seconds": 1.0,
            **changes,
        }
    )  # fmt: skip


def test_each_of_the_last_days_has_its_answers_and_zeros_where_none_were():
    cast.intent("pay_bill")
    ana = cast.ana()
    answer(ana, "pay_bill")
    answer(ana, "pay_bill")
    cast.item(cast.utterance(), rank=0)
    held = queue.claim_next(by=ana)
    labels.skip(by=ana, uuid=cast.new_id(), item_id=held.pk, reason="unclear")

    found = team_progress.days()

    assert len(found) == 14
    assert (found[-1].day, found[-1].labels, found[-1].skips) == (
        timezone.localdate(), 2, 1,
    )  # fmt: skip
    assert sum(day.labels for day in found[:-1]) == 0


def test_what_waits_is_counted_by_reason_and_what_is_held_is_not():
    for reason in ("uncertain", "uncertain", "exam"):
        cast.item(cast.utterance(), reason=reason)
    cast.item(cast.utterance(), reason="random", rank=0)
    queue.claim_next(by=cast.ana())

    found = [(row.reason, row.items) for row in team_progress.waiting()]

    assert found == [("The model is unsure", 2), ("Exam", 1)]


def test_coverage_counts_training_and_exam_labels_apart_and_filters():
    factory.world(n_train=3, n_exam=2)
    cast.intent("say_hello", domain="talk")

    rows = {i.name: (i.train, i.exam) for i in team_progress.coverage("", "")}

    assert rows["check_bill"] == (3, 2)
    assert rows["say_hello"] == (0, 0)
    assert [i.name for i in team_progress.coverage("talk", "")] == ["say_hello"]
    assert not team_progress.coverage("talk", "1").exists()


def test_sway_sets_shown_guesses_beside_blind_ones():
    cast.intent("pay_bill")
    cast.intent("oos", is_out_of_scope=True)
    ana = cast.ana()
    answer(ana, "pay_bill", first="pay_bill")
    answer(ana, "oos", first="pay_bill")

    found = sway.overall()

    assert (found.first.hits, found.first.n) == (1, 2)
    assert found.second.n == 0
    assert found.interval is None


def test_sway_is_told_for_the_labels_of_each_domain():
    cast.intent("pay_bill")
    cast.intent("reset_router", domain="repair")
    ana = cast.ana()
    answer(ana, "pay_bill", first="pay_bill")
    answer(ana, "reset_router", first="pay_bill")
    answer(ana, "reset_router", first="reset_router")
    answer(ana, "pay_bill")  # no guess: tells nothing

    found = {row.title: row.gap.first for row in sway.by_domain()}
    page = client_of("reviewer").get("/progress").content.decode()

    assert {name: (share.hits, share.n) for name, share in found.items()} == {
        "Billing": (1, 1),
        "Repair": (1, 2),
    }
    assert 'aria-label="Sway by domain"' in page
    assert page.count("cannot be told yet</small>") >= 2


def test_an_item_given_back_is_ready_and_its_holder_may_still_answer():
    cast.intent("pay_bill")
    ana, boss = cast.ana(), cast.person("rita", "reviewer")
    cast.item(cast.utterance())
    item = queue.claim_next(by=ana)

    team_progress.release(item_id=item.pk, by=boss)

    assert QueueItem.objects.get(pk=item.pk).status == QueueItem.Status.READY
    assert AuditEvent.objects.filter(action="lease.released").exists()
    given = labels.submit(
        by=ana, answer=Answer(uuid=cast.new_id(), item_id=item.pk, intent="pay_bill")
    )
    assert not given.late


def test_what_nobody_holds_cannot_be_given_back():
    item = cast.item(cast.utterance())

    answer = client_of("reviewer").post(f"/progress/{item.pk}/release")

    assert answer.status_code == 404


def test_the_page_without_anything_says_what_is_missing():
    page = client_of("product_owner").get("/progress").content.decode()

    assert "There is no forecast yet" in page
    assert "Nobody holds an item." in page
    assert "cannot be told yet: it takes labels of both kinds" in page


def test_the_forecast_is_told_with_its_interval():
    cast.intent("pay_bill")
    forecast()

    page = client_of("reviewer").get("/progress").content.decode()

    assert "about 4,200" in page
    assert "3,100 to out of sight" in page
    assert "Pay bill" in page and "20 labels add, in points" in page
    assert ">+0.6<" in page
    assert "Wrong, estimated" in page and "the estimate leans on" in page


def test_a_target_out_of_sight_is_said_to_be():
    forecast(targets=[{"accuracy": 0.92, "labels": None, "low": None, "high": None,
                       "chance": 0.1}])  # fmt: skip

    page = client_of("annotator").get("/worth").content.decode()

    assert "not in sight" in page


def test_an_annotator_sees_where_an_hour_pays_and_not_who_holds_what():
    client = client_of("annotator")

    assert client.get("/worth").status_code == 200
    assert client.get("/progress").status_code == 403


def test_the_page_asks_the_database_the_same_number_of_questions(
    django_assert_max_num_queries,
):
    for name in ("one", "two", "three"):
        cast.intent(name)
        cast.item(cast.utterance())
    queue.claim_next(by=cast.ana())
    client = client_of("reviewer")

    with django_assert_max_num_queries(17):
        client.get("/progress")
