"""Labels that come with the data: once, in the trail, never over a person's answer."""

import pytest

from annotations.models import Annotation, AuditEvent, GoldLabel, Intent, Utterance
from annotations.services import label_import
from annotations.services.label_import import ImportedLabel
from annotations.services.labels import SpanAnswer
from tests.factories import cast

pytestmark = pytest.mark.django_db


def row(utterance, intent="check_bill", **fields):
    return ImportedLabel(utterance.pk, intent, domain="billing", **fields)


def load(*rows):
    return label_import.import_labels(rows, source="file")


def test_an_imported_label_is_gold_and_its_intent_enters_the_catalogue():
    utterance = cast.utterance()

    count = load(row(utterance))

    assert count.stored == 1
    assert GoldLabel.objects.get().intent.name == "check_bill"
    assert Intent.objects.get().domain.name == "billing"
    assert Utterance.objects.get().status == Utterance.Status.LABELED
    assert AuditEvent.objects.filter(action="labels.imported").count() == 1


def test_importing_again_stores_nothing():
    utterance = cast.utterance()
    load(row(utterance))

    count = load(row(utterance))

    assert (count.stored, count.known) == (0, 1)
    assert Annotation.objects.count() == 1


def test_a_second_intent_for_the_same_utterance_is_counted_not_stored():
    utterance = cast.utterance()

    within = load(row(utterance), row(utterance, "pay_bill"))
    after = load(row(utterance, "pay_bill"))

    assert (within.stored, within.disagreeing) == (1, 1)
    assert (after.stored, after.disagreeing) == (0, 1)
    assert GoldLabel.objects.get().intent.name == "check_bill"


def test_an_utterance_that_is_not_fully_redacted_takes_no_label():
    utterance = cast.utterance(redaction=Utterance.Redaction.LIGHT)

    assert load(row(utterance)).stored == 0
    assert not GoldLabel.objects.exists()


def test_a_span_that_does_not_read_in_the_redacted_text_is_dropped_and_counted():
    utterance = cast.utterance("pay [CARD_1] in march")
    good = SpanAnswer(16, 21, "month", "march")
    bad = SpanAnswer(4, 9, "card", "41112")

    count = load(row(utterance, spans=(bad, good)))

    assert count.spans_dropped == 1
    assert [s.param for s in Annotation.objects.get().spans.all()] == ["month"]
