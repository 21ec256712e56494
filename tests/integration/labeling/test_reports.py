"""Personal data: out of sight at once, back in sight only by a reviewer."""

import pytest

from annotations.errors import (
    ConflictError,
    InvalidLabelError,
    NotAllowedError,
    NotFoundError,
)
from annotations.models import Annotation, AuditEvent, Utterance
from annotations.services import labels, queue, reports
from tests.factories import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def rita():
    return cast.person("rita", "reviewer")


def reported(by, of=None, **fields):
    of = of or cast.utterance("call me on 5 5 5")
    item = cast.item(of)
    assert queue.claim_next(by=by).pk == item.pk
    labels.quarantine(by=by, uuid=cast.new_id(), item_id=item.pk, **fields)
    return of


def test_the_place_is_kept_without_its_words():
    reported(cast.ana(), place=(11, 16))

    event = Annotation.objects.get()
    assert (event.reported_start, event.reported_end) == (11, 16)
    assert not event.spans.exists()


def test_a_place_outside_the_text_is_refused():
    with pytest.raises(InvalidLabelError, match="outside"):
        reported(cast.ana(), place=(11, 99))


def test_a_reviewer_brings_it_back_into_sight(rita):
    said = reported(cast.ana())
    key = cast.new_id()

    reports.release(by=rita, uuid=key, utterance_id=said.pk)
    reports.release(by=rita, uuid=key, utterance_id=said.pk)

    said.refresh_from_db()
    assert said.status == Utterance.Status.POOL
    assert Annotation.objects.filter(kind="undo", is_review=True).count() == 1
    assert AuditEvent.objects.filter(action="quarantine.undone").count() == 1


def test_what_was_answered_before_holds_again(rita):
    ana, ben = cast.ana(), cast.ben()
    cast.intent("check_bill")
    said = cast.utterance()
    item = cast.item(said)
    queue.claim_next(by=ana)
    labels.submit(by=ana, answer=labels.Answer(cast.new_id(), item.pk, "check_bill"))
    reported(ben, said, place=None)

    reports.release(by=rita, uuid=cast.new_id(), utterance_id=said.pk)

    said.refresh_from_db()
    assert said.status == Utterance.Status.LABELED


def test_every_report_is_taken_back(rita):
    ana, ben = cast.ana(), cast.ben()
    said = cast.utterance()
    item = cast.item(said)
    queue.claim_next(by=ana)
    queue.QueueItem.objects.update(lease_expires_at="2020-01-01T00:00Z")
    queue.claim_next(by=ben)
    for person in (ben, ana):
        labels.quarantine(by=person, uuid=cast.new_id(), item_id=item.pk)

    reports.release(by=rita, uuid=cast.new_id(), utterance_id=said.pk)

    said.refresh_from_db()
    assert said.status == Utterance.Status.POOL


def test_nobody_releases_what_they_reported(rita):
    said = reported(rita)

    with pytest.raises(NotAllowedError, match="yourself"):
        reports.release(by=rita, uuid=cast.new_id(), utterance_id=said.pk)


def test_what_nobody_reports_cannot_be_released(rita):
    with pytest.raises(ConflictError):
        reports.release(by=rita, uuid=cast.new_id(), utterance_id=cast.utterance().pk)
    with pytest.raises(NotFoundError):
        reports.release(by=rita, uuid=cast.new_id(), utterance_id=404)


def test_a_release_is_no_answer_of_the_reviewers_to_take_back(rita):
    said = reported(cast.ana())
    reports.release(by=rita, uuid=cast.new_id(), utterance_id=said.pk)

    assert labels._undone_in_a_row(rita) == 0
