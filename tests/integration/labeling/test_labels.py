"""Answers as events: stored once, never lost, taken back by another event."""

import dataclasses

import pytest
from django.db import DatabaseError, transaction

from annotations.errors import (
    ConflictError,
    DuplicateAnswerError,
    InvalidLabelError,
    NotFoundError,
    NothingToUndoError,
)
from annotations.models import (
    Annotation,
    AuditEvent,
    GoldLabel,
    ParameterSpan,
    QueueItem,
    Utterance,
)
from annotations.services import labels, queue
from annotations.services.labels import Answer, SpanAnswer
from tests.factories import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    return cast.ana()


@pytest.fixture
def bill():
    return cast.intent("check_bill")


def answer(item, intent="check_bill", **fields):
    return Answer(uuid=cast.new_id(), item_id=item.pk, intent=intent, **fields)


def claimed(by, of=None):
    cast.item(of)
    return queue.claim_next(by=by)


def test_submit_stores_the_answer_and_its_gold_label(ana, bill):
    item = claimed(ana)

    labels.submit(by=ana, answer=answer(item))

    gold = GoldLabel.objects.get()
    assert (gold.intent, gold.rule) == (bill, "single")
    item.refresh_from_db()
    assert item.status == QueueItem.Status.DONE
    assert item.utterance.status == Utterance.Status.LABELED


def test_submit_leaves_an_audit_event_without_the_text(ana, bill):
    item = claimed(ana, cast.utterance("a very secret sentence"))

    stored = labels.submit(by=ana, answer=answer(item))

    event = AuditEvent.objects.get(action="label.submitted")
    assert event.object == f"annotation:{stored.annotation.pk}"
    assert "secret" not in event.payload


def test_submitting_twice_stores_once(ana, bill):
    item = claimed(ana)
    once = answer(item)

    first = labels.submit(by=ana, answer=once)
    again = labels.submit(by=ana, answer=once)

    assert (first.replayed, again.replayed) == (False, True)
    assert Annotation.objects.count() == 1
    assert AuditEvent.objects.filter(action="label.submitted").count() == 1


def test_a_retry_may_report_another_time_on_screen(ana, bill):
    item = claimed(ana)
    once = answer(item, shown_ms=900)

    labels.submit(by=ana, answer=once)
    again = labels.submit(by=ana, answer=dataclasses.replace(once, shown_ms=4000))

    assert again.replayed


def test_the_same_id_with_another_answer_is_refused(ana, bill):
    cast.intent("pay_bill")
    item = claimed(ana)
    once = answer(item)
    labels.submit(by=ana, answer=once)

    with pytest.raises(DuplicateAnswerError):
        labels.submit(by=ana, answer=dataclasses.replace(once, intent="pay_bill"))


def test_another_persons_id_is_refused(ana, bill):
    ben = cast.ben()
    first, second = claimed(ana), claimed(ben)
    once = answer(first)
    labels.submit(by=ana, answer=once)

    with pytest.raises(DuplicateAnswerError):
        labels.submit(by=ben, answer=dataclasses.replace(once, item_id=second.pk))


def test_an_unknown_intent_is_refused_and_nothing_is_stored(ana, bill):
    item = claimed(ana)

    with pytest.raises(InvalidLabelError, match="no intent"):
        labels.submit(by=ana, answer=answer(item, intent="nonsense"))

    assert not Annotation.objects.exists()
    item.refresh_from_db()
    assert item.status == QueueItem.Status.LEASED


def test_an_item_that_is_gone_is_named_as_such(ana, bill):
    with pytest.raises(NotFoundError):
        labels.submit(
            by=ana, answer=Answer(uuid=cast.new_id(), item_id=404, intent="check_bill")
        )


def test_an_item_never_held_cannot_be_answered(ana, bill):
    item = cast.item()

    with pytest.raises(ConflictError, match="Take the item"):
        labels.submit(by=ana, answer=answer(item))


def test_somebody_elses_item_cannot_be_answered(ana, bill):
    item = claimed(ana)

    with pytest.raises(ConflictError):
        labels.submit(by=cast.ben(), answer=answer(item))


def test_an_answer_after_the_lease_counts_where_nobody_took_the_item(ana, bill):
    item = claimed(ana)
    expire(item)
    queue.free_expired()

    stored = labels.submit(by=ana, answer=answer(item))

    assert not stored.late
    assert GoldLabel.objects.count() == 1


def test_an_answer_after_somebody_else_took_the_item_is_a_second_opinion(ana, bill):
    ben = cast.ben()
    item = claimed(ana)
    expire(item)
    assert queue.claim_next(by=ben).pk == item.pk

    late = labels.submit(by=ana, answer=answer(item))
    own = labels.submit(by=ben, answer=answer(item))

    assert (late.late, own.late) == (True, False)
    assert GoldLabel.objects.get().rule == GoldLabel.Rule.AGREED


def test_two_answers_that_differ_leave_no_gold(ana, bill):
    cast.intent("pay_bill")
    ben = cast.ben()
    item = claimed(ana)
    expire(item)
    queue.claim_next(by=ben)

    labels.submit(by=ana, answer=answer(item))
    labels.submit(by=ben, answer=answer(item, intent="pay_bill"))

    assert not GoldLabel.objects.exists()
    assert Utterance.objects.get().status == Utterance.Status.REVIEW


def test_a_required_parameter_must_be_marked_or_declared_absent(ana, bill):
    cast.live_schema(bill)
    item = claimed(ana)

    with pytest.raises(InvalidLabelError, match="account_number is required"):
        labels.submit(by=ana, answer=answer(item))

    labels.submit(by=ana, answer=answer(item, not_spoken=("account_number",)))
    assert Annotation.objects.get().schema_version.number == 1


