import pytest

from annotations.models import QueueItem, Reason
from tests.factories import cast

from .conftest import client_of, post, take

pytestmark = pytest.mark.django_db


def test_next_leases_the_best_item_with_all_a_person_needs(api, ana, plain):
    words = cast.utterance("hello there", context=[{"role": "bot", "text": "Hi"}])
    cast.suggestion(words, "say_hello")
    cast.item(words, rank=1)

    item = take(api)

    assert item["text"] == "hello there"
    assert item["context"] == [{"role": "bot", "text": "Hi"}]
    assert [s["name"] for s in item["suggestions"]] == ["say_hello"]
    assert QueueItem.objects.get(pk=item["id"]).leased_by == ana


def test_next_shows_no_guess_where_the_answer_is_blind(api, plain):
    words = cast.utterance()
    cast.suggestion(words, "say_hello")
    cast.item(words, reason=Reason.EXAM)

    item = take(api)

    assert item["blind"] is True
    assert item["suggestions"] == item["parameters"] == []
    assert "exam" not in str(item).lower()


def test_next_says_why_there_is_nothing(api):
    body = post(api, "queue/next", {}).json()

    assert body["item"] is None
    assert body["queue"]["ready"] == 0
    assert body["queue"]["worker_alive"] is False


def test_next_can_also_be_fetched(api):
    cast.item()

    assert api.get("/api/v1/queue/next").json()["item"]


def test_two_people_get_two_items(api, ben):
    cast.item()
    cast.item()

    assert take(api)["id"] != take(client_of(ben))["id"]


def test_heartbeat_extends_the_lease(api):
    cast.item()
    item = take(api)

    response = post(api, f"queue/{item['id']}/heartbeat", {})

    assert response.status_code == 200
    assert response.json()["lease_expires_at"] > item["lease_expires_at"]


def test_heartbeat_of_anothers_item_is_refused(api, ben):
    cast.item()
    item = take(client_of(ben))

    response = post(api, f"queue/{item['id']}/heartbeat", {})

    assert response.status_code == 409
    assert response.json()["code"] == "lease_lost"


def test_release_gives_the_own_item_back_once(api):
    cast.item()
    item = take(api)

    first, second = (post(api, f"queue/{item['id']}/release", {}) for _ in range(2))

    assert first.json() == {"released": True}
    assert second.json() == {"released": False}
    assert QueueItem.objects.get(pk=item["id"]).status == QueueItem.Status.READY


def test_release_of_anothers_item_changes_nothing(api, ben):
    cast.item()
    item = take(client_of(ben))

    response = post(api, f"queue/{item['id']}/release", {})

    assert response.json() == {"released": False}
    assert QueueItem.objects.get(pk=item["id"]).leased_by == ben


@pytest.mark.parametrize("number", [0, 2**31, 2**63 - 1, 2**63, 10**30])
def test_an_item_that_cannot_be_is_a_lost_lease(api, number):
    assert post(api, f"queue/{number}/heartbeat", {}).status_code == 409
