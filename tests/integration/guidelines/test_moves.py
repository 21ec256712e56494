"""Renaming, merging, splitting: numbers first, labels that follow, and back again."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from annotations.errors import ConflictError, InvalidError
from annotations.functions.migration import LabelParameters, MarkedParameter
from annotations.models import (
    Annotation,
    GoldLabel,
    Intent,
    IntentMove,
    MovedLabel,
    QueueItem,
)
from annotations.services import (
    catalogue,
    desk,
    intent_moves,
    label_import,
    label_moves,
    labels,
    queue,
)
from annotations.services.invariants import broken
from annotations.services.label_import import ImportedLabel
from annotations.services.split_rules import Part, part_of
from tests.factories import cast
from tests.unit.annotations.functions.pairs import fn, s
from training.management.commands.invariants import ALL
from training.services import datasets

from .conftest import client_of

pytestmark = pytest.mark.django_db
WHY = "Callers do not tell them apart."


def answer(by, utterance, intent, **fields):
    item = cast.item(utterance, rank=0, reason=fields.pop("reason", "uncertain"))
    assert queue.claim_next(by=by).pk == item.pk
    sent = labels.Answer(
        uuid=uuid.uuid4(), item_id=item.pk, intent=intent.name, **fields
    )
    return labels.submit(by=by, answer=sent).annotation


def gold_of(utterance):
    return GoldLabel.objects.select_related("annotation", "intent").get(
        utterance=utterance
    )


def healthy():
    """Whether nothing is broken; the factory's schemas leave no approval behind."""
    found = [b for b in broken(ALL) if b.invariant.name != "approvals_are_on_the_trail"]
    return [(b.invariant.name, b.rows) for b in found] == []


def merge(intent, into, by):
    move = intent_moves.merge(intent=intent, into=into, reason=WHY, by=by)
    return label_moves.run(move.pk)


def undo(move, by):
    intent_moves.request_undo(move_id=move.pk, reason=WHY, by=by)
    return label_moves.run(move.pk)


def split(intent, by, *parts, keeps_rest=False):
    move = intent_moves.split(
        intent=intent,
        parts=parts,
        titles={},
        keeps_rest=keeps_rest,
        reason=WHY,
        by=by,
    )
    return label_moves.run(move.pk)


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


def test_a_rename_keeps_identity_and_the_old_name_leads_on(people, bill):
    said, later = cast.utterance(), cast.utterance()
    cast.suggestion(later, "check_bill")
    answer(people.ana, said, bill)

    move = intent_moves.rename(
        intent=bill, name="look_at_bill", reason=WHY, by=people.rita
    )

    given = answer(people.ana, later, bill)  # the old name, as a program knows it
    assert gold_of(said).intent.name == "look_at_bill"
    assert (given.intent, given.suggested_rank) == (bill, 1)
    page = client_of(people.ana).get("/intents/check_bill")
    assert page["Location"] == "/intents/look_at_bill"
    assert healthy()

    undone = intent_moves.request_undo(move_id=move.pk, reason=WHY, by=people.rita)

    bill.refresh_from_db()
    assert (undone.status, bill.name) == ("undone", "check_bill")
    assert catalogue.current().by_name["look_at_bill"].id == bill.pk
    assert healthy()


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


def test_a_killed_worker_goes_on_where_it_was(people, bill, pay, monkeypatch):
    monkeypatch.setattr(label_moves, "CHUNK", 2)
    for _ in range(5):
        answer(people.ana, cast.utterance(), bill)
    move = intent_moves.merge(intent=bill, into=pay, reason=WHY, by=people.rita)
    settle, n = label_moves.gold.settle, []

    def dies(utterance, into=None):
        n.append(utterance.pk)
        if len(n) == 4:  # in the second chunk
            raise KeyboardInterrupt
        return settle(utterance, into)

    monkeypatch.setattr(label_moves.gold, "settle", dies)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        label_moves._run_chunk(move.pk)
        label_moves._run_chunk(move.pk)
    monkeypatch.setattr(label_moves.gold, "settle", settle)
    assert label_moves.due() == [move.pk]
    label_moves._run_chunk(move.pk)
    assert IntentMove.objects.get().n_moved == 2

    done = label_moves.run(move.pk)
    label_moves.run(move.pk)

    assert (done.n_moved, MovedLabel.objects.count()) == (5, 5)
    assert GoldLabel.objects.filter(intent=pay).count() == 5
    assert label_moves.due() == []
    assert healthy()


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


def test_the_preview_says_what_the_worker_does(people, bill, pay):
    cast.live_schema(pay, fn("month", month=s()))
    for _ in range(3):
        answer(people.ana, cast.utterance(), bill)

    shown = intent_moves.preview(intent_moves.draft(bill, "merge", into=pay))
    done = merge(bill, pay, people.rita)

    assert (shown.n_labels, shown.n_moved, shown.n_queued) == (3, 0, 3)
    assert (done.n_labels, done.n_moved, done.n_queued) == (3, 0, 3)
    assert shown.reasons == (("month is required now", 3),)
    assert [f.name for f in shown.functions] == ["pay_bill"]


def test_a_later_change_has_to_be_taken_back_first(people, bill, pay):
    third = cast.intent("see_bill")
    first = merge(bill, pay, people.rita)
    later = merge(pay, third, people.rita)

    with pytest.raises(ConflictError):
        intent_moves.request_undo(move_id=first.pk, reason=WHY, by=people.rita)
    undo(later, people.rita)
    undo(first, people.rita)

    assert Intent.objects.filter(is_active=True).count() == 3
    assert healthy()


def test_labels_on_their_way_hold_off_a_second_change(people, bill, pay):
    intent_moves.merge(intent=bill, into=pay, reason=WHY, by=people.rita)

    with pytest.raises(ConflictError):
        intent_moves.rename(intent=pay, name="settle", reason=WHY, by=people.rita)


@pytest.mark.parametrize("name", ["pay_bill", "old_pay", "Not A Name", "check_bill"])
def test_a_name_that_leads_elsewhere_is_refused(name, people, bill, pay):
    Intent.objects.filter(pk=pay.pk).update(aliases=["old_pay"])

    with pytest.raises(InvalidError):
        intent_moves.rename(intent=bill, name=name, reason=WHY, by=people.rita)


def test_the_database_refuses_a_name_that_leads_to_two(bill, pay):
    with pytest.raises(IntegrityError), transaction.atomic():
        Intent.objects.filter(pk=pay.pk).update(aliases=["check_bill"])
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_page_shows_the_numbers_before_it_does_anything(people, bill, pay):
    answer(people.ana, cast.utterance("why is it so high"), bill)
    client = client_of(people.rita)
    sent = {"kind": "merge", "into": "pay_bill"}

    shown = client.post("/intents/check_bill/change", {**sent, "act": "preview"})
    assert 'id="n-moved">1<' in shown.content.decode()
    assert not IntentMove.objects.exists()
    short = client.post(
        "/intents/check_bill/change", {**sent, "act": "confirm", "reason": "no"}
    )
    assert short.status_code == 422
    done = client.post(
        "/intents/check_bill/change", {**sent, "act": "confirm", "reason": WHY}
    )
    label_moves.run(IntentMove.objects.get().pk)
    page = client.get(done["Location"]).content.decode()

    assert "What cannot be taken back" in page
    client.post(done["Location"], {"reason": WHY})
    assert IntentMove.objects.get().status == "undoing"


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
