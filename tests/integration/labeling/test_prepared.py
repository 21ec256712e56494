"""Hand-written statements of the hot path behave like the ORM they stand in for."""

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from annotations.models import Annotation, AuditEvent, QueueItem
from annotations.services import audit, labels, prepared, queue
from annotations.services.labels import Answer
from annotations.services.prepared import Columns
from tests.factories import cast

pytestmark = pytest.mark.django_db


def test_a_statement_is_planned_once_and_used_again():
    marked = "SELECT %(n)s::bigint /* planned once */"

    assert [prepared.rows(marked, {"n": n}) for n in (1, 70_000)] == [
        [(1,)],
        [(70_000,)],
    ]

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s",
            ["%planned once%"],
        )
        assert cursor.fetchone() == (1,)


def test_a_broken_rule_is_the_error_that_the_orm_raises():
    item = cast.item()

    with pytest.raises(IntegrityError):
        prepared.insert(QueueItem(utterance=item.utterance, rank=1, draw_probability=1))


def test_what_was_not_selected_is_loaded_when_asked_for():
    item = cast.item(score=0.25)
    columns = Columns(QueueItem, "q", "why", "id")
    [row] = prepared.rows(f"SELECT {columns.sql} FROM annotations_queueitem q", ())

    read = columns.read(row)

    assert read.get_deferred_fields() >= {"score", "rank"}
    assert (read.pk, read.why, read.score) == (item.pk, {}, 0.25)


def test_an_insert_reads_back_what_the_database_filled_in():
    ana = cast.ana()

    event = audit.record(by=ana, action="tried", obj="thing:1")

    assert AuditEvent.objects.get(pk=event.pk).action == "tried"


def test_an_insert_that_meets_a_conflict_says_so():
    ana, utterance = cast.ana(), cast.utterance()
    skip = {"kind": "skip", "skip_reason": "other", "utterance": utterance}
    event = Annotation(id=cast.new_id(), annotator=ana, body_hash="x", **skip)
    keep = "ON CONFLICT (id) DO NOTHING"

    first = prepared.insert(event, on_conflict=keep)
    again = prepared.insert(event, on_conflict=keep)

    assert (first, again) == (True, False)
    assert event.created_at == Annotation.objects.get().created_at


def test_an_item_taken_has_its_words_and_guess_without_another_query():
    utterance = cast.utterance(context=[{"role": "bot", "text": "hello"}])
    cast.suggestion(utterance, "check_bill")
    cast.item(utterance)
    ana = cast.ana()

    item = queue.claim_next(by=ana)

    with CaptureQueriesContext(connection) as captured:
        assert item.utterance.context == [{"role": "bot", "text": "hello"}]
        assert item.utterance.suggestion.intents[0]["intent"] == "check_bill"
    assert len(captured) == 0


def test_an_item_without_a_guess_is_told_so_without_a_query():
    cast.item()

    item = queue.claim_next(by=cast.ana())

    with CaptureQueriesContext(connection) as captured:
        assert getattr(item.utterance, "suggestion", None) is None
    assert len(captured) == 0


def test_a_label_and_the_next_item_take_few_statements():
    ana, bill = cast.ana(), cast.intent("check_bill")
    for _ in range(2):
        cast.item()
    item = queue.claim_next(by=ana)
    answer = Answer(uuid=cast.new_id(), item_id=item.pk, intent=bill.name)

    with CaptureQueriesContext(connection) as captured:
        labels.submit(by=ana, answer=answer)
        queue.claim_next(by=ana)

    # The catalogue is read for the first time: its stamp, schemas and intents.
    statements = [query["sql"] for query in captured]
    reading = [s for s in statements if "catalogue" in s or "annotations_intent" in s
               or "schemaversion" in s]  # fmt: skip
    assert len(statements) - len(reading) <= 8, statements
