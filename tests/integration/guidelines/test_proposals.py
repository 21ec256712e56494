"""Proposed intents: who decides, what follows, what the proposer sees."""

import uuid

import pytest
from django.db import IntegrityError, transaction

from annotations.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from annotations.models import (
    Annotation,
    AuditEvent,
    GoldLabel,
    Intent,
    IntentChange,
    IntentProposal,
    QueueItem,
    Reason,
)
from annotations.services import labels, proposals, proposals_alike, queue
from annotations.services.invariants import broken
from tests.factories import cast
from training.management.commands.invariants import ALL

from .conftest import client_of

pytestmark = pytest.mark.django_db
WHY = "It is what check_bill stands for."


def propose(by, title="Freeze a line", utterance=None, **more):
    return proposals.propose(
        title=title,
        description="Wants the line to rest for a while.",
        domain="billing",
        utterance_id=utterance.pk if utterance else None,
        by=by,
        **more,
    )


def test_an_accepted_proposal_is_an_intent_and_labels_its_utterance(people, bill):
    said = cast.utterance("can my line sleep while i am abroad")
    item = cast.item(said)
    proposal = propose(people.ana, utterance=said)

    done = proposals.accept(proposal_id=proposal.pk, by=people.rita)

    gold = GoldLabel.objects.select_related("annotation").get(utterance=said)
    item.refresh_from_db()
    assert done.intent.name == "freeze_a_line"
    assert (gold.intent, gold.annotation.annotator) == (done.intent, people.rita)
    assert item.status == QueueItem.Status.DONE
    assert IntentChange.objects.get(intent=done.intent).kind == "created"
    assert AuditEvent.objects.filter(action="proposal.accepted").count() == 1
    assert [b.invariant.name for b in broken(ALL)] == []


def test_a_proposal_merged_labels_the_utterance_with_the_other(people, bill):
    said = cast.utterance()
    proposal = propose(people.ana, utterance=said)

    proposals.merge(
        proposal_id=proposal.pk, into="check_bill", by=people.rita, reason=WHY
    )

    assert GoldLabel.objects.get(utterance=said).intent == bill
    assert Intent.objects.count() == 1
    assert [b.invariant.name for b in broken(ALL)] == []


def test_where_parameters_are_needed_the_desk_asks(people, bill):
    cast.live_schema(bill)
    said = cast.utterance()
    cast.item(said)
    proposal = propose(people.ana, utterance=said)

    proposals.merge(proposal_id=proposal.pk, into="check_bill", by=people.rita)

    item = QueueItem.objects.get(status="ready")
    assert (item.reason, item.utterance) == ("requested", said)
    assert said.suggestion.intents == [{"intent": "check_bill", "confidence": 1.0}]
    assert not Annotation.objects.exists()


def test_an_exam_item_stays_with_those_drawn_to_answer_it(people, bill):
    cast.item(cast.utterance(split="exam"), reason=Reason.EXAM)
    item = queue.claim_next(by=people.ana)
    proposal = propose(people.ana, item_id=item.pk)

    proposals.accept(proposal_id=proposal.pk, by=people.rita)

    assert not Annotation.objects.exists()


def test_a_reviewers_own_earlier_answer_is_revised(people, bill):
    said = cast.utterance()
    cast.item(said, rank=0)
    item = queue.claim_next(by=people.rita)
    labels.submit(
        by=people.rita,
        answer=labels.Answer(uuid=uuid.uuid4(), item_id=item.pk, intent="check_bill"),
    )
    proposal = propose(people.ana, utterance=said)

    done = proposals.accept(proposal_id=proposal.pk, by=people.rita)

    assert GoldLabel.objects.get(utterance=said).intent == done.intent
    assert [b.invariant.name for b in broken(ALL)] == []


def test_declining_needs_a_reason_that_its_author_reads(people, bill):
    proposal = propose(people.ana)
    client = client_of(people.rita)
    path = f"/review/proposals/{proposal.pk}"

    client.post(path, {"decision": "decline", "reason": "no"})
    assert IntentProposal.objects.get().status == "open"
    client.post(path, {"decision": "decline", "reason": WHY})

    assert IntentProposal.objects.get().status == "declined"
    assert WHY in client_of(people.ana).get("/me").content.decode()
    assert WHY in client_of(people.ana).get("/proposals").content.decode()
    assert WHY not in client_of(people.boris).get("/proposals").content.decode()


