"""The same data, seed and versions give the same files."""

import json

import pytest
from django.core.management import CommandError, call_command

from annotations.models import Utterance
from tests.factories import rounds as factory
from training.models import Checkpoint, Round
from training.services import checkpoints, replay, rounds, runs

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("tiny", "bells"),
]


@pytest.fixture
def done() -> Round:
    factory.world()
    return factory.ended(factory.policy(), seed=3)


def test_a_round_trained_again_gives_the_same_hashes_and_changes_nothing(done, capsys):
    folders = sorted(path.name for path in checkpoints.root().iterdir())

    call_command("train", "--replay", str(done.pk), "--json")

    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["same"] is True
    assert said["stored"] == said["replayed"]
    assert set(said["stored"]) >= {"intents.safetensors", "encoder.onnx"}
    assert (said["differing"], said["changed"]) == ([], [])
    assert sorted(path.name for path in checkpoints.root().iterdir()) == folders
    assert Checkpoint.objects.count() == 1


def test_other_data_gives_other_hashes_and_the_command_fails_and_says_why(done, capsys):
    # One label that was learned from is gone since, as after an erasure.
    lost = done.snapshot.members.filter(
        split="train", annotation__intent__name="cancel_plan"
    )
    Utterance.objects.filter(pk=lost.first().utterance_id).update(status="quarantined")

    with pytest.raises(CommandError, match="1 files differ"):
        call_command("train", "--replay", str(done.pk))

    printed = capsys.readouterr().out
    assert "intents.safetensors: differs" in printed
    assert "encoder.onnx: same" in printed
    assert "labels of the snapshot were erased or reported since" in printed


def test_a_round_without_a_model_cannot_be_replayed():
    factory.world()
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)

    with pytest.raises(replay.NothingToReplayError):
        replay.replay(found.pk)


def test_a_checkpoint_says_what_it_came_from(done):
    about = checkpoints.open_predictor(done.challenger).manifest.about

    assert about["snapshot"] == done.snapshot.digest
    assert about["data"] == runs.data_of(done.snapshot).digest
    assert about["seed"] == 3
    assert about["versions"]["code"] == runs.code_version()
    assert about["conditions"] == {"threads": 1}
