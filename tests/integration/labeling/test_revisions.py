"""Correcting an earlier answer: the new one replaces it, and can be taken back."""

import pytest

from annotations.errors import ConflictError, NotFoundError
from annotations.models import GoldLabel, QueueItem
from annotations.services import labels, queue, revisions
from annotations.services.labels import Answer
from tests.factories import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(db):
    cast.intent("pay_bill")
    cast.intent("check_bill")
    return cast.ana()


def answered(by, intent="pay_bill"):
    cast.item()
    item = queue.claim_next(by=by)
    sent = Answer(uuid=cast.new_id(), item_id=item.pk, intent=intent)
    return labels.submit(by=by, answer=sent).annotation


def correct(by, earlier, intent="check_bill"):
    sent = Answer(
        uuid=cast.new_id(),
        item_id=earlier.queue_item_id,
        intent=intent,
        revises=earlier.pk,
    )
    return labels.submit(by=by, answer=sent).annotation


def test_a_correction_replaces_the_label_and_keeps_how_it_was_drawn(ana):
    earlier = answered(ana)

    corrected = correct(ana, earlier)

    assert GoldLabel.objects.get().annotation == corrected
    assert corrected.revises == earlier
    assert (corrected.reason, corrected.blind) == (earlier.reason, earlier.blind)
    assert QueueItem.objects.get().status == "done"
    assert [one.pk for one in revisions.history(ana)] == [corrected.pk]


def test_the_earlier_label_stands_until_it_is_corrected(ana):
    earlier = answered(ana)

    revisions.reopened(earlier.pk, by=ana)

    assert GoldLabel.objects.get().annotation == earlier


def test_a_correction_taken_back_lets_the_earlier_label_stand(ana):
    earlier = answered(ana)
    correct(ana, earlier)

    undone = labels.undo(by=ana, uuid=cast.new_id())

    assert undone.item is None
    assert GoldLabel.objects.get().annotation == earlier
    assert QueueItem.objects.get().status == "done"


def test_an_answer_is_corrected_once(ana):
    earlier = answered(ana)
    correct(ana, earlier)

    with pytest.raises(ConflictError, match="already"):
        correct(ana, earlier)


def test_another_persons_answer_cannot_be_corrected(ana):
    earlier = answered(ana)

    with pytest.raises(NotFoundError):
        correct(cast.ben(), earlier)


def test_what_is_out_of_sight_stays_there(ana):
    earlier = answered(ana)
    earlier.utterance.status = "quarantined"
    earlier.utterance.save()

    with pytest.raises(ConflictError, match="out of sight"):
        revisions.reopened(earlier.pk, by=ana)


def test_looking_back_goes_from_the_newest_to_the_first(ana):
    older, newer = answered(ana), answered(ana)

    assert revisions.look_back(ana, 1).answer == newer
    assert revisions.look_back(ana, 2).answer == older
    assert revisions.look_back(ana, 3) is None
