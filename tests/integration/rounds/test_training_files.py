"""The files a round would train on, written for `experiment`."""

import pytest
from django.core.management import call_command

from annotations.models import Utterance
from annotations.services import label_import
from annotations.services.label_import import ImportedLabel
from annotations.services.labels import SpanAnswer
from tests.factories import cast
from training.ml.data import read_jsonl
from training.services import datasets

pytestmark = pytest.mark.django_db


@pytest.fixture
def gold():
    # So many that no split stays empty by chance: a tenth is held out.
    for number in range(120):
        said = cast.utterance(
            f"pay the bill of march {number}", split="exam" if number < 5 else "train"
        )
        spans = (SpanAnswer(16, 21, "month", "march"),)
        label_import.import_labels(
            [ImportedLabel(said.pk, "pay_bill", "billing", spans, marks_known=True)],
            source="test",
        )


def test_the_splits_are_those_a_round_would_freeze(gold, tmp_path):
    call_command("export", "training", tmp_path / "files")

    found = {
        path.name.split(".")[0]: read_jsonl(path)
        for path in (tmp_path / "files").iterdir()
    }
    frozen = datasets.counts_of(datasets.freeze())
    assert {split: len(rows) for split, rows in found.items()} == frozen
    assert frozen["exam"] == 5
    assert all(rows.examples[0].spans[0].value == "march" for rows in found.values())


def test_what_no_model_may_learn_from_is_not_in_them(gold, tmp_path):
    Utterance.objects.filter(split="train").update(status="quarantined")

    call_command("export", "training", tmp_path / "files")

    assert len(read_jsonl(tmp_path / "files" / "train.jsonl.gz")) == 0
    assert len(read_jsonl(tmp_path / "files" / "exam.jsonl.gz")) == 5
