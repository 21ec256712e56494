"""What pages ask for every few seconds: sent when it changed, and only then."""

import pytest
from django.test import Client

from annotations.models import IntakeBatch
from tests.factories import cast
from tests.factories import rounds as factory
from training.models import Round
from training.services import rounds
from training.services.rounds import Status

pytestmark = pytest.mark.django_db
POLL = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def mia():
    client = Client()
    client.force_login(factory.engineer())
    return client


@pytest.fixture
def round_at_work():
    factory.world()
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)
    rounds.claim(found.pk, worker="here")
    return found


def polled_again(client: Client, url: str):
    """The second of two polls, the first of which has to tell its tag."""
    first = client.get(url, **POLL)
    assert first.status_code == 200
    assert first.content
    return client.get(url, HTTP_IF_NONE_MATCH=first["ETag"], **POLL)


def test_a_round_that_did_not_move_is_not_sent_again(mia, round_at_work):
    same = polled_again(mia, f"/rounds/{round_at_work.pk}/state")

    assert (same.status_code, same.content) == (304, b"")


def test_a_round_that_moved_is_sent(mia, round_at_work):
    url = f"/rounds/{round_at_work.pk}/state"
    before = mia.get(url, **POLL)
    progress = {"step": "fine-tuning", "done": 5, "total": 10, "seconds_left": 3}
    Round.objects.update(progress=progress)

    after = mia.get(url, HTTP_IF_NONE_MATCH=before["ETag"], **POLL)

    assert after.status_code == 200
    assert "5 of 10" in after.content.decode()
    assert after["ETag"] != before["ETag"]


def test_a_round_that_ended_is_sent_once_more_and_asks_no_more(mia, round_at_work):
    url = f"/rounds/{round_at_work.pk}/state"
    before = mia.get(url, **POLL)
    assert 'hx-trigger="every' in before.content.decode()
    [found] = Round.objects.all()
    rounds.finish(
        rounds.Claim(found.pk, found.fencing_token, found.attempts), Status.FAILED
    )

    after = mia.get(url, HTTP_IF_NONE_MATCH=before["ETag"], **POLL)

    assert after.status_code == 200
    assert "hx-trigger" not in after.content.decode()


def test_every_polled_address_answers_an_unchanged_poll_with_304(mia, round_at_work):
    admin = Client()
    admin.force_login(cast.person("ada", "admin", "ml_engineer"))
    batch = IntakeBatch.objects.create(
        source="calls", reader="jsonl", file_name="a.jsonl", sha256="1" * 64
    )
    for url in ("/state", "/rounds/state", "/rounds/curve", "/sources/state",
                f"/sources/{batch.pk}"):  # fmt: skip
        same = polled_again(admin, url)
        assert (url, same.status_code, same.content) == (url, 304, b"")


def test_a_page_that_is_opened_is_always_sent(mia, round_at_work):
    first = mia.get("/state", **POLL)

    assert mia.get("/state", HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 200
