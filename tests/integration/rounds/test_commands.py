"""`train` and `evaluate` as somebody types them."""

import json

import pytest
from django.core.management import CommandError, call_command

from annotations.services import intent_moves
from tests.factories import cast
from tests.factories import rounds as factory
from training import failpoints
from training.services import checkpoints, promotion, rounds

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("tiny", "bells"),
]


def last_line(capsys) -> dict:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_train_works_by_itself_where_no_worker_is_alive(capsys):
    factory.policy()
    factory.world()

    call_command("train", json=True)

    said = last_line(capsys)
    assert said["status"] == "promoted"
    assert said["checkpoint"] == checkpoints.champion().name
    assert said["exam"] == 12
    assert said["accuracy"] == 1.0
    assert said["champion_accuracy"] is None


def test_train_takes_up_a_round_that_somebody_asked_for(capsys):
    factory.policy()
    factory.world()
    waiting = rounds.request(policy=factory.policy(), cause="another", by=None)

    call_command("train", json=True)

    said = last_line(capsys)
    assert (said["round"], said["status"]) == (waiting.pk, "promoted")
    assert said["followed"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"recipe": "finetune"}, "recipe finetune instead of head"),
        ({"seed": 3}, "seed 3 instead of 7"),
        ({"iteration": 2}, "iteration 2 instead of 1"),
        ({"backend": "notebook"}, "backend notebook instead of encoder"),
    ],
)
def test_train_refuses_to_pass_another_round_off_as_the_one_asked_for(asked, told):
    policy = factory.policy()
    factory.world()
    waiting = rounds.request(policy=policy, cause="x", by=None, recipe="head", seed=7)

    with pytest.raises(CommandError, match=told):
        call_command("train", **asked)

    assert rounds.get(waiting.pk).status == "requested"


def test_train_follows_the_very_round_that_it_would_ask_for(capsys):
    policy = factory.policy()
    factory.world()
    waiting = rounds.request(policy=policy, cause="x", by=None, recipe="head", seed=7)

    call_command("train", recipe="head", seed=7, iteration=1, json=True)

    said = last_line(capsys)
    assert (said["round"], said["seed"]) == (waiting.pk, 7)


def test_train_says_why_it_cannot(capsys):
    factory.policy()
    with pytest.raises(CommandError, match="at least two intents"):
        call_command("train")
    factory.world()
    with pytest.raises(CommandError, match="notebook job"):
        call_command("train", backend="notebook")


def test_evaluate_measures_the_champion_or_the_one_named(tmp_path, capsys):
    test = tmp_path / "test.jsonl"
    test.write_text(
        "".join(
            json.dumps({"text": text, "intent": intent}) + "\n"
            for intent, text in factory.SAYINGS.items()
        )
    )
    with pytest.raises(CommandError, match="No model serves yet"):
        call_command("evaluate", test=test)
    one = factory.checkpoint("one", tmp_path / "one", factory.SAYINGS)
    promotion.promote(
        checkpoint=one, reason="it was checked by hand", by=None, instead_of=None
    )

    call_command("evaluate", test=test, json=True)

    report = last_line(capsys)
    assert report["intent"]["accuracy"] == 1.0
    assert report["intent"]["n"] == 3
    assert set(report) == {"intent", "latency_ms", "seconds"}
    with pytest.raises(CommandError, match="no checkpoint"):
        call_command("evaluate", test=test, checkpoint="two")
    with pytest.raises(CommandError, match="absent"):
        call_command("evaluate", test=tmp_path / "absent.jsonl")


def test_an_intent_renamed_since_the_training_is_measured_by_either_name(
    tmp_path, capsys
):
    intent = factory.world()["fix_internet"]
    one = factory.checkpoint("one", tmp_path / "one", factory.SAYINGS)
    promotion.promote(checkpoint=one, reason="the first", by=None, instead_of=None)
    intent_moves.rename(
        intent=intent, name="repair_internet", reason="it is the router, too",
        by=cast.person("rita", "reviewer"),
    )  # fmt: skip
    text = factory.SAYINGS["fix_internet"]
    test = tmp_path / "test.jsonl"
    test.write_text(
        "".join(
            json.dumps({"text": text, "intent": name}) + "\n"
            for name in ("fix_internet", "repair_internet")
        )
    )

    call_command("evaluate", test=test, json=True)

    assert last_line(capsys)["intent"]["accuracy"] == 1.0


def test_a_round_that_ended_well_tells_no_fault_of_an_attempt_before(capsys):
    factory.world()
    factory.policy()

    def break_once() -> None:
        failpoints.disarm()
        raise OSError("the disk was full")

    failpoints.arm("training.begun", break_once)
    call_command("train", json=True)

    said = last_line(capsys)
    assert (said["status"], said["error"]) == ("promoted", "")
