"""What a model learns from: acts, earlier turns, and what stays out."""

import json

import pytest

from annotations.intake import records
from annotations.models import Act, Annotation, GoldLabel, ParameterSpan
from tests.factories import cast
from training.ml.data import ACTS, Span, Turn
from training.models import SnapshotMember
from training.services import datasets

pytestmark = pytest.mark.django_db
CONTEXT = [
    {"role": "bot", "text": "which month"},
    {"role": "caller", "text": "march please"},
    {"role": "bot", "text": "is that right"},
]


@pytest.fixture
def intent():
    return cast.intent("check_bill")


def labeled(intent, text="yes april", split="train", spans=(), **fields):
    """A gold label whose event says `fields`."""
    said = cast.utterance(text, context=CONTEXT, split=split, status="labeled")
    answer = Annotation.objects.create(
        id=cast.new_id(),
        kind="label",
        utterance=said,
        annotator=cast.person(f"lia{said.pk}", "annotator"),
        intent=intent,
        body_hash="0" * 64,
        **fields,
    )
    for span in spans:
        ParameterSpan.objects.create(annotation=answer, **span)
    GoldLabel.objects.create(
        utterance=said, annotation=answer, intent=intent, rule="single"
    )
    return said


def loaded():
    return datasets.load(datasets.freeze(), *SnapshotMember.Split.values)


def test_an_example_has_its_act_and_the_turns_before(intent):
    labeled(intent, act=Act.CONFIRMS)

    [example] = loaded()

    assert example.act == "confirms"
    assert example.context == tuple(Turn(t["role"], t["text"]) for t in CONTEXT)


def test_models_know_the_acts_that_people_give():
    assert set(ACTS) == set(Act.values) == set(records.ACTS)


def test_a_value_carried_over_is_no_span_of_the_text(intent):
    own = {"param": "month", "start": 4, "end": 9, "text": "april"}
    earlier = {"param": "bill", "turn": 1, "start": 0, "end": 5, "text": "march"}
    labeled(intent, spans=[own, earlier])

    [example] = loaded()

    assert example.spans == (Span(4, 9, "month"),)


def test_the_same_label_with_an_act_is_another_snapshot(intent):
    labeled(intent)
    [label] = datasets._labels()

    silent = datasets._fact(label, "train")

    assert datasets._fact({**label, "act": Act.DENIES}, "train") != silent


def test_a_snapshot_is_found_again_by_what_was_frozen_long_ago(intent):
    month = {"param": "month", "start": 4, "end": 9, "text": "april", "value": "04"}
    said = {"param": "bill", "turn": 1, "start": 0, "end": 5, "text": "march"}
    utterance = labeled(intent, spans=[month, said])
    [label] = datasets._labels()

    written = json.loads(datasets._fact(label, "valid", False))

    assert written == [
        utterance.pk,
        str(label["answer"]),
        "check_bill",
        "yes april",
        "valid",
        [[0, 5, "bill", "", 1], [4, 9, "month", "04"]],
        {"context": CONTEXT},
        {"marks_known": False},
    ]


def test_misheard_words_are_not_learned_from_but_stay_in_the_exam(intent):
    labeled(intent, text="pay my pill", is_misheard=True)
    exam = labeled(intent, text="pay my ville", split="exam", is_misheard=True)
    plain = labeled(intent, text="pay my bill")

    assert {example.key for example in loaded()} == {exam.pk, plain.pk}

    [example] = datasets.load(datasets.freeze(), SnapshotMember.Split.EXAM)
    assert example.heard == 0.0


def test_labels_that_say_their_intent_alone_are_frozen_as_such(intent):
    marked = [{"param": "month", "start": 4, "end": 9, "text": "april"}]
    labeled(intent, spans=marked)
    labeled(intent, text="yes may", marks_known=False)
    labeled(cast.intent("greet"), text="hello", marks_known=False)

    snapshot = datasets.freeze()

    found = datasets.load(snapshot, *SnapshotMember.Split.values)
    assert {e.text: e.marks_known for e in found} == {
        "yes april": True,
        "yes may": False,
        "hello": True,  # nothing of its intent is marked anywhere
    }
    assert sum(snapshot.description["card"]["marks_unknown"].values()) == 1


def test_a_snapshot_from_before_is_trained_as_it_was(intent):
    labeled(intent, spans=[{"param": "month", "start": 4, "end": 9, "text": "april"}])
    bare = labeled(intent, text="yes may")
    before = datasets.freeze()
    digest = datasets.load(before, *SnapshotMember.Split.values).digest()

    [label] = datasets._labels().filter(utterance=bare)

    assert datasets.load(before, *SnapshotMember.Split.values).digest() == digest
    assert datasets._fact(label, "train", False) != datasets._fact(label, "train")
