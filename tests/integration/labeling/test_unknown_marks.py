"""That nobody looked for parameters is told apart from that there are none."""

from importlib import import_module

import pytest
from django.db import connection

from annotations.intake.records import parse
from annotations.models import Annotation, GoldLabel, ParameterSpan, PendingLabel
from annotations.services import (
    agreement_report,
    export,
    label_import,
    marks,
    queue,
    samples,
    scrub,
)
from annotations.services.label_import import ImportedLabel
from annotations.services.labels import Answer, SpanAnswer, submit
from tests.factories import cast

pytestmark = pytest.mark.django_db
MARCH = (SpanAnswer(4, 9, "bill_month", "march"),)
MONTH = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"bill_month": {"type": "string"}},
}


def imported(text="pay march now", *, spans=(), known=False, intent="pay_bill"):
    said = cast.utterance(text)
    label_import.import_labels(
        [ImportedLabel(said.pk, intent, "billing", spans, marks_known=known)],
        source="file",
    )
    return said


def answered(said, by, intent="pay_bill", spans=()):
    item = cast.item(said)
    queue.claim_next(by=by)
    submit(by=by, answer=Answer(cast.new_id(), item.pk, intent, spans))


def known_of(said) -> bool:
    return GoldLabel.objects.get(utterance=said).annotation.marks_known


def test_an_imported_label_knows_its_marks_where_somebody_looked():
    assert not known_of(imported())
    assert known_of(imported(known=True))
    assert known_of(imported(spans=MARCH, known=True))


def test_a_label_that_lost_a_mark_no_longer_knows_them():
    lost = SpanAnswer(0, 3, "action", "give")

    said = imported(spans=(lost, *MARCH), known=True)

    assert not known_of(said)
    assert ParameterSpan.objects.get().param == "bill_month"


def test_of_equal_labels_the_one_that_knows_its_marks_is_stored():
    said = cast.utterance("pay march now")
    rows = [
        ImportedLabel(said.pk, "pay_bill"),
        ImportedLabel(said.pk, "pay_bill", spans=MARCH, marks_known=True),
    ]

    count = label_import.import_labels(rows, source="file")

    assert (count.stored, count.known) == (1, 1)
    assert known_of(said)


def test_what_was_answered_at_the_desk_was_looked_at():
    cast.intent("pay_bill")
    said = cast.utterance()

    answered(said, cast.ana())

    assert known_of(said)


def test_a_written_sample_says_its_intent_alone(monkeypatch):
    from tests.integration.intake.conftest import FakeRedactor

    monkeypatch.setattr(scrub, "load", FakeRedactor)
    bill = cast.intent("pay_bill")
    samples.save(intent=bill, lines=["i owe for march"], keep=[0], by=cast.ana())
    scrub.scrub()

    assert not GoldLabel.objects.get().annotation.marks_known
    assert not PendingLabel.objects.exists()


def test_intents_without_parameters_need_no_marks():
    month, none = cast.intent("pay_bill"), cast.intent("greet")
    cast.live_schema(month, MONTH)
    cast.live_schema(none, {**MONTH, "properties": {}})
    by_marks, bare = cast.intent("check_bill"), cast.intent("thanks")
    imported(spans=MARCH, known=True, intent="check_bill")

    assert marks.intents_without_parameters() == {none.pk, bare.pk}
    assert by_marks.pk not in marks.intents_without_parameters()


def test_an_export_says_whether_somebody_looked():
    looked, bare = imported(known=True), imported()
    lost = imported(spans=(SpanAnswer(0, 3, "action", "give"), *MARCH), known=True)

    records = {
        utterance.pk: record
        for utterance, record in export.records(GoldLabel.objects.all())
    }

    assert records[looked.pk]["spans"] == []
    assert "spans" not in records[bare.pk]
    for said in (looked, bare, lost):
        assert parse(records[said.pk]).marks_known is known_of(said)
    assert records[bare.pk]["marks_known"] is False


def test_agreement_on_marks_leaves_out_who_did_not_look():
    cast.live_schema(cast.intent("pay_bill"), MONTH)
    ana, ben = cast.ana(), cast.ben()
    said = cast.utterance("pay march now", status="labeled")
    for person, known in ((ana, True), (ben, False)):
        label = Annotation.objects.create(
            id=cast.new_id(), kind="label", utterance=said, annotator=person,
            intent_id=GoldLabel.intent.field.related_model.objects.get().pk,
            marks_known=known, body_hash="0" * 64,
        )  # fmt: skip
        if known:
            ParameterSpan.objects.create(
                annotation=label, param="bill_month", start=4, end=9, text="march"
            )

    overall = agreement_report.report(days=1).overall

    assert overall.alpha.n_units == 1
    assert overall.spans.n_pairs == 0


def test_the_migration_takes_for_known_only_what_a_person_looked_at():
    migration = import_module("annotations.migrations.0031_marks_nobody_looked_for")
    cast.intent("pay_bill")
    bare, marked = imported(known=True), imported(spans=MARCH, known=True)
    asked = cast.utterance("pay please")
    answered(asked, cast.ana())

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(migration.FORWARD)

    assert [known_of(said) for said in (bare, marked, asked)] == [False, True, True]