def test_nobody_decides_about_their_own(people, bill):
    proposal = propose(people.rita)

    with pytest.raises(NotAllowedError):
        proposals.accept(proposal_id=proposal.pk, by=people.rita)
    with pytest.raises(IntegrityError), transaction.atomic():
        IntentProposal.objects.update(
            status="declined",
            reason=WHY,
            decided_by=people.rita,
            decided_at=proposal.proposed_at,
        )


def test_a_second_decision_is_refused(people, bill):
    proposal = propose(people.ana)
    proposals.decline(proposal_id=proposal.pk, by=people.rita, reason=WHY)

    with pytest.raises(ConflictError):
        proposals.accept(proposal_id=proposal.pk, by=people.rita)


@pytest.mark.parametrize("name", ["Check Bill", "check_bill", "old_bill", "9lives"])
def test_a_name_has_to_be_free_and_readable(name, people, bill):
    Intent.objects.filter(pk=bill.pk).update(aliases=["old_bill"])
    proposal = propose(people.ana)

    with pytest.raises(InvalidError):
        proposals.accept(proposal_id=proposal.pk, by=people.rita, name=name)


def test_proposing_twice_waits_once(people, bill):
    assert propose(people.ana) == propose(people.ana)


def test_the_desk_names_its_item_and_nobody_elses(people, bill):
    cast.item(rank=0)
    item = queue.claim_next(by=people.ana)

    with pytest.raises(NotFoundError):
        propose(people.rita, item_id=item.pk)
    assert propose(people.ana, item_id=item.pk).utterance_id == item.utterance_id


def test_the_desks_dialog_is_answered_in_json(people, bill):
    client = client_of(people.ana)
    sent = {"title": "Freeze a line", "description": "Rest.", "domain": "billing"}
    wanted = {"Accept": "application/json"}

    good = client.post("/proposals/new", sent, headers=wanted)
    bad = client.post("/proposals/new", {**sent, "domain": "moon"}, headers=wanted)

    assert (good.status_code, bad.status_code) == (201, 422)
    assert "domain" in bad.json()["message"]


def test_the_queue_says_why_it_is_empty(people, bill):
    client = client_of(people.rita)

    assert "No proposals yet" in client.get("/review/proposals").content.decode()
    proposal = propose(people.ana)
    assert "Freeze a line" in client.get("/review/proposals").content.decode()
    proposals.decline(proposal_id=proposal.pk, by=people.rita, reason=WHY)
    page = client.get("/review/proposals").content.decode()
    assert "All 1 proposal is decided" in page
    assert (
        "Freeze a line" in client.get("/review/proposals?status=all").content.decode()
    )


def test_a_proposal_that_reads_like_another_says_so_to_both(people, bill):
    first = propose(people.ana, title="Freeze a line for a while")

    client = client_of(people.boris)
    sent = {"title": "Freeze my line", "description": "Rest.", "domain": "billing"}
    told = client.post("/proposals/new", sent, headers={"Accept": "application/json"})
    page = client_of(people.rita).get("/review/proposals").content.decode()

    assert "“Freeze a line for a while”, which waits" in told.json()["message"]
    assert f'<a href="/review/proposals#p{first.pk}">Freeze a line for a while' in page
    assert page.count("waits too, by") == 2


def test_two_proposals_for_one_utterance_read_alike_whatever_their_titles(people, bill):
    said = cast.utterance("can my line sleep while i am abroad")
    first = propose(people.ana, title="Holiday pause", utterance=said)
    second = propose(people.rita, title="Suspend service", utterance=said)
    propose(people.rita, title="Translate an invoice")

    alike = proposals_alike.of([first, second])

    assert alike[first.pk].waiting == [second]
    assert alike[second.pk].waiting == [first]


def test_a_proposal_shows_the_intent_it_may_belong_to(people, bill):
    Intent.objects.filter(pk=bill.pk).update(title="Check a phone bill")
    proposal = propose(people.ana, title="Check the phone bill")
    other = propose(people.ana, title="Order flowers")

    alike = proposals_alike.of([proposal, other])

    assert [intent.pk for intent in alike[proposal.pk].intents] == [bill.pk]
    assert other.pk not in alike
