"""Whole rounds with a tiny model, in this process."""

import json

import pytest

from annotations.models import AuditEvent, GoldLabel, Utterance
from tests.factories import cast
from tests.factories import rounds as factory
from training import failpoints
from training.ml.evaluation import Detail
from training.models import (
    Checkpoint,
    DatasetSnapshot,
    Evaluation,
    Promotion,
    SnapshotMember,
)
from training.services import (
    checkpoints,
    datasets,
    execution,
    promotion,
    rounds,
    teller,
)
from training.services.rounds import Status

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("tiny", "bells"),
]
REASON = "it was checked by hand"


def test_the_first_round_ends_with_a_champion():
    factory.world()

    found = factory.ended(factory.policy())

    assert found.status == Status.PROMOTED
    champion = checkpoints.champion()
    assert champion == found.challenger
    assert champion.gate_passed
    assert Promotion.objects.get(to_at=None).checkpoint == champion
    assert Evaluation.objects.get(checkpoint=champion).n == 12
    assert found.verdict["reasons"][0].startswith("There is no champion yet")
    assert [step.name for step in found.steps.all()] == [
        Status.SNAPSHOT,
        Status.TRAINING,
        Status.EVALUATING,
        Status.GATE,
    ]
    assert all(step.finished_at for step in found.steps.all())


def test_every_change_of_a_round_is_in_the_trail():
    factory.world()

    found = factory.ended(factory.policy())

    actions = set(
        AuditEvent.objects.filter(object=f"round:{found.pk}").values_list(
            "action", flat=True
        )
    )
    assert actions == {"round.requested", "round.promoted"}
    assert AuditEvent.objects.filter(
        action="checkpoint.promoted", object=f"checkpoint:{found.challenger.pk}"
    ).exists()


def test_the_exam_is_frozen_but_never_trained_on():
    factory.world()

    found = factory.ended(factory.policy())

    members = SnapshotMember.objects.filter(snapshot=found.snapshot)
    for member in members.select_related("utterance"):
        is_exam = member.utterance.split == Utterance.Split.EXAM
        assert (member.split == SnapshotMember.Split.EXAM) == is_exam
    assert members.count() == found.snapshot.n == 36


def test_equal_labels_are_one_snapshot_and_a_new_label_another():
    intents = factory.world()
    first, second = datasets.freeze(), datasets.freeze()

    factory.gold("why is my bill so high", intents["check_bill"])
    third = datasets.freeze()

    assert first == second
    assert third.digest != first.digest
    assert DatasetSnapshot.objects.count() == 2


def test_a_snapshot_keeps_the_label_it_froze():
    intents = factory.world()
    snapshot = datasets.freeze()
    label = factory.gold("a b", intents["check_bill"])

    loaded = datasets.load(snapshot, *SnapshotMember.Split.values)

    assert len(loaded) == 36
    assert label.utterance_id not in {example.key for example in loaded}


def test_what_was_quarantined_since_is_not_trained_on():
    factory.world()
    snapshot = datasets.freeze()
    said = Utterance.objects.filter(split="train").first()
    Utterance.objects.filter(pk=said.pk).update(status="quarantined")

    loaded = datasets.load(snapshot, *SnapshotMember.Split.values)

    assert said.pk not in {example.key for example in loaded}
    assert len(loaded) == 35


def test_an_equal_challenger_is_rejected_in_words():
    factory.world()
    policy = factory.policy()
    first = factory.ended(policy)

    second = factory.ended(policy)

    assert second.status == Status.REJECTED
    assert second.verdict["reasons"][0].startswith(
        "The challenger is not provably better: "
    )
    assert checkpoints.champion() == first.challenger
    assert second.challenger.state == Checkpoint.State.REJECTED


def test_a_better_challenger_replaces_the_champion(tmp_path):
    factory.world()
    # It calls everything about plans a bill, so that a third of the exam is lost.
    poor = factory.checkpoint(
        "poor",
        tmp_path / "poor",
        {
            "check_bill": "i want to cancel my plan",
            "fix_internet": "the internet is broken please fix it",
        },
    )
    promotion.promote(checkpoint=poor, reason=REASON, by=None, instead_of=None)

    found = factory.ended(factory.policy())

    assert found.status == Status.PROMOTED, found.verdict
    assert found.champion == poor
    assert checkpoints.champion() == found.challenger
    before, after = Promotion.objects.order_by("pk")
    assert before.to_at == after.from_at
    poor.refresh_from_db()
    assert poor.state == Checkpoint.State.RETIRED


def test_too_small_an_exam_refuses_and_says_how_many_are_missing():
    factory.world(n_exam=1)

    found = factory.ended(factory.policy())

    assert found.status == Status.REJECTED
    assert found.verdict["reasons"] == [
        "Too few exam items are labeled to decide: 3 of the 6 the gate needs."
    ]
    assert checkpoints.champion() is None


def test_no_exam_at_all_is_said_and_not_a_fault():
    factory.world(n_exam=0)

    found = factory.ended(factory.policy())

    assert found.status == Status.REJECTED
    assert "0 of the 6" in found.verdict["reasons"][0]


class Broken:
    def conditions(self) -> dict:
        return {}

    def train(self, *args: object, **kwargs: object) -> dict:
        raise MemoryError("no room")


