"""Opening a search's result at one's own desk."""

import pytest

from annotations.errors import ConflictError, NotFoundError
from annotations.invariants import INVARIANTS
from annotations.models import Annotation, GoldLabel, QueueItem, Reason
from annotations.services import labels, queue, requested
from annotations.services.invariants import broken
from annotations.services.labels import Answer
from tests.factories import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(db):
    return cast.ana()


def opened(person, utterance):
    return requested.open_at_desk(by=person, utterance_id=utterance.pk)


def test_it_is_leased_for_being_asked_for(ana):
    item = opened(ana, cast.utterance())

    assert queue.held(item.pk, by=ana).reason == Reason.REQUESTED


def test_what_is_queued_keeps_its_reason(ana):
    item = cast.item()

    assert opened(ana, item.utterance).pk == item.pk
    assert queue.held(item.pk, by=ana).reason == Reason.UNCERTAIN


def test_opening_twice_leases_once(ana):
    said = cast.utterance()

    assert opened(ana, said).pk == opened(ana, said).pk
    assert QueueItem.objects.count() == 1


def test_what_somebody_else_has_open_stays_theirs(ana):
    item = cast.item()
    queue.claim_next(by=cast.ben())

    with pytest.raises(ConflictError):
        opened(ana, item.utterance)


@pytest.mark.parametrize(
    "fields", [{"split": "exam"}, {"status": "quarantined"}, {"redaction": "light"}]
)
def test_what_may_not_be_seen_cannot_be_opened(ana, fields):
    with pytest.raises(NotFoundError):
        opened(ana, cast.utterance(**fields))


def test_what_is_answered_blind_cannot_be_opened(ana):
    item = cast.item(reason=Reason.SECOND_OPINION)

    with pytest.raises(NotFoundError):
        opened(ana, item.utterance)


def test_ones_own_answer_is_revised(ana):
    cast.intent("pay_bill")
    cast.intent("check_bill")
    said = cast.utterance()
    for intent in ("pay_bill", "check_bill"):
        item = opened(ana, said)
        answer = Answer(cast.new_id(), item.pk, intent)
        labels.submit(by=ana, answer=answer)

    assert GoldLabel.objects.get().intent.name == "check_bill"
    assert Annotation.objects.get(intent__name="check_bill").revises is not None
    assert broken(INVARIANTS) == []


def test_the_button_leads_to_the_desk_with_that_item(client, ana):
    cast.item()
    said = cast.utterance("the one i want")
    client.force_login(ana)

    page = client.post("/search/open", {"utterance": said.pk}, follow=True)

    assert "the one i want" in page.content.decode()
    assert client.post("/search/open", {"utterance": "x"}).status_code == 404
