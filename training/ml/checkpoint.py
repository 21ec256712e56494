"""A model as a folder that is there whole, unchanged, or not at all.

safetensors, ONNX and JSON only: nothing in it can run code when loaded. The manifest
names every file with its hash and is signed, so that a folder somebody else wrote,
changed or swapped is refused before a byte of it is used.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.ml import storage
from training.ml.errors import CheckpointCorruptError, CheckpointFormatError

FORMAT = 1
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 64 * 1024
SUFFIXES = {".json", ".onnx", ".safetensors"}


@dataclass(frozen=True)
class Manifest:
    """What a checkpoint says about itself."""

    files: Mapping[str, str]
    about: Mapping[str, Any]
    sha256: str


def write(
    folder: Path,
    files: Mapping[str, bytes | Path],
    about: Mapping[str, Any],
    *,
    key: bytes,
) -> Manifest:
    """Make `folder` a checkpoint of these files: aside, synced, then renamed.

    A Path is linked where the file system can, else copied. A folder that is already
    a whole checkpoint of the same content is left as it is.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    try:
        for name, content in files.items():
            _place(aside / _checked_name(name), content)
        _sign(aside, about, key)
        if not _holds(folder, storage.sha256_of(aside / MANIFEST), key):
            storage.sync_folder(aside)
            _move(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return verify(folder, key=key)


def verify(folder: Path, *, key: bytes) -> Manifest:
    """Check signature, names and hashes of a checkpoint.

    Raises CheckpointCorruptError where a file is missing, changed, added, a link or
    not of a kind checkpoints hold, and CheckpointFormatError for a newer format.
    """
    return load(folder, key=key)[0]


def load(folder: Path, *, key: bytes) -> tuple[Manifest, dict[str, bytes]]:
    """The files of a checkpoint, each checked as the bytes that are handed out.

    Raises what `verify` raises. Use the bytes, never the paths: a file may be
    swapped after it was checked.
    """
    if folder.is_symlink() or not folder.is_dir():
        raise CheckpointCorruptError(f"{folder.name} is not a checkpoint folder")
    body, raw = _signed_body(folder, key)
    if body.get("format") != FORMAT:
        raise CheckpointFormatError(
            f"{folder.name} has format {body.get('format')}, this code reads {FORMAT}"
        )
    files = {str(name): str(digest) for name, digest in body["files"].items()}
    _check_names(folder, files)
    content = {name: (folder / name).read_bytes() for name in files}
    for name, data in content.items():
        if not hmac.compare_digest(hashlib.sha256(data).hexdigest(), files[name]):
            raise CheckpointCorruptError(f"{folder.name}: {name} was changed")
    return Manifest(files, body["about"], hashlib.sha256(raw).hexdigest()), content


def _holds(folder: Path, manifest: str, key: bytes) -> bool:
    """Whether the folder is a whole checkpoint with a manifest of this hash."""
    try:
        return load(folder, key=key)[0].sha256 == manifest
    except (CheckpointCorruptError, CheckpointFormatError):
        return False


def _checked_name(name: str) -> str:
    if Path(name).name != name or Path(name).suffix not in SUFFIXES:
        raise ValueError(f"{name!r} cannot be a file of a checkpoint")
    return name


def _place(path: Path, content: bytes | Path) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        try:
            os.link(content, path)
        except OSError:
            shutil.copyfile(content, path)
    storage.sync_file(path)


def _sign(folder: Path, about: Mapping[str, Any], key: bytes) -> None:
    files = {path.name: storage.sha256_of(path) for path in sorted(folder.iterdir())}
    body = {"format": FORMAT, "files": files, "about": dict(about)}
    text = json.dumps(body, sort_keys=True, indent=1)
    signed = {"body": text, "signature": _signature(text, key)}
    path = folder / MANIFEST
    path.write_text(json.dumps(signed), encoding="utf-8")
    storage.sync_file(path)


def _move(aside: Path, folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    aside.rename(folder)
    storage.sync_folder(folder.parent)


def _signed_body(folder: Path, key: bytes) -> tuple[dict[str, Any], bytes]:
    path = folder / MANIFEST
    if path.is_symlink() or not path.is_file():
        raise CheckpointCorruptError(f"{folder.name} has no manifest")
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise CheckpointCorruptError(f"{folder.name}: its manifest is too large")
    raw = path.read_bytes()
    try:
        signed = json.loads(raw)
        text, signature = signed["body"], signed["signature"]
        good = hmac.compare_digest(_signature(text, key), signature)
        body = json.loads(text) if good else None
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise CheckpointCorruptError(
            f"{folder.name}: its manifest cannot be read"
        ) from error
    if body is None:
        raise CheckpointCorruptError(f"{folder.name}: its signature is not ours")
    return body, raw


def _check_names(folder: Path, files: Mapping[str, str]) -> None:
    present = {path.name for path in folder.iterdir()} - {MANIFEST}
    if present != set(files):
        odd = ", ".join(sorted(present ^ set(files)))
        raise CheckpointCorruptError(f"{folder.name}: files differ ({odd})")
    for name in files:
        path = folder / name
        if path.is_symlink() or not path.is_file():
            raise CheckpointCorruptError(f"{folder.name}: {name} is not a plain file")
        if path.suffix not in SUFFIXES:
            raise CheckpointCorruptError(f"{folder.name}: {name} is of no known kind")


def _signature(text: str, key: bytes) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
