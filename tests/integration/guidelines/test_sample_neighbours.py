"""Samples compared by meaning, with a stand-in for the encoder."""

import pytest

from annotations.services import label_import
from annotations.services.label_import import ImportedLabel
from tests.factories import cast
from tests.fakes import FakeEncoder
from training.models import UtteranceEmbedding
from training.services import sample_neighbours
from training.serving import query_encoder

pytestmark = pytest.mark.django_db


def stored(text, intent=None, **fields):
    utterance = cast.utterance(text, **fields)
    UtteranceEmbedding.objects.create(
        utterance=utterance,
        encoder=query_encoder.COMPARABLE[0],
        vector=FakeEncoder().encode([text])[0],
    )
    if intent:
        label_import.import_labels(
            [ImportedLabel(utterance.pk, intent.name)], source="t"
        )
    return utterance


@pytest.fixture
def encoder(monkeypatch):
    monkeypatch.setattr(
        query_encoder, "encode", lambda text: FakeEncoder().encode([text])[0]
    )


def test_labeled_texts_are_found_and_no_others(encoder, bill):
    said = stored("my bill is too high", bill)
    stored("my bill is too high now")
    stored("my bill is too high really", bill, split="exam")

    (found,) = sample_neighbours.labeled(["my bill is too high today"])

    assert [pk for pk, _ in found] == [said.pk]
    assert 0.5 < found[0][1] < 1.0


def test_before_there_is_an_encoder_nothing_is_near(settings, tmp_path, bill):
    settings.DATA_DIR = tmp_path
    stored("my bill is too high", bill)

    assert sample_neighbours.labeled(["my bill is too high"]) == [[]]
