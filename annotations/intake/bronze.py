"""Uploaded files as they came, encrypted, until their retention ends.

A file is a header and chunks, each sealed with AES-256-GCM under a key of its own
(HKDF of the data key and the file's salt). A chunk's nonce holds its number and
whether it is the last, so that none can be cut off, doubled or moved.
"""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"IVRBRZ1\n"
SALT_BYTES = 16
CHUNK = 64 * 1024
TAG_BYTES = 16


class BronzeError(ValueError):
    """The file is not ours, was changed, or ends in the middle."""


class TooLargeForBronzeError(ValueError):
    """More bytes came than are taken in."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A finished file; `sha256` and `size` are of what came in."""

    path: Path
    sha256: str
    size: int


class Writer:
    """Seals what is written; nothing stands at `path` before `finish`."""

    def __init__(self, path: Path, key: str, limit: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        self._aside = path.with_name(path.name + ".part")
        self._limit = limit
        salt = secrets.token_bytes(SALT_BYTES)
        self._cipher = _cipher(key, salt)
        self._hash = hashlib.sha256()
        self._size = self._number = 0
        self._buffer = bytearray()
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        self._file: BinaryIO = os.fdopen(os.open(self._aside, flags, 0o600), "wb")
        self._file.write(MAGIC + salt)

    def write(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            self.discard()
            raise TooLargeForBronzeError(f"over {self._limit} bytes")
        self._hash.update(data)
        self._buffer += data
        while len(self._buffer) > CHUNK:
            self._seal(bytes(self._buffer[:CHUNK]), is_last=False)
            del self._buffer[:CHUNK]

    def finish(self) -> Stored:
        self._seal(bytes(self._buffer), is_last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._aside.replace(self._path)
        _sync_folder(self._path.parent)
        return Stored(self._path, self._hash.hexdigest(), self._size)

    def discard(self) -> None:
        self._file.close()
        self._aside.unlink(missing_ok=True)

    def _seal(self, plain: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._number, is_last=is_last)
        self._file.write(self._cipher.encrypt(nonce, plain, None))
        self._number += 1


class Reader:
    """The plain bytes of a bronze file, a chunk in memory at a time."""

    def __init__(self, path: Path, key: str) -> None:
        self._file: BinaryIO = path.open("rb")
        head = self._file.read(len(MAGIC) + SALT_BYTES)
        if len(head) != len(MAGIC) + SALT_BYTES or not head.startswith(MAGIC):
            self._file.close()
            raise BronzeError("This is no bronze file.")
        self._cipher = _cipher(key, head[len(MAGIC) :])
        self._sealed = self._file.read(CHUNK + TAG_BYTES)
        self._number = 0
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self._file.close()

    def read(self, size: int = -1, /) -> bytes:
        while (size < 0 or len(self._buffer) < size) and self._sealed:
            self._buffer += self._open_next()
        cut = len(self._buffer) if size < 0 else size
        data, self._buffer = self._buffer[:cut], self._buffer[cut:]
        return data

    def _open_next(self) -> bytes:
        following = self._file.read(CHUNK + TAG_BYTES)
        nonce = _nonce(self._number, is_last=not following)
        try:
            plain = self._cipher.decrypt(nonce, self._sealed, None)
        except InvalidTag:
            raise BronzeError(
                "The file was changed, cut off, or sealed with another DATA_KEY."
            ) from None
        self._number += 1
        self._sealed = following
        return plain


def _cipher(key: str, salt: bytes) -> AESGCM:
    derived = HKDF(SHA256(), length=32, salt=salt, info=b"bronze file").derive(
        key.encode()
    )
    return AESGCM(derived)


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11) + bytes([is_last])


def _sync_folder(folder: Path) -> None:
    """A rename is only as durable as its folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
