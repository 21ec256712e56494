"""One intent becomes several: by rule, and the desk asks about the rest."""

import uuid

import pytest

from annotations.functions.migration import LabelParameters, MarkedParameter
from annotations.models import Annotation, Intent, QueueItem
from annotations.services import desk, labels, queue
from annotations.services.split_rules import Part, part_of
from tests.factories import cast

from .conftest import client_of
from .moves_world import answer, gold_of, healthy, split, undo

pytestmark = pytest.mark.django_db


def test_a_split_moves_by_rule_and_asks_about_the_rest(people, bill):
    high = cast.utterance("why is my bill so high")
    late = cast.utterance("is there a late fee on it")
    odd = cast.utterance("what is all this")
    for said in (high, late, odd):
        answer(people.ana, said, bill)

    move = split(
        bill,
        people.rita,
        Part("bill_too_high", words=("so high",)),
        Part("bill_fees", words=("fee", "charge")),
    )

    bill.refresh_from_db()
    assert (move.n_moved, move.n_queued, bill.is_active) == (2, 1, False)
    assert gold_of(high).intent.name == "bill_too_high"
    assert gold_of(late).intent.name == "bill_fees"
    item = queue.claim_next(by=people.ana)
    shown = desk.present(item)
    assert "was split" in shown.why
    assert {g.name for g in shown.suggestions} == {"bill_too_high", "bill_fees"}
    fees = Intent.objects.get(name="bill_fees")
    sent = labels.Answer(uuid=uuid.uuid4(), item_id=item.pk, intent=fees.name)
    labels.submit(by=people.ana, answer=sent)
    assert gold_of(odd).intent == fees
    assert healthy()

    back = undo(move, people.rita)

    assert (back.n_restored, back.n_kept) == (2, 1)
    assert gold_of(high).intent == bill
    assert gold_of(odd).intent == fees
    assert Intent.objects.filter(is_active=True).count() == 3
    assert healthy()


def test_an_undone_split_withdraws_questions_that_nobody_took(people, bill):
    said = cast.utterance("what is all this")
    first = answer(people.ana, said, bill)
    move = split(bill, people.rita, Part("bill_fees", words=("fee",)), keeps_rest=True)
    assert QueueItem.objects.filter(status="ready").count() == 1

    undo(move, people.rita)

    assert not QueueItem.objects.filter(status="ready").exists()
    assert gold_of(said).annotation == first
    assert healthy()


def test_rules_hold_whole_words_and_marked_parameters():
    fee = Part("fees", words=("late fee",))
    roaming = Part("roaming", parameter="feature", value="Roaming")
    marked = LabelParameters((MarkedParameter("feature", 0, 7, "roaming"),))

    assert part_of([fee, roaming], "A LATE fee, really?", LabelParameters()) == fee
    assert part_of([fee, roaming], "a late feeling", LabelParameters()) is None
    assert part_of([fee, roaming], "roaming again", marked) == roaming
    assert part_of([Part("any")], "whatever", marked) is None


def test_a_split_of_the_form_is_read_and_previewed(people, bill):
    answer(people.ana, cast.utterance("why is it so high"), bill)
    sent = {
        "kind": "split",
        "part1": "Bill too high",
        "words1": "so high, too much",
        "part2": "Bill fees",
        "words2": "fee",
        "act": "preview",
    }

    page = client_of(people.rita).post("/intents/check_bill/change", sent)

    assert page.context["preview"].n_moved == 1
    assert [p.intent for p in page.context["asked"].parts] == [
        "bill_too_high",
        "bill_fees",
    ]
    assert Annotation.objects.count() == 1
