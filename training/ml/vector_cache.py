"""Vectors of texts kept in a file, so that no text is embedded twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.ml.encoder import Embeddings, Encoder, Progress
from training.ml.storage import written_aside


class CachingEncoder:
    """An encoder that remembers; a file holds hashes and vectors, never a text."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        self._path = folder / f"{encoder.name}.npz"

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    def encode(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> Embeddings:
        keys = [_key(text) for text in texts]
        known_keys, vectors = self._read()
        position = {key: row for row, key in enumerate(known_keys)}
        missing = {
            key: text
            for key, text in zip(keys, texts, strict=True)
            if key not in position
        }
        if missing:
            new = self._encoder.encode(list(missing.values()), progress)
            position.update(
                {key: len(vectors) + row for row, key in enumerate(missing)}
            )
            vectors = np.concatenate([vectors, new])
            self._write(list(position), vectors)
        rows = np.array([position[key] for key in keys], dtype=np.intp)
        return np.asarray(vectors[rows], dtype=np.float32)

    def _read(self) -> tuple[list[bytes], NDArray[np.float32]]:
        if not self._path.exists():
            return [], np.empty((0, self.dimension), dtype=np.float32)
        with np.load(self._path, allow_pickle=False) as stored:
            keys, vectors = stored["keys"], stored["vectors"]
        return [row.tobytes() for row in keys], vectors

    def _write(self, keys: list[bytes], vectors: NDArray[np.float32]) -> None:
        packed = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), -1)
        with written_aside(self._path) as aside, aside.open("wb") as file:
            np.savez(file, keys=packed, vectors=vectors)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
