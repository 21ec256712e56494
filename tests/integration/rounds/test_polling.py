"""What pages ask for every few seconds: sent when it changed, and only then."""

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from annotations.models import BulkAction, IntakeBatch
from annotations.services import bulk, intent_moves, label_moves
from annotations.services.search import Criteria
from annotations.views import polling
from tests.factories import cast
from tests.factories import rounds as factory
from tests.integration.security.routes import patterns
from training.models import DriftCheck, Round
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


@pytest.fixture
def ada():
    return cast.person("ada", "admin", "ml_engineer", "reviewer")


@pytest.fixture
def bulk_action(ada):
    """One that is at work on three utterances."""
    for n in range(3):
        cast.utterance(f"same words {n}")
    action = bulk.draft(by=ada, kind="exclude", criteria=Criteria(words="same"))
    BulkAction.objects.filter(pk=action.pk).update(status=BulkAction.Status.RUNNING)
    return action


@pytest.fixture
def intent_move(ada):
    """A merge of two intents whose labels have not followed yet."""
    return intent_moves.merge(
        intent=cast.intent("one"),
        into=cast.intent("two"),
        reason="They are the same.",
        by=ada,
    )


@pytest.fixture
def drift_check(tmp_path):
    """One that no worker has taken yet."""
    return DriftCheck.objects.create(
        cause="a test",
        checkpoint=factory.checkpoint("one", tmp_path / "one", factory.SAYINGS),
        reference_from="2026-01-01T00:00Z",
        reference_to="2026-02-01T00:00Z",
        window_from="2026-02-01T00:00Z",
        window_to="2026-03-01T00:00Z",
    )


@pytest.fixture
def admin(ada):
    client = Client()
    client.force_login(ada)
    return client


def is_polled(found: URLPattern) -> bool:
    code = getattr(found.callback, "__code__", None)
    return code is not None and code.co_filename == polling.__file__


def test_every_polled_address_answers_an_unchanged_poll_with_304(
    admin, round_at_work, bulk_action, intent_move, drift_check
):
    batch = IntakeBatch.objects.create(
        source="calls", reader="jsonl", file_name="a.jsonl", sha256="1" * 64
    )
    arguments = {
        "home_state": [],
        "rounds_state": [],
        "round_state": [round_at_work.pk],
        "curve": [],
        "sources_state": [],
        "source_batch": [batch.pk],
        "bulk_state": [bulk_action.pk],
        "intent_move": [intent_move.pk],
        "drift_check": [drift_check.pk],
    }

    assert set(arguments) == {name for name, found in patterns() if is_polled(found)}
    for name, args in arguments.items():
        same = polled_again(admin, reverse(name, args=args))
        assert (name, same.status_code, same.content) == (name, 304, b"")


def test_a_bulk_action_that_moved_is_sent_and_asks_no_more_once_done(
    admin, bulk_action
):
    url = reverse("bulk_state", args=[bulk_action.pk])
    before = admin.get(url, **POLL)
    assert 'hx-trigger="every' in before.content.decode()
    member = bulk_action.members.first()
    member.state = member.State.DONE
    member.save()

    moved = admin.get(url, HTTP_IF_NONE_MATCH=before["ETag"], **POLL)
    BulkAction.objects.update(status=BulkAction.Status.DONE)
    done = admin.get(url, HTTP_IF_NONE_MATCH=moved["ETag"], **POLL)

    assert (moved.status_code, done.status_code) == (200, 200)
    assert len({before["ETag"], moved["ETag"], done["ETag"]}) == 3
    assert "hx-trigger" not in done.content.decode()


def test_a_tag_tells_nobody_that_anothers_bulk_action_is_as_it_was(
    admin, mia, bulk_action
):
    url = reverse("bulk_state", args=[bulk_action.pk])
    tag = admin.get(url, **POLL)["ETag"]

    assert mia.get(url, HTTP_IF_NONE_MATCH=tag, **POLL).status_code == 404


def test_an_intent_move_is_sent_once_labels_followed_and_its_page_always(
    admin, intent_move
):
    url = reverse("intent_move", args=[intent_move.pk])
    before = admin.get(url, **POLL)
    page = admin.get(url, HTTP_IF_NONE_MATCH=before["ETag"])
    label_moves.run(intent_move.pk)

    after = admin.get(url, HTTP_IF_NONE_MATCH=before["ETag"], **POLL)

    assert "HX-Request" in before["Vary"]
    assert (page.status_code, after.status_code) == (200, 200)
    assert "hx-trigger" not in after.content.decode()


def test_taking_an_intent_move_back_is_no_poll(admin, intent_move):
    url = reverse("intent_move", args=[intent_move.pk])
    tag = admin.get(url, **POLL)["ETag"]
    label_moves.run(intent_move.pk)

    sent = admin.post(
        url, {"reason": "They differ after all."}, HTTP_IF_NONE_MATCH=tag, **POLL
    )

    assert (sent.status_code, sent["Location"]) == (302, url)
    intent_move.refresh_from_db()
    assert intent_move.status == "undoing"


def test_a_page_that_is_opened_is_always_sent(mia, round_at_work):
    first = mia.get("/state", **POLL)

    assert mia.get("/state", HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 200
