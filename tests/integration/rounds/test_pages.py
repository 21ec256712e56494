"""The pages and the API of rounds."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from annotations.models import WorkerHeartbeat
from tests.factories import cast
from tests.factories import rounds as factory
from training.models import Round, RoundStep
from training.services import checkpoints, execution, promotion, rounds
from training.services.rounds import Status

pytestmark = pytest.mark.django_db
REASON = "it was checked by hand"


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def mia():
    return client_of(factory.engineer())


@pytest.fixture
def owner():
    return client_of(cast.person("boris", "product_owner"))


@pytest.fixture
def requested():
    factory.world()
    return rounds.request(policy=factory.policy(), cause="a test", by=None)


def gpu_worker() -> None:
    WorkerHeartbeat.objects.create(
        name="gpu@here",
        queues="gpu",
        pid=1,
        started_at=timezone.now(),
        last_seen_at=timezone.now(),
    )


def text_of(answer) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_list_says_what_each_policy_waits_for(mia):
    factory.policy(min_new_gold=40)
    factory.world(n_train=1, n_exam=0)

    assert "waiting for 37 more gold labels" in text_of(mia.get("/rounds"))


def test_that_no_worker_is_alive_is_never_silent(mia, requested):
    assert "No training worker is alive" in text_of(mia.get("/rounds"))
    page = text_of(mia.get(f"/rounds/{requested.pk}"))
    assert "Waiting: no training worker is alive." in page

    gpu_worker()

    assert "No training worker is alive" not in text_of(mia.get("/rounds"))
    page = text_of(mia.get(f"/rounds/{requested.pk}"))
    assert "Waiting for a worker to take it." in page


def test_the_list_is_filtered_by_state_and_paged(mia, requested):
    for number in range(30):
        Round.objects.create(
            policy=requested.policy,
            recipe="head",
            status=Status.FAILED,
            finished_at=timezone.now(),
            cause=f"cause {number}",
        )

    first = text_of(mia.get("/rounds?status=failed"))
    second = text_of(mia.get("/rounds?status=failed&page=2"))

    assert "cause 29" in first and "cause 4<" not in first
    assert "cause 4<" in second and "a test" not in first + second
    assert "No round is in this state" in text_of(mia.get("/rounds?status=promoted"))


def test_the_list_asks_the_database_a_fixed_number_of_times(
    mia, requested, django_assert_max_num_queries
):
    for _ in range(20):
        Round.objects.create(
            policy=requested.policy,
            recipe="head",
            status=Status.FAILED,
            finished_at=timezone.now(),
        )

    with django_assert_max_num_queries(24):
        mia.get("/rounds")


def test_a_working_round_is_polled_with_progress_and_loss(mia, requested):
    claim = rounds.claim(requested.pk, worker="gpu@here")
    rounds.enter(claim, Status.TRAINING)
    rounds.write(
        claim,
        progress={
            "step": "fine-tuning",
            "done": 50,
            "total": 200,
            "loss": [[10, 2.5], [20, 1.25], [50, 0.5]],
            "seconds_left": 95,
        },
    )

    page = text_of(mia.get(f"/rounds/{requested.pk}/state"))

    assert 'hx-trigger="every 2s"' in page
    assert '<progress aria-labelledby="progress" value="50" max="200">' in page
    assert "50 of 200, about 95 s left" in page
    assert "<polyline points=" in page
    assert "0.500 at step 50, 2.500 at most" in page
    assert "Cancel this round" in page


def test_an_ended_round_is_not_polled_any_more(mia, requested):
    rounds.cancel(round_id=requested.pk, by=factory.engineer())

    page = text_of(mia.get(f"/rounds/{requested.pk}/state"))

    assert "every 2s" not in page
    assert "It was cancelled" in page
    assert "Cancel this round" not in page


def test_of_the_gates_conditions_those_not_met_are_marked(mia, requested):
    checks = [
        {"name": "difference", "passed": False, "reason": "Not provably better."},
        {"name": "size", "passed": True, "reason": "The files are small."},
    ]
    verdict = {"checks": checks, "reasons": [check["reason"] for check in checks]}
    Round.objects.filter(pk=requested.pk).update(verdict=verdict)

    page = text_of(mia.get(f"/rounds/{requested.pk}"))

    assert page.count("not met") == 1
    assert "not met</span> Not provably better." in page


def test_the_page_of_a_silent_worker_says_for_how_long(mia, requested):
    rounds.claim(requested.pk, worker="gpu@here")
    factory.silent(requested)

    page = text_of(mia.get(f"/rounds/{requested.pk}"))

    assert "The worker has been silent for 120 s" in page


def test_the_attempt_that_broke_is_shown(mia, requested):
    gpu_worker()
    claim = rounds.claim(requested.pk, worker="gpu@here")
    rounds.enter(claim, Status.TRAINING)
    rounds.release(claim, "MemoryError: no room")

    page = text_of(mia.get(f"/rounds/{requested.pk}"))

    assert "Attempt 1 of 3 broke off" in page
    assert "MemoryError: no room" in page


def test_starting_shows_what_will_be_used_and_then_starts(mia):
    factory.policy()
    factory.world()

    page = text_of(mia.get("/rounds/start?policy=1"))
    assert "<dt>gold labels to learn from</dt><dd>24</dd>" in page
    assert "<dt>exam items to compare on</dt><dd>12</dd>" in page

    answer = mia.post("/rounds/start", {"policy": "1"})
    found = Round.objects.get()
    assert answer.url == f"/rounds/{found.pk}"
    assert found.requested_by == factory.engineer()
    again = mia.post("/rounds/start", {"policy": "1"})
    assert again.status_code == 409


def test_where_no_round_can_start_the_page_says_why_before_one_is_asked_for(mia):
    factory.policy()

    page = text_of(mia.get("/rounds/start?policy=1"))
    assert "There is nothing to train on yet" in page
    assert '<button class="button go" disabled>' in page

    factory.world()
    assert "disabled" not in text_of(mia.get("/rounds/start?policy=1"))


def test_who_starts_a_second_round_is_led_to_the_first(mia, requested):
    page = text_of(mia.get("/rounds/start?policy=1"))
    refused = mia.post("/rounds/start", {"policy": "1"})

    sentence = f'<a href="/rounds/{requested.pk}">Round {requested.pk}</a> is at work.'
    assert sentence in page and '<button class="button go" disabled>' in page
    assert refused.status_code == 409 and sentence in refused.content.decode()


def test_a_refused_round_takes_no_number(mia, requested):
    mia.post("/rounds/start", {"policy": "1"})
    rounds.cancel(round_id=requested.pk, by=factory.engineer())

    mia.post("/rounds/start", {"policy": "1"})

    numbers = Round.objects.order_by("pk").values_list("pk", flat=True)
    assert list(numbers) == [requested.pk, requested.pk + 1]


@pytest.mark.parametrize("policy", ["", "9", "x", "1" * 30, "²"])
def test_a_policy_that_does_not_exist_is_not_found(mia, policy):
    assert mia.get("/rounds/start", {"policy": policy}).status_code == 404


def test_a_product_owner_looks_but_does_not_act(owner, requested):
    assert "Cancel this round" not in text_of(owner.get(f"/rounds/{requested.pk}"))
    assert owner.post(f"/rounds/{requested.pk}/cancel").status_code == 403
    assert owner.post("/rounds/start", {"policy": "1"}).status_code == 403
    assert owner.post("/rounds/roll-back", {"reason": REASON}).status_code == 403
    assert rounds.get(requested.pk).is_working


def test_an_annotator_has_no_business_here(requested):
    ana = client_of(cast.ana())

    assert ana.get("/rounds").status_code == 403
    assert ana.get(f"/rounds/{requested.pk}").status_code == 403


def test_a_round_that_does_not_exist_is_not_found(mia):
    assert mia.get("/rounds/999").status_code == 404
    assert mia.get("/rounds/999/state").status_code == 404


def test_cancelling_leads_back_to_the_round(mia, requested):
    answer = mia.post(f"/rounds/{requested.pk}/cancel")

    assert answer.url == f"/rounds/{requested.pk}"
    assert rounds.get(requested.pk).status == Status.CANCELLED
    assert mia.get(f"/rounds/{requested.pk}/cancel").status_code == 405


@pytest.mark.usefixtures("tiny")
def test_a_person_decides_on_the_page(mia):
    factory.world()
    policy = factory.policy(promotion="person")
    found = rounds.request(policy=policy, cause="a test", by=None)
    execution.run(found.pk, worker="here")
    page = text_of(mia.get(f"/rounds/{found.pk}"))
    assert "a person has to decide" in page
    assert "12 utterances of" in page and "Intent accuracy" in page
    assert f'href="/models/{rounds.get(found.pk).challenger.name}"' in page

    address = f"/rounds/{found.pk}/decision"
    assert mia.post(address, {"decision": "promote", "reason": "ok"}).status_code == 422
    assert mia.post(address, {"decision": "x", "reason": REASON}).status_code == 422
    mia.post(address, {"decision": "promote", "reason": REASON})

    page = text_of(mia.get(f"/rounds/{found.pk}"))
    assert f"<b>Mia decided:</b> {REASON}" in page
    assert checkpoints.champion().round_id == found.pk


def test_rolling_back_asks_for_the_name(mia, tmp_path):
    one = factory.checkpoint("one", tmp_path / "one", factory.SAYINGS)
    two = factory.checkpoint("two", tmp_path / "two", factory.SAYINGS)
    promotion.promote(checkpoint=one, reason=REASON, by=None, instead_of=None)
    promotion.promote(checkpoint=two, reason=REASON, by=None, instead_of=one)
    assert "one served before" in text_of(mia.get("/rounds"))

    wrong = mia.post("/rounds/roll-back", {"name": "one", "reason": REASON})
    right = mia.post("/rounds/roll-back", {"name": "two", "reason": REASON})

    assert wrong.status_code == 422
    assert right.url == "/rounds"
    assert checkpoints.champion() == one


def test_every_step_is_listed_even_before_it_began(mia, requested):
    RoundStep.objects.create(
        round=requested,
        name=Status.SNAPSHOT,
        attempt=1,
        started_at=timezone.now(),
        finished_at=timezone.now(),
        detail={"train": 20, "valid": 4, "exam": 12},
    )

    page = text_of(mia.get(f"/rounds/{requested.pk}"))

    assert "20 to train, 4 held out, 12 exam" in page
    assert page.count(">to come<") == 3


def post(client: Client, path: str, body: object):
    return client.post(path, json.dumps(body), content_type="application/json")


def test_the_api_requests_lists_shows_and_cancels(mia):
    factory.policy()
    factory.world()

    made = post(mia, "/api/v1/rounds", {"iteration": 1})
    number = made.json()["id"]

    assert made.status_code == 201
    assert made.json()["status"] == "requested"
    assert post(mia, "/api/v1/rounds", {"iteration": 1}).status_code == 409
    assert mia.get("/api/v1/rounds").json()["results"][0]["id"] == number
    assert mia.get("/api/v1/rounds?status=failed").json()["results"] == []
    assert mia.get("/api/v1/rounds?status=odd").status_code == 422
    assert mia.get(f"/api/v1/rounds/{number}").json()["iteration"] == 1
    cancelled = post(mia, f"/api/v1/rounds/{number}/cancel", {})
    assert cancelled.json()["status"] == "cancelled"


@pytest.mark.parametrize(
    ("backend", "word"),
    [
        ("causal_lm", "causal language model"),
        ("hosted_api", "hosted fine-tuning"),
        ("notebook", "notebook job"),
        ("abacus", "no backend"),
    ],
)
def test_a_backend_that_is_not_here_is_refused_in_words(mia, backend, word):
    factory.world()

    answer = post(mia, "/api/v1/rounds", {"iteration": 1, "backend": backend})

    assert answer.status_code == 422
    assert answer.json()["code"] == "backend_not_available"
    assert word in answer.json()["message"]
    assert Round.objects.count() == 0


def test_the_figures_of_the_champion_are_those_of_the_exam(owner, tmp_path):
    assert owner.get("/api/v1/metrics").json()["champion"] is None
    one = factory.checkpoint("one", tmp_path / "one", factory.SAYINGS)
    promotion.promote(checkpoint=one, reason=REASON, by=None, instead_of=None)
    one.evaluations.create(
        exam_digest="0" * 64, n=12, report={"intent": {"accuracy": 0.75}}
    )

    said = owner.get("/api/v1/metrics").json()

    assert said["champion"] == "one"
    assert said["exam"]["intent"]["accuracy"] == 0.75
    [listed] = owner.get("/api/v1/checkpoints").json()["results"]
    assert listed["name"] == "one"
    assert listed["state"] == "champion"
    assert listed["evaluation"]["intent"]["accuracy"] == 0.75


def test_the_losses_of_an_ended_training_are_a_table_too(mia, requested):
    claim = rounds.claim(requested.pk, worker="gpu@here")
    rounds.enter(claim, Status.TRAINING)
    rounds.note(claim, Status.TRAINING, {"loss": [[10, 2.5], [20, 1.25]]})
    rounds.finish(claim, Status.FAILED, error="it broke")

    page = text_of(mia.get(f"/rounds/{requested.pk}"))

    assert '<td class="n">1.250</td>' in page
    assert "It failed after" in page and "it broke" in page
