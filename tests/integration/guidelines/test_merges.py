"""Two intents become one: labels that follow, and back again."""

import uuid

import pytest

from annotations.models import QueueItem
from annotations.services import (
    catalogue,
    desk,
    label_import,
    labels,
    queue,
)
from annotations.services.label_import import ImportedLabel
from tests.factories import cast
from tests.unit.annotations.functions.pairs import fn, s
from training.services import datasets

from .conftest import client_of
from .moves_world import answer, gold_of, healthy, merge, undo

pytestmark = pytest.mark.django_db


def test_a_merge_moves_every_label_and_undo_brings_the_peoples_own_back(
    people, bill, pay
):
    ben = cast.ben()
    one, both, other = cast.utterance(), cast.utterance(), cast.utterance()
    first = answer(people.ana, one, bill)
    answer(people.ana, both, bill)
    answer(ben, both, bill, reason="second_opinion")
    answer(people.ana, other, pay)

    move = merge(bill, pay, people.rita)

    assert (move.status, move.n_labels, move.n_moved) == ("done", 3, 3)
    assert {gold_of(u).intent for u in (one, both, other)} == {pay}
    assert gold_of(one).annotation.revises == first
    assert gold_of(one).annotation.annotator.is_system
    assert datasets.gold().count() == 3
    assert healthy()

    back = undo(move, people.boris)

    bill.refresh_from_db()
    pay.refresh_from_db()
    assert (back.status, back.n_restored, back.n_kept) == ("undone", 3, 0)
    assert gold_of(one).annotation == first
    assert {gold_of(u).intent for u in (one, both)} == {bill}
    assert bill.is_active and pay.aliases == []
    assert healthy()


def test_labels_given_since_keep_their_meaning(people, bill, pay):
    said, later = cast.utterance(), cast.utterance()
    answer(people.ana, said, bill)
    move = merge(bill, pay, people.rita)
    moved = gold_of(said).annotation
    cast.item(said, rank=0, reason="schema_changed", why={"revises": str(moved.pk)})
    item = queue.claim_next(by=people.ana)
    labels.submit(
        by=people.ana,
        answer=labels.Answer(uuid=uuid.uuid4(), item_id=item.pk, intent="pay_bill"),
    )
    answer(people.ana, later, pay)

    back = undo(move, people.rita)

    assert (back.n_restored, back.n_kept) == (0, 1)
    assert {gold_of(u).intent for u in (said, later)} == {pay}
    assert healthy()


def test_where_the_other_needs_parameters_the_desk_asks_again(people, bill, pay):
    cast.live_schema(pay, fn("month", month=s(), plan=s()))
    cast.live_schema(bill, fn(month=s()))
    marked, bare = cast.utterance("my bill of may"), cast.utterance()
    spans = (labels.SpanAnswer(11, 14, "month", "may"),)
    answer(people.ana, marked, bill, spans=spans)
    answer(people.ana, bare, bill)

    move = merge(bill, pay, people.rita)

    (item,) = QueueItem.objects.filter(status="ready")
    assert (move.n_moved, move.n_queued) == (1, 1)
    assert [s.param for s in gold_of(marked).annotation.spans.all()] == ["month"]
    assert gold_of(marked).annotation.schema_version.function.intent == pay
    assert (item.utterance, item.reason) == (bare, "schema_changed")
    claimed = queue.claim_next(by=people.ana)
    assert "is part of another intent now" in desk.present(claimed).why
    labels.submit(
        by=people.ana,
        answer=labels.Answer(
            uuid=uuid.uuid4(),
            item_id=claimed.pk,
            intent="pay_bill",
            not_spoken=("month",),
        ),
    )
    assert gold_of(bare).annotation.annotator == people.ana
    assert healthy()


def test_a_mark_on_an_earlier_turn_is_asked_about_where_it_stands(people, bill, pay):
    cast.live_schema(pay, fn("month", month=s(), plan=s()))
    cast.live_schema(bill, fn(plan=s()))
    before = [{"role": "caller", "text": "the gold plan"}]
    said = cast.utterance("what does it cost", context=before)
    spans = (labels.SpanAnswer(4, 8, "plan", "gold", turn=0),)
    answer(people.ana, said, bill, spans=spans)

    merge(bill, pay, people.rita)

    (mark,) = desk.present(queue.claim_next(by=people.ana)).parameters
    assert (mark["param"], mark["turn"], mark["start"]) == ("plan", 0, 4)


def test_a_merged_name_leads_to_what_it_became(people, bill, pay):
    merge(bill, pay, people.rita)

    cards = catalogue.current()
    assert cards.by_name["check_bill"].name == "pay_bill"
    guesses = [("check_bill", 0.4), ("pay_bill", 0.3), ("gone", 0.3)]
    [(card, share)] = catalogue.meant(guesses, cards)
    assert (card.name, round(share, 2)) == ("pay_bill", 0.7)
    said = cast.utterance()
    label_import.import_labels([ImportedLabel(said.pk, "check_bill")], source="t")
    assert gold_of(said).intent == pay
    api = client_of(people.rita).get("/api/v1/intents/check_bill")
    assert api.json()["name"] == "pay_bill"


def test_a_review_stays_the_last_word(people, bill, pay):
    from annotations.services import review

    said = cast.utterance()
    one = answer(people.ana, said, bill)
    answer(cast.ben(), said, pay, reason="second_opinion")
    review.resolve(by=people.rita, uuid=uuid.uuid4(), answer_id=one.pk)
    third = cast.intent("see_bill")

    merge(bill, third, people.boris)

    assert gold_of(said).intent == third
    assert gold_of(said).rule == "reviewed"
    assert healthy()