def test_spans_are_stored_in_code_points(ana, bill):
    cast.live_schema(bill)
    text = "naïve 😀 account [ACCOUNT_NUMBER_1] please"
    item = claimed(ana, cast.utterance(text))
    start = text.index("[")
    end = text.index("]") + 1
    span = SpanAnswer(start, end, "account_number", text[start:end])

    labels.submit(by=ana, answer=answer(item, spans=(span,)))

    assert ParameterSpan.objects.get().text == "[ACCOUNT_NUMBER_1]"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (SpanAnswer(0, 3, "bill_month", "xyz"), "not the one you saw"),
        (SpanAnswer(2, 2, "bill_month", ""), "outside the text"),
        (SpanAnswer(0, 999, "bill_month", "my"), "outside the text"),
        (SpanAnswer(0, 2, "colour", "my"), "not a parameter"),
    ],
)
def test_a_span_that_does_not_fit_is_refused_in_words(ana, bill, span, words):
    cast.live_schema(bill)
    item = claimed(ana, cast.utterance("my account is overdue"))

    with pytest.raises(InvalidLabelError, match=words):
        labels.submit(
            by=ana,
            answer=answer(item, spans=(span,), not_spoken=("account_number",)),
        )


@pytest.mark.parametrize(
    ("value", "words"),
    [("2026-13", "needs a month"), ("2026-05", ""), ("[DATE_1]", ""), ("", "")],
)
def test_a_value_is_held_against_the_live_schema(ana, bill, value, words):
    month = {"type": "string", "format": "month"}
    cast.live_schema(
        bill, {**cast.BILL_SCHEMA, "required": [], "properties": {"m": month}}
    )
    item = claimed(ana, cast.utterance("the may bill"))
    given = answer(item, spans=(SpanAnswer(4, 7, "m", "may", value),))

    if words:
        with pytest.raises(InvalidLabelError, match=words):
            labels.submit(by=ana, answer=given)
    else:
        assert labels.submit(by=ana, answer=given).annotation.spans.count() == 1


def test_the_database_refuses_a_span_that_does_not_read_as_stored(ana, bill):
    item = claimed(ana, cast.utterance("my account is overdue"))
    stored = labels.submit(by=ana, answer=answer(item)).annotation

    with pytest.raises(DatabaseError, match="does not read"), transaction.atomic():
        ParameterSpan.objects.create(
            annotation=stored, param="x", start=0, end=2, text="no"
        )


def test_an_answer_cannot_be_changed_or_deleted(ana, bill):
    stored = labels.submit(by=ana, answer=answer(claimed(ana))).annotation

    for change in (
        lambda: Annotation.objects.filter(pk=stored.pk).update(blind=True),
        lambda: Annotation.objects.filter(pk=stored.pk)._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_undo_brings_the_item_back_to_the_same_person(ana, bill):
    item = claimed(ana)
    labels.submit(by=ana, answer=answer(item))

    undone = labels.undo(by=ana, uuid=cast.new_id())

    assert undone.item.pk == item.pk
    assert undone.item.leased_by == ana
    assert not GoldLabel.objects.exists()
    assert Utterance.objects.get().status == Utterance.Status.POOL


def test_undo_walks_back_through_earlier_answers(ana, bill):
    first, second = claimed(ana), claimed(ana)
    labels.submit(by=ana, answer=answer(first))
    labels.submit(by=ana, answer=answer(second))

    assert labels.undo(by=ana, uuid=cast.new_id()).item.pk == second.pk
    assert labels.undo(by=ana, uuid=cast.new_id()).item.pk == first.pk
    with pytest.raises(NothingToUndoError):
        labels.undo(by=ana, uuid=cast.new_id())


def test_undo_twice_with_one_id_takes_back_one_answer(ana, bill):
    labels.submit(by=ana, answer=answer(claimed(ana)))
    labels.submit(by=ana, answer=answer(claimed(ana)))
    key = cast.new_id()

    labels.undo(by=ana, uuid=key)
    labels.undo(by=ana, uuid=key)

    assert GoldLabel.objects.count() == 1


def test_undo_never_touches_another_persons_answer(ana, bill):
    labels.submit(by=ana, answer=answer(claimed(ana)))

    with pytest.raises(NothingToUndoError):
        labels.undo(by=cast.ben(), uuid=cast.new_id())

    assert GoldLabel.objects.count() == 1


def test_an_answer_after_undo_replaces_the_first(ana, bill):
    other = cast.intent("pay_bill")
    labels.submit(by=ana, answer=answer(claimed(ana)))
    item = labels.undo(by=ana, uuid=cast.new_id()).item

    labels.submit(by=ana, answer=answer(item, intent="pay_bill"))

    assert GoldLabel.objects.get().intent == other


def test_skip_sets_the_item_aside_with_its_reason(ana):
    item = claimed(ana)

    labels.skip(by=ana, uuid=cast.new_id(), item_id=item.pk, reason="unclear")

    item.refresh_from_db()
    assert item.status == QueueItem.Status.SKIPPED
    assert Annotation.objects.get().skip_reason == "unclear"


def test_skip_needs_a_known_reason(ana):
    item = claimed(ana)

    with pytest.raises(InvalidLabelError):
        labels.skip(by=ana, uuid=cast.new_id(), item_id=item.pk, reason="bored")


def test_quarantine_takes_the_utterance_from_everyone(ana):
    item = claimed(ana)

    labels.quarantine(by=ana, uuid=cast.new_id(), item_id=item.pk)

    assert not Utterance.objects.visible().exists()
    assert queue.claim_next(by=cast.ben()) is None


def expire(item):
    QueueItem.objects.filter(pk=item.pk).update(lease_expires_at="2020-01-01T00:00Z")
