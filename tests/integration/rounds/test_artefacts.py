"""Files that are not what was stored are refused, and the trail says so."""

import json
import pickle
import shutil
from datetime import timedelta

import pytest

from annotations.models import AuditEvent
from tests.factories import rounds as factory
from training.ml import checkpoint as folders
from training.services import checkpoints

pytestmark = pytest.mark.django_db


@pytest.fixture
def good(tmp_path):
    return factory.checkpoint("good", tmp_path / "made", factory.SAYINGS)


def folder_of(found):
    return checkpoints.root() / found.path


def a_pickle(found, tmp_path) -> None:
    (folder_of(found) / "model.pkl").write_bytes(pickle.dumps({"a": 1}))


def a_pickle_under_a_known_name(found, tmp_path) -> None:
    (folder_of(found) / "intents.safetensors").write_bytes(pickle.dumps({"a": 1}))


def a_tampered_file(found, tmp_path) -> None:
    path = folder_of(found) / "intents.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))


def a_swapped_file(found, tmp_path) -> None:
    other = factory.checkpoint(
        "other", tmp_path / "other", {"a": "why is my bill", "b": "help"}
    )
    shutil.copy(
        folder_of(other) / "intents.safetensors",
        folder_of(found) / "intents.safetensors",
    )


def a_swapped_folder(found, tmp_path) -> None:
    """Whole, signed and unchanged, but not the one that was registered."""
    other = factory.checkpoint(
        "other", tmp_path / "other", {"a": "why is my bill", "b": "help"}
    )
    shutil.rmtree(folder_of(found))
    shutil.copytree(folder_of(other), folder_of(found))


def a_link(found, tmp_path) -> None:
    path = folder_of(found) / "encoder.onnx"
    path.rename(tmp_path / "elsewhere.onnx")
    path.symlink_to(tmp_path / "elsewhere.onnx")


def a_changed_manifest(found, tmp_path) -> None:
    path = folder_of(found) / folders.MANIFEST
    signed = json.loads(path.read_text())
    signed["body"] = signed["body"].replace('"format": 1', '"format": 1 ')
    path.write_text(json.dumps(signed))


def a_manifest_signed_with_another_key(found, tmp_path) -> None:
    files = {
        path.name: path.read_bytes()
        for path in folder_of(found).iterdir()
        if path.name != folders.MANIFEST
    }
    folders.write(folder_of(found), files, {}, key=b"not ours")


def a_missing_file(found, tmp_path) -> None:
    (folder_of(found) / "tokenizer.json").unlink()


def no_folder(found, tmp_path) -> None:
    shutil.rmtree(folder_of(found))


ATTACKS = (
    a_pickle,
    a_pickle_under_a_known_name,
    a_tampered_file,
    a_swapped_file,
    a_swapped_folder,
    a_link,
    a_changed_manifest,
    a_manifest_signed_with_another_key,
    a_missing_file,
    no_folder,
)


@pytest.mark.parametrize("attack", ATTACKS, ids=[act.__name__ for act in ATTACKS])
def test_it_is_refused_and_on_the_trail(good, tmp_path, attack):
    checkpoints.open_predictor(good)
    attack(good, tmp_path)

    with pytest.raises(checkpoints.CheckpointUnusableError):
        checkpoints.open_predictor(good)

    event = AuditEvent.objects.get(action="checkpoint.refused")
    assert (event.actor, event.object) == ("system", f"checkpoint:{good.pk}")
    assert "good" in json.loads(event.payload)["reason"]


def test_a_refusal_is_told_once_an_hour_and_each_reason_for_itself(
    good, tmp_path, monkeypatch
):
    a_tampered_file(good, tmp_path)
    for _ in range(3):
        with pytest.raises(checkpoints.CheckpointUnusableError):
            checkpoints.open_predictor(good)
    assert AuditEvent.objects.filter(action="checkpoint.refused").count() == 1

    no_folder(good, tmp_path)
    with pytest.raises(checkpoints.CheckpointUnusableError):
        checkpoints.open_predictor(good)
    assert AuditEvent.objects.filter(action="checkpoint.refused").count() == 2

    monkeypatch.setattr(checkpoints, "REFUSAL_TOLD_FOR", timedelta(0))
    with pytest.raises(checkpoints.CheckpointUnusableError):
        checkpoints.open_predictor(good)
    assert AuditEvent.objects.filter(action="checkpoint.refused").count() == 3
