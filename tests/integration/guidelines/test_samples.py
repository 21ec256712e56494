"""Samples that experts write: what is told before, and what becomes of them."""

import pytest
from django.db import IntegrityError, transaction

from annotations.errors import InvalidError
from annotations.intake import normalize
from annotations.models import (
    Annotation,
    AuditEvent,
    GoldLabel,
    IntentChange,
    PendingLabel,
    Utterance,
)
from annotations.services import label_import, samples, scrub
from annotations.services.label_import import ImportedLabel
from tests.factories import cast
from training.services import datasets

from .conftest import client_of

pytestmark = pytest.mark.django_db


def labeled(text, intent, **fields):
    utterance = stored(text, **fields)
    label_import.import_labels([ImportedLabel(utterance.pk, intent.name)], source="t")
    return utterance


def stored(text, **fields):
    utterance = cast.utterance(text, **fields)
    Utterance.objects.filter(pk=utterance.pk).update(dedupe_key=key_of(text))
    return utterance


def key_of(text):
    from django.conf import settings

    return normalize.dedupe_key(text, settings.DATA_KEY.encode())


def states(intent, *lines, nearest=None):
    looked = samples.look(intent=intent, lines=lines, nearest=nearest)
    return [verdict.state for verdict in looked.verdicts]


def test_each_line_gets_its_verdict(bill, pay):
    labeled("why is my bill so high this month", bill)
    labeled("i want to pay my bill now", pay)
    stored("nobody labeled this yet")

    assert states(
        bill,
        "what does the line about roaming mean",
        "Why is my bill so HIGH this month?",
        "why is my bill so high this week",
        "I want to pay my bill, now!",
        "i want to pay my bills now",
        "nobody labeled this yet",
        "what does the line about Roaming mean",
        "x" * 501,
    ) == [
        "new",
        "known",
        "near",
        "known_other",
        "near_other",
        "said",
        "repeated",
        "refused",
    ]


def test_a_neighbour_in_meaning_is_told_with_its_intent(bill, pay):
    said = labeled("settle what i owe", pay)

    looked = samples.look(
        intent=bill,
        lines=["clear my balance"],
        nearest=lambda texts: [[(said.pk, 0.9)]],
    )

    (verdict,) = looked.verdicts
    assert verdict.state == "near_other"
    assert verdict.neighbours[0].in_meaning
    assert pay.title in verdict.sentence


def test_the_exam_is_neither_told_nor_entered(bill, pay, settings):
    labeled("an item of the exam about money", pay, split="exam")
    settings.EXAM_SHARE = 1.0  # whatever callers said would be exam

    assert states(bill, "an item of the exam about money") == ["said"]
    assert states(bill, "an item of the exam about moneys") == ["new"]
    samples.save(intent=bill, lines=["my own words"], keep=[0], by=cast.ana())
    assert Utterance.objects.get(text="my own words").split == "train"


def test_the_database_keeps_samples_out_of_the_exam():
    with pytest.raises(IntegrityError), transaction.atomic():
        cast.utterance(source="expert", split="exam")


def test_kept_samples_become_gold_of_their_author_and_training_data(
    people,
    bill,
    full_pass,
):
    lines = ["why is my bill so high", "what is this fee for"]

    kept = samples.save(intent=bill, lines=lines, keep=[0], by=people.ana)
    full_pass()

    (gold,) = GoldLabel.objects.select_related("annotation", "utterance")
    assert [v.text for v in kept] == ["why is my bill so high"]
    assert (gold.annotation.annotator, gold.intent) == (people.ana, bill)
    assert gold.utterance.source == "expert"
    assert [gold] == list(datasets.gold())
    assert IntentChange.objects.get(intent=bill).what == {"samples": 1}
    assert AuditEvent.objects.filter(action="intent.sampled").count() == 1


def test_a_sample_is_redacted_before_it_is_stored(people, bill, full_pass):
    samples.save(
        intent=bill,
        lines=["my card 4111 1111 1111 1111 was charged, says zorro"],
        keep=[0],
        by=people.ana,
    )

    assert "4111" not in Utterance.objects.get().text
    full_pass()
    assert "zorro" not in Utterance.objects.get().text
    assert Utterance.objects.get().split == "train"


def test_a_sample_that_turns_out_to_be_an_exam_item_labels_nothing(
    people,
    bill,
    full_pass,
):
    exam = stored("tell [NAME_1] about my bill", split="exam")

    samples.save(intent=bill, lines=["tell zorro about my bill"], keep=[0],
                 by=people.ana)  # fmt: skip
    full_pass()

    exam.refresh_from_db()
    assert (exam.status, exam.count) == ("pool", 1)
    assert not Annotation.objects.exists()
    assert not PendingLabel.objects.exists()


def test_saving_twice_stores_once(people, bill):
    for _ in range(2):
        samples.save(intent=bill, lines=["my own words"], keep=[0], by=people.ana)

    assert Utterance.objects.get().count == 1
    assert PendingLabel.objects.count() == 1


def test_an_intent_out_of_use_takes_no_samples(people):
    gone = cast.intent("gone", is_active=False)

    with pytest.raises(InvalidError):
        samples.save(intent=gone, lines=["words"], keep=[0], by=people.ana)


def test_too_many_lines_are_refused(bill):
    with pytest.raises(InvalidError):
        samples.lines_of("\n".join(f"line {n}" for n in range(101)))


def test_without_a_script_the_first_click_shows_verdicts_and_the_second_saves(
    people, bill
):
    client = client_of(people.ana)
    texts = "why is my bill so high\nwhat is this fee for"

    first = client.post("/intents/check_bill/samples", {"texts": texts})
    assert not Utterance.objects.exists()
    seen = first.context["looked"].seen
    second = client.post(
        "/intents/check_bill/samples",
        {"texts": texts, "seen": seen, "keep": ["0", "1"]},
    )

    assert second.status_code == 302
    assert Utterance.objects.filter(source="expert").count() == 2


def test_what_was_typed_after_the_verdicts_is_not_saved_unseen(people, bill):
    client = client_of(people.ana)
    first = client.post("/intents/check_bill/samples", {"texts": "one"})
    sent = {"texts": "two", "seen": first.context["looked"].seen, "keep": ["0"]}

    again = client.post("/intents/check_bill/samples", sent)

    assert again.status_code == 200
    assert not Utterance.objects.exists()


def test_typing_is_checked_without_storing(people, bill, pay):
    labeled("i want to pay my bill now", pay)
    sent = {"texts": "i want to pay my bills now"}

    response = client_of(people.ana).post("/intents/check_bill/samples/check", sent)

    assert "another intent" in response.content.decode()
    assert not Utterance.objects.filter(source="expert").exists()
    assert scrub.waiting() == 0
