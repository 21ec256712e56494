"""What a snapshot says of itself."""

import hashlib
import json
import uuid

import pytest
from django.test import Client

from annotations.models import (
    Annotation,
    Conversation,
    GoldLabel,
    Intent,
    User,
    Utterance,
)
from tests.factories import cast
from tests.factories import rounds as factory
from training.models import Round, SnapshotMember
from training.services import data_cards, datasets

pytestmark = pytest.mark.django_db


def conversation(number: int) -> Conversation:
    return Conversation.objects.create(source="calls", external_id=str(number))


def card() -> dict:
    return datasets.freeze().description["card"]


def answered_again(label: GoldLabel, intent: Intent, by: User) -> None:
    Annotation.objects.create(
        id=uuid.uuid4(),
        kind=Annotation.Kind.LABEL,
        utterance=label.utterance,
        annotator=by,
        intent=intent,
        body_hash="0" * 64,
    )


def test_the_card_counts_splits_sources_intents_and_calls():
    factory.world(n_train=8, n_exam=4)
    Utterance.objects.filter(split="exam").update(count=5, source="tickets")

    found = card()

    assert found["n"] == 36
    assert found["splits"]["exam"] == {"n": 12, "calls": 60, "conversations": 0}
    assert found["splits"]["train"]["n"] + found["splits"]["valid"]["n"] == 24
    assert found["sources"]["tickets"] == {"train": 0, "valid": 0, "exam": 12}
    assert sum(found["intents"]["check_bill"].values()) == 12
    assert found["rules"] == {"single": 36}


def test_annotators_are_pseudonyms_that_stay_the_same():
    factory.world()

    [one] = card()["annotators"]

    assert one["labels"] == 36
    assert one["who"].startswith("annotator-")
    assert "lia" not in json.dumps(card())
    assert one["who"] == data_cards.pseudonym(Annotation.objects.first().annotator_id)
    assert one["who"] != data_cards.pseudonym(0)


def test_agreement_is_of_texts_that_two_people_answered():
    intents = factory.world()
    ben = cast.ben()
    names = ["check_bill", "check_bill", "fix_internet"]
    for label, said in zip(GoldLabel.objects.order_by("pk")[:3], names, strict=True):
        answered_again(label, intents[said], ben)

    found = card()["agreement"]

    assert (found["texts"], found["answers"]) == (3, 6)
    # All three are check_bill to the first person: expected agreement eats the rest.
    assert found["value"] == pytest.approx(0.0, abs=1e-9)


def test_who_disagrees_counts_though_nobody_has_decided_yet():
    intents, ben = factory.world(), cast.ben()
    disputed, agreed = GoldLabel.objects.order_by("pk")[:2]
    for label, said in ((disputed, "fix_internet"), (agreed, "check_bill")):
        answered_again(label, intents[said], ben)
    Utterance.objects.filter(pk=disputed.utterance_id).update(status="review")
    disputed.delete()

    found = card()["agreement"]

    assert found["texts"] == 2
    assert found["value"] < 1.0


def test_what_was_left_out_is_counted_under_its_first_reason():
    intents = factory.world(n_train=3, n_exam=1)
    first, second, *_ = Utterance.objects.filter(split="train")
    Utterance.objects.filter(pk=first.pk).update(redaction="light")
    Utterance.objects.filter(pk=second.pk).update(status="quarantined")
    Intent = type(intents["cancel_plan"])
    Intent.objects.filter(name="cancel_plan").update(is_active=False)

    found = card()["exclusions"]

    assert found["not_fully_redacted"] == 1
    assert found["not_labeled_any_more"] == 1
    assert found["intent_retired"] == 4
    assert found["conversation_in_exam"] == 0


