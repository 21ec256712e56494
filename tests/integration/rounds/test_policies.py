"""What the policies' pages show, change and refuse."""

import json

import pytest
from django.test import Client

from annotations.errors import StaleRevisionError
from annotations.models import AuditEvent, Intent, IntentChange
from tests.factories import cast
from tests.factories import rounds as factory
from training.models import Policy
from training.services import judgement, policies

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia():
    return factory.engineer()


@pytest.fixture
def client(mia):
    client = Client()
    client.force_login(mia)
    return client


def form(iteration: int = 1, **changed: str) -> dict[str, str]:
    """What a browser sends of the policy as it is, with some of it changed."""
    policy = policies.of_iteration(iteration)
    sent = policies.shown(policy) | {"revision": policies.revision_of(policy)}
    return sent | changed


def test_the_page_sends_back_what_it_shows_and_nothing_changes(client):
    before = Policy.objects.values().get(iteration=1)

    answer = client.post("/rounds/policies/1", form(), follow=True)

    assert "Nothing was different." in answer.content.decode()
    assert Policy.objects.values().get(iteration=1) == before
    assert not AuditEvent.objects.filter(action="policy.changed").exists()


def test_a_large_number_is_sent_back_as_it_was(client):
    Policy.objects.filter(iteration=1).update(finetune_from=1_234_567)

    client.post("/rounds/policies/1", form())

    assert Policy.objects.get(iteration=1).finetune_from == 1_234_567


def test_a_change_is_kept_and_its_event_says_what_it_was_before(client, mia):
    client.post(
        "/rounds/policies/1",
        form(min_new_gold="250", max_ece="4.5", promotion="person"),
    )

    policy = Policy.objects.get(iteration=1)
    assert (policy.min_new_gold, policy.promotion) == (250, "person")
    assert judgement.gates_of(policy).max_ece == pytest.approx(0.045)
    assert policy.changed_by == mia
    event = AuditEvent.objects.get(action="policy.changed")
    assert json.loads(event.payload)["changed"] == {
        "max_ece": [0.1, 0.045],
        "min_new_gold": [30, 250],
        "promotion": ["automatic", "person"],
    }


@pytest.mark.parametrize(
    ("name", "typed", "word"),
    [
        ("min_new_gold", "0", "give a whole number from 1 to 1000000"),
        ("min_new_gold", "2.5", "give a whole number"),
        ("max_ece", "much", "give a number from 0.1 to 100"),
        ("alpha", "nan", "give a number from 0.1 to 50"),
        ("margin", "-1", "give a number from 0 to 50"),
        ("critical", "check_bill nonsense", "There is no intent nonsense"),
        ("rule", "luck", "Choose one of those offered"),
        ("recipe", "", "Choose one of those offered"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_changes(
    client, name, typed, word
):
    cast.intent("check_bill")

    answer = client.post("/rounds/policies/1", form(**{name: typed}))

    assert answer.status_code == 422
    page = answer.content.decode()
    assert word in page
    assert f'href="#{name}"' in page
    assert Policy.objects.get(iteration=1).changed_by is None


def test_a_policy_changed_meanwhile_is_not_overwritten(mia):
    read = form(min_new_gold="40")
    policies.change(
        iteration=1, revision=read["revision"], sent=form(min_new_gold="50"), by=mia
    )

    with pytest.raises(StaleRevisionError):
        policies.change(iteration=1, revision=read["revision"], sent=read, by=mia)

    assert Policy.objects.get(iteration=1).min_new_gold == 50


def test_chosen_critical_intents_are_the_gates_and_empty_means_all_so_far(client):
    cast.intent("check_bill", iteration=1)
    cast.intent("pay_bill", iteration=1)
    client.post("/rounds/policies/1", form(critical="check_bill"))
    policy = Policy.objects.get(iteration=1)
    assert judgement.gates_of(policy).critical == ("check_bill",)

    client.post("/rounds/policies/1", form(critical=""))

    policy.refresh_from_db()
    assert set(judgement.gates_of(policy).critical) == {"check_bill", "pay_bill"}


def test_intents_move_between_iterations_with_an_event_each(client, mia):
    cast.intent("check_bill", iteration=2)
    cast.intent("pay_bill", iteration=1)

    client.post("/rounds/policies/1/intents", {"intent": ["check_bill", "pay_bill"]})

    assert Intent.objects.get(name="check_bill").iteration == 1
    [event] = AuditEvent.objects.filter(action="intent.scheduled")
    assert event.actor == f"user:{mia.pk}"
    assert IntentChange.objects.get().what == {"iteration": [2, 1]}


def test_no_intent_or_an_unknown_one_moves_nothing(client):
    for chosen in ([], ["nonsense"]):
        answer = client.post("/rounds/policies/1/intents", {"intent": chosen})
        assert answer.status_code == 422


def test_who_only_follows_sees_the_list_and_no_form():
    client = Client()
    client.force_login(cast.person("olga", "auditor"))

    page = client.get("/rounds/policies").content.decode()

    assert "30 new labels, or 60 min" in page
    assert "/rounds/policies/1" not in page
    assert client.get("/rounds/policies/1").status_code == 403


def test_what_is_lost_of_a_percentage_is_typed_in_points(client):
    page = client.get("/rounds/policies/1").content.decode()

    for title in ("Loss of accuracy that counts as not worse",
                  "Recall a critical intent may lose"):  # fmt: skip
        assert f'{title} <span class="unit">(points)</span>' in page
    client.post("/rounds/policies/1", form(margin="2.5"))
    gates = judgement.gates_of(Policy.objects.get(iteration=1))
    assert gates.margin == pytest.approx(0.025)