def test_a_round_that_breaks_each_time_fails_after_three_attempts(monkeypatch):
    monkeypatch.setitem(execution.backends.BACKENDS, "encoder", Broken)
    factory.world()
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)

    statuses = [execution.run(found.pk, worker="here") for _ in range(4)]

    assert statuses == [Status.TRAINING, Status.TRAINING, Status.FAILED, None]
    found = rounds.get(found.pk)
    assert found.attempts == 3
    assert found.error == (
        "Given up after 3 attempts. The last fault: MemoryError: no room"
    )


def test_a_cancelled_training_stops_and_leaves_nothing(monkeypatch):
    factory.world()
    monkeypatch.setattr(teller, "TELL_SECONDS", 0.0)
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)
    mia = factory.engineer()
    failpoints.arm(
        "training.progress",
        lambda: (failpoints.disarm(), rounds.cancel(round_id=found.pk, by=mia)),
    )

    status = execution.run(found.pk, worker="here")

    assert status == Status.CANCELLED
    assert Checkpoint.objects.count() == 0
    assert not checkpoints.work_folder(found.pk).exists()


def test_a_worker_that_lost_its_round_changes_nothing(monkeypatch):
    factory.world()
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)

    def taken_over() -> None:
        failpoints.disarm()
        factory.silent(found)
        rounds.claim(found.pk, worker="another")

    failpoints.arm("checkpoint.named", taken_over)

    execution.run(found.pk, worker="here")

    found = rounds.get(found.pk)
    assert found.status == Status.TRAINING
    assert found.worker == "another"
    assert Checkpoint.objects.count() == 0


def test_a_champion_whose_files_were_changed_does_not_count(tmp_path):
    factory.world()
    other = factory.checkpoint("other", tmp_path / "other", factory.SAYINGS)
    promotion.promote(checkpoint=other, reason=REASON, by=None, instead_of=None)
    config = checkpoints.root() / "other" / "config.json"
    config.write_text(config.read_text().replace("head", "tail"))

    found = factory.ended(factory.policy())

    assert found.status == Status.PROMOTED
    assert "config.json was changed" in found.verdict["reasons"][0]


def test_folders_nobody_knows_go_after_a_day(tmp_path):
    factory.checkpoint("known", tmp_path / "known", factory.SAYINGS)
    (checkpoints.root() / "orphan").mkdir()
    now = (checkpoints.root() / "orphan").stat().st_mtime

    assert checkpoints.remove_orphans(now + 60) == 0
    assert checkpoints.remove_orphans(now + 25 * 3600) == 1
    assert {path.name for path in checkpoints.root().iterdir()} == {"known"}


def test_an_evaluation_keeps_every_cut_and_no_text():
    factory.world()

    found = factory.ended(factory.policy())

    stored = Evaluation.objects.get(checkpoint=found.challenger)
    detail = Detail.from_json(stored.detail)
    accuracy = detail.figure("intent_accuracy")
    assert accuracy.value == stored.report["intent"]["accuracy"]
    assert accuracy.by_calls == stored.report["accuracy_by_calls"]
    assert {one.name for one in detail.slices["intent"]} == set(factory.SAYINGS)
    assert {one.name for one in detail.slices["source"]} == {"calls"}
    assert detail.figure("latency_p95_ms").n == 12
    said = json.dumps(stored.detail)
    assert not any(saying in said for saying in factory.SAYINGS.values())


def test_prompt_tokens_are_counted_where_functions_are_live():
    intents = factory.world()
    for intent in intents.values():
        cast.live_schema(intent)

    found = factory.ended(factory.policy())

    detail = Detail.from_json(Evaluation.objects.get().detail)
    assert detail.tokens["functions"] == 3
    # Three of three functions are always among the three likeliest.
    assert detail.figure("token_reduction").value == 0.0
    assert detail.figure("right_function_offered").value == 1.0
    assert found.status == Status.PROMOTED


def test_a_later_iteration_may_not_forget_what_the_first_one_learned(tmp_path):
    """The challenger beats the champion, yet knows less than the model before it."""
    intents = factory.world()
    router = cast.intent("reset_router", "repair", iteration=2)
    for split in ("train", "exam"):
        for _ in range(40):
            factory.gold("help with the router", router, split)
    first = factory.ended(factory.policy())
    assert first.status == Status.PROMOTED
    poor = factory.checkpoint(
        "poor", tmp_path / "poor", {"reset_router": "help", "check_bill": "why so high"}
    )
    promotion.promote(
        checkpoint=poor, reason=REASON, by=None, instead_of=first.challenger
    )
    GoldLabel.objects.filter(
        intent=intents["cancel_plan"], utterance__split="train"
    ).delete()

    found = factory.ended(factory.policy(2))

    assert found.champion == poor
    assert found.status == Status.REJECTED
    assert any(
        reason.startswith(f"What earlier iterations learned is lost: -33.3 points on "
                          f"their 12 items against {first.challenger.name}")
        for reason in found.verdict["reasons"]
    ), found.verdict["reasons"]  # fmt: skip


def test_the_verdict_keeps_the_gates_it_was_held_against():
    factory.world()

    found = factory.ended(factory.policy())

    assert found.verdict["gates"]["min_exam"] == 6
    assert {check["name"] for check in found.verdict["checks"]} >= {
        "difference",
        "calibration",
        "latency",
        "size",
    }
