"""Exports hold the gold as it stands, appear whole, and say what does not exist."""

import gzip
import json

import pytest
from django.core.management import CommandError, call_command

from annotations.intake.records import parse
from annotations.models import AuditEvent, Utterance
from annotations.services import label_import, labels, queue
from annotations.services.label_import import ImportedLabel
from annotations.services.labels import SpanAnswer
from tests.factories import cast
from training.ml.data import example_from_record

pytestmark = pytest.mark.django_db


def labeled(text, spans=(), **fields):
    utterance = cast.utterance(text, **fields)
    label_import.import_labels(
        [ImportedLabel(utterance.pk, "pay_bill", "billing", spans, marks_known=True)],
        source="test",
    )
    return utterance


def exported(path):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.mark.parametrize("name", ["gold.jsonl", "gold.jsonl.gz"])
def test_gold_labels_are_written_as_canonical_records(tmp_path, name):
    labeled("pay march 😀", (SpanAnswer(4, 9, "month", "march"),))

    call_command("export", "gold", tmp_path / name)

    (record,) = exported(tmp_path / name)
    assert record["text"] == "pay march 😀"
    assert record["intent"] == "pay_bill"
    assert record["spans"] == [
        {"start": 4, "end": 9, "param": "month", "value": "march"}
    ]
    assert record["split"] == "train"
    assert AuditEvent.objects.filter(action="export.written").exists()


def test_what_a_turn_does_and_an_earlier_turn_said_is_exported(tmp_path):
    context = [{"role": "caller", "text": "the march bill"}]
    said = cast.utterance("no april", context=context)
    bill = cast.intent("check_bill")
    month = {"type": "string", "format": "month"}
    cast.live_schema(bill, {"type": "object", "properties": {"m": month, "was": month},
                            "additionalProperties": False})  # fmt: skip
    item, ana = cast.item(said), cast.ana()
    queue.claim_next(by=ana)
    spans = (
        SpanAnswer(3, 8, "m", "april", "2026-04"),
        SpanAnswer(4, 9, "was", "march", "2026-03", turn=0),
    )
    labels.submit(
        by=ana,
        answer=labels.Answer(
            cast.new_id(), item.pk, "check_bill", spans, act="corrects"
        ),
    )

    call_command("export", "gold", tmp_path / "gold.jsonl")

    (record,) = exported(tmp_path / "gold.jsonl")
    assert record["act"] == "corrects"
    assert record["spans"] == [
        {"start": 3, "end": 8, "param": "m", "text": "april", "value": "2026-04"},
        {"start": 4, "end": 9, "param": "was", "turn": 0, "text": "march",
         "value": "2026-03"},
    ]  # fmt: skip
    again = parse(record)
    assert again.act == "corrects"
    assert [span.param for span in again.spans] == ["m"]
    assert example_from_record(record).act == "corrects"


def test_what_was_quarantined_later_is_not_exported(tmp_path):
    utterance = labeled("my name is on it")
    Utterance.objects.filter(pk=utterance.pk).update(status="quarantined")

    call_command("export", "gold", tmp_path / "gold.jsonl")

    assert exported(tmp_path / "gold.jsonl") == []


def test_each_live_schema_is_a_file_with_its_hash(tmp_path):
    version = cast.live_schema(cast.intent("check_bill"))

    call_command("export", "functions", tmp_path / "functions")

    body = json.loads((tmp_path / "functions" / "check_bill.json").read_text())
    assert body["sha256"] == version.content_hash
    assert body["parameters"] == cast.BILL_SCHEMA


def test_an_unknown_format_names_the_known_ones(tmp_path):
    with pytest.raises(CommandError, match="functions, gold, training"):
        call_command("export", "parquet", tmp_path / "x")


def test_a_path_that_cannot_be_written_says_so_and_leaves_nothing(tmp_path):
    missing = tmp_path / "no" / "such" / "gold.jsonl"

    with pytest.raises(CommandError, match="Cannot write"):
        call_command("export", "gold", missing)

    assert list(tmp_path.iterdir()) == []