def test_the_digest_names_all_a_model_could_learn_from():
    factory.world()
    before = datasets.freeze()
    said = Utterance.objects.filter(split="train").first()

    Utterance.objects.filter(pk=said.pk).update(count=7)
    counted = datasets.freeze()
    Utterance.objects.filter(pk=said.pk).update(
        context=[{"role": "bot", "text": "how can i help"}]
    )
    asked = datasets.freeze()

    assert len({before.digest, counted.digest, asked.digest}) == 3


def test_a_snapshot_keeps_the_counts_of_its_moment():
    factory.world()
    snapshot = datasets.freeze()

    Utterance.objects.update(count=9)

    loaded = datasets.load(snapshot, *SnapshotMember.Split.values)
    assert set(loaded.weights) == {1.0}


def test_conversations_of_the_exam_stay_out_of_training_where_asked():
    factory.world()
    shared, other = conversation(1), conversation(2)
    exam = Utterance.objects.filter(split="exam").first()
    inside, outside, *_ = Utterance.objects.filter(split="train")
    Utterance.objects.filter(pk__in=[exam.pk, inside.pk]).update(conversation=shared)
    Utterance.objects.filter(pk=outside.pk).update(conversation=other)

    apart = datasets.freeze(separate_conversations=True)

    members = set(apart.members.values_list("utterance", flat=True))
    assert inside.pk not in members
    assert {exam.pk, outside.pk} <= members
    assert apart.description["card"]["exclusions"]["conversation_in_exam"] == 1
    assert apart.description["card"]["separate_conversations"]
    assert datasets.freeze().n == apart.n + 1


def test_a_conversation_is_learned_from_or_calibrated_on_never_both():
    intents = factory.world(n_train=0, n_exam=1)
    for number in range(90):  # a tenth is held out, by chance
        of = conversation(number)
        for turn in range(2):
            label = factory.gold(f"help {number} {turn}", intents["check_bill"])
            Utterance.objects.filter(pk=label.utterance_id).update(conversation=of)

    snapshot = datasets.freeze()

    sides = {}
    for member in snapshot.members.exclude(split="exam").select_related("utterance"):
        sides.setdefault(member.utterance.conversation_id, set()).add(member.split)
    assert {len(side) for side in sides.values()} == {1}
    assert {split for side in sides.values() for split in side} == {"train", "valid"}


@pytest.fixture
def frozen():
    factory.world()
    return Round.objects.create(
        policy=factory.policy(), recipe="head", status="training",
        snapshot=datasets.freeze(),
    )  # fmt: skip


def client_of(*roles: str) -> Client:
    client = Client()
    client.force_login(cast.person("reader", *roles))
    return client


def test_the_page_and_the_file_say_the_same_without_a_text(frozen):
    client = client_of("auditor")

    page = client.get(f"/rounds/{frozen.pk}/data").content.decode()
    file = client.get(f"/rounds/{frozen.pk}/data.json")

    assert json.loads(file.content) == frozen.snapshot.description["card"]
    assert frozen.snapshot.digest[:12] in file["Content-Disposition"]
    assert frozen.snapshot.digest in page and "36 gold labels" in page
    for saying in factory.SAYINGS.values():
        assert saying not in page and saying.encode() not in file.content


def test_parameters_are_in_the_order_of_the_alphabet(frozen):
    card = frozen.snapshot.description["card"]
    card["parameters"] = {"zip_code": 2, "amount": 1, "account_number": 3}
    frozen.snapshot.save()

    page = client_of("auditor").get(f"/rounds/{frozen.pk}/data").content.decode()

    places = [page.index(f">{name}<") for name in sorted(card["parameters"])]
    assert places == sorted(places)


def test_before_the_data_is_frozen_there_is_no_card():
    waiting = Round.objects.create(policy=factory.policy(), recipe="head")

    assert client_of("auditor").get(f"/rounds/{waiting.pk}/data").status_code == 404


def test_the_redaction_is_named_by_its_content():
    said = data_cards.redaction_version()

    assert len(said) == 16
    assert said == data_cards.redaction_version()
    assert said != hashlib.sha256(b"").hexdigest()[:16]
