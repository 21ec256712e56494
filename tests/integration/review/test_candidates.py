"""Suspicions are stored once, decided by a reviewer, and stay decided."""

import pytest

from annotations.errors import NotFoundError
from annotations.invariants import INVARIANTS
from annotations.models import AuditEvent, ErrorCandidate, ErrorSearch, GoldLabel
from annotations.services import error_candidates, review, review_queues
from annotations.services.error_candidates import Found
from annotations.services.invariants import broken
from annotations.services.review import Verdict
from tests.factories import cast

pytestmark = pytest.mark.django_db
Status = ErrorCandidate.Status


@pytest.fixture
def label(ana, bill, pay, say):
    return say(ana, cast.utterance(), "check_bill")


def found(label, **more) -> Found:
    return Found(annotation=label, kind="model", score=0.8, **more)


def test_the_same_suspicion_is_stored_once(label):
    assert error_candidates.store([found(label)]) == 1
    assert error_candidates.store([found(label)]) == 0

    assert review_queues.errors().count() == 1


def test_an_open_suspicion_that_is_not_found_again_is_gone(label):
    error_candidates.store([found(label)])

    error_candidates.store([])

    assert not ErrorCandidate.objects.exists()


def test_what_was_dismissed_does_not_come_back(label, rita):
    error_candidates.store([found(label)])
    review.dismiss(by=rita, candidate_id=ErrorCandidate.objects.get().pk)

    error_candidates.store([found(label)])

    assert ErrorCandidate.objects.get().status == Status.DISMISSED
    assert not review_queues.errors().exists()


def test_a_dismissal_is_taken_back_by_whoever_gave_it(label, rita, ben):
    error_candidates.store([found(label)])
    candidate = ErrorCandidate.objects.get()
    review.dismiss(by=rita, candidate_id=candidate.pk)
    with pytest.raises(NotFoundError):
        review.suspect_again(by=ben, candidate_id=candidate.pk)

    for _ in range(2):
        review.suspect_again(by=rita, candidate_id=candidate.pk)

    assert review_queues.errors().get() == candidate
    assert AuditEvent.objects.filter(action="candidate.reopened").count() == 1
    assert not broken(INVARIANTS)


def test_a_decision_taken_back_leaves_its_suspicion_open(label, rita, pay):
    error_candidates.store([found(label), found(label, param="amount")])
    candidate, other = ErrorCandidate.objects.order_by("id")
    review.dismiss(by=rita, candidate_id=other.pk)
    of = label.utterance_id
    verdict = Verdict(seen=review_queues.case(of).seen, candidate_id=candidate.pk)
    sent = review.Answer(uuid=cast.new_id(), item_id=0, intent="pay_bill")
    event = review.relabel(by=rita, utterance_id=of, answer=sent, verdict=verdict)
    assert not review_queues.errors().exists()

    review.take_back(by=rita, uuid=cast.new_id(), event_id=event.pk)

    assert review_queues.errors().get() == candidate
    other.refresh_from_db()
    assert other.status == Status.DISMISSED


def test_a_changed_label_is_suspected_anew(label, rita, pay):
    error_candidates.store([found(label)])
    review.dismiss(by=rita, candidate_id=ErrorCandidate.objects.get().pk)
    of = label.utterance_id
    case = review_queues.case(of)
    other = review.Answer(uuid=cast.new_id(), item_id=0, intent="pay_bill")
    changed = review.relabel(
        by=rita, utterance_id=of, answer=other, verdict=Verdict(seen=case.seen)
    )

    assert error_candidates.store([found(changed)]) == 1


def test_another_label_confirms_the_suspicion(label, rita):
    error_candidates.store([found(label)])
    candidate = ErrorCandidate.objects.get()
    seen = review_queues.case(label.utterance_id).seen
    answer = review.Answer(uuid=cast.new_id(), item_id=0, intent="pay_bill")

    review.relabel(
        by=rita, utterance_id=label.utterance_id, answer=answer,
        verdict=Verdict(seen=seen, candidate_id=candidate.pk),
    )  # fmt: skip

    candidate.refresh_from_db()
    assert (candidate.status, candidate.decided_by) == (Status.CONFIRMED, rita)
    assert GoldLabel.objects.get().intent.name == "pay_bill"


def test_nobody_dismisses_a_suspicion_about_their_own_label(label, ana):
    error_candidates.store([found(label)])

    with pytest.raises(review.NotAllowedError):
        review.dismiss(by=ana, candidate_id=ErrorCandidate.objects.get().pk)


def test_a_suspicion_about_a_label_that_is_no_longer_gold_is_not_shown(
    label, rita, pay
):
    error_candidates.store([found(label)])
    seen = review_queues.case(label.utterance_id).seen
    answer = review.Answer(uuid=cast.new_id(), item_id=0, intent="pay_bill")
    review.relabel(
        by=rita, utterance_id=label.utterance_id, answer=answer,
        verdict=Verdict(seen=seen),
    )  # fmt: skip

    assert not review_queues.errors().exists()


def test_one_search_waits_however_often_it_is_asked_for(rita):
    one = error_candidates.request(by=rita, cause="asked for")
    other = error_candidates.request(by=rita, cause="asked for")

    assert one == other
    assert ErrorSearch.objects.count() == 1
