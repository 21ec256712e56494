import json
import os
import pickle

import pytest

from training.ml import checkpoint
from training.ml.errors import CheckpointCorruptError, CheckpointFormatError

KEY = b"k" * 32
ABOUT = {"seed": 7, "snapshot": "abc"}


@pytest.fixture
def folder(tmp_path):
    weights = tmp_path / "weights.onnx"
    weights.write_bytes(b"graph")
    made = tmp_path / "one"
    checkpoint.write(
        made, {"config.json": b"{}", "encoder.onnx": weights}, ABOUT, key=KEY
    )
    return made


def refused(folder, match: str, key: bytes = KEY) -> None:
    with pytest.raises(CheckpointCorruptError, match=match):
        checkpoint.load(folder, key=key)


def test_what_is_written_is_read_back(folder):
    manifest, files = checkpoint.load(folder, key=KEY)

    assert files == {"config.json": b"{}", "encoder.onnx": b"graph"}
    assert manifest.about == ABOUT
    assert manifest.sha256 == checkpoint.verify(folder, key=KEY).sha256


def test_a_changed_file_is_refused(folder):
    (folder / "config.json").write_bytes(b"[]")

    refused(folder, "config.json was changed")


def test_a_missing_file_is_refused(folder):
    (folder / "encoder.onnx").unlink()

    refused(folder, "files differ")


def test_an_added_file_is_refused(folder):
    (folder / "weights.pkl").write_bytes(pickle.dumps({}))

    refused(folder, "files differ")


def test_a_link_is_refused_even_to_the_same_bytes(folder, tmp_path):
    outside = tmp_path / "outside.json"
    outside.write_bytes(b"{}")
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to(outside)

    refused(folder, "not a plain file")


def test_a_linked_folder_is_refused(folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder)

    refused(link, "not a checkpoint folder")


def test_another_signature_is_refused(folder):
    refused(folder, "signature is not ours", key=b"x" * 32)


def test_a_manifest_that_was_edited_is_refused(folder):
    path = folder / "manifest.json"
    signed = json.loads(path.read_text())
    signed["body"] = signed["body"].replace('"seed": 7', '"seed": 8')
    path.write_text(json.dumps(signed))

    refused(folder, "signature is not ours")


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"body": 1}', b"\xff", b"[" * 60_000],
    ids=["empty", "list", "object", "no text", "no UTF-8", "nested too deep"],
)
def test_a_manifest_that_is_none_is_refused(folder, content):
    (folder / "manifest.json").write_bytes(content)

    refused(folder, "cannot be read")


def test_a_huge_manifest_is_not_even_read(folder):
    (folder / "manifest.json").write_bytes(b" " * (checkpoint.MAX_MANIFEST_BYTES + 1))

    refused(folder, "too large")


def test_a_manifest_that_names_a_pickle_is_refused_though_signed(tmp_path):
    with pytest.raises(ValueError, match="cannot be a file"):
        checkpoint.write(tmp_path / "one", {"model.pkl": b"x"}, ABOUT, key=KEY)


@pytest.mark.parametrize("name", ["../config.json", "a/b.json", "/etc/x.json", ".."])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="cannot be a file"):
        checkpoint.write(tmp_path / "one", {name: b"x"}, ABOUT, key=KEY)

    assert not (tmp_path / "one").exists()


def test_a_newer_format_is_told_apart(folder, monkeypatch):
    monkeypatch.setattr(checkpoint, "FORMAT", checkpoint.FORMAT + 1)

    with pytest.raises(CheckpointFormatError):
        checkpoint.load(folder, key=KEY)


def test_a_write_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        checkpoint.write(
            tmp_path / "one", {"encoder.onnx": tmp_path / "absent"}, ABOUT, key=KEY
        )

    assert os.listdir(tmp_path) == []


def test_writing_again_replaces_the_whole(folder):
    checkpoint.write(folder, {"config.json": b"[1]"}, ABOUT, key=KEY)

    assert checkpoint.load(folder, key=KEY)[1] == {"config.json": b"[1]"}
    assert os.listdir(folder.parent) != []
    assert not [name for name in os.listdir(folder.parent) if name.startswith(".")]


def test_a_checkpoint_of_the_same_content_is_not_taken_from_its_readers(folder):
    files = {"config.json": b"{}", "encoder.onnx": b"graph"}
    before = {path.name: path.stat().st_ino for path in folder.iterdir()}

    checkpoint.write(folder, files, ABOUT, key=KEY)

    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == before


def test_a_damaged_checkpoint_of_the_same_content_is_written_again(folder):
    (folder / "config.json").write_bytes(b"[]")

    checkpoint.write(
        folder, {"config.json": b"{}", "encoder.onnx": b"graph"}, ABOUT, key=KEY
    )

    assert checkpoint.load(folder, key=KEY)[1]["config.json"] == b"{}"
