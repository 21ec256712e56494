"""Vectors of utterances: rows in PostgreSQL, and a memory-mapped copy for the worker.

The rows are the truth; the files under DATA_DIR can be deleted at any time. Only the
holder of the ranking lock writes them.
"""

import os
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from numpy.typing import NDArray

from training.ml import half_margin
from training.ml.encoder import Encoder
from training.ml.storage import written_aside
from training.models import UtteranceEmbedding
from training.models.ranking import EMBEDDING_DIMENSIONS

Ids = NDArray[np.int64]
Told = Callable[[int, int], bool]  # done, total -> go on

CHUNK = 2048
# From here on a copy in bfloat16 is worth keeping where the processor has AMX.
HALVES_FROM = 200_000
_WANTED = """
FROM annotations_utterance u
LEFT JOIN training_utteranceembedding e
    ON e.utterance_id = u.id AND e.encoder = %s
WHERE u.redaction = 'full' AND u.status IN ('pool', 'labeled', 'review')
    AND e.utterance_id IS NULL
"""
# PostgreSQL's binary COPY: a header, rows of counted and sized fields, a trailer.
_COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_COPY_TRAILER = struct.pack(">h", -1)
_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("id_size", ">i4"),
        ("id", ">i8"),
        ("vector_size", ">i4"),
        ("dimensions", ">i2"),
        ("unused", ">i2"),
        ("vector", ">f4", (EMBEDDING_DIMENSIONS,)),
    ]
)


def n_missing(encoder: str) -> int:
    """How many visible utterances have no vector of this encoder."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {_WANTED}", [encoder])
        return int(cursor.fetchone()[0])


def has_missing(encoder: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT {_WANTED})", [encoder])
        return bool(cursor.fetchone()[0])


def embed_missing(encoder: Encoder, go_on: Told) -> int:
    """Embed what has no vector, labeled utterances first; returns how many.

    Every chunk is committed on its own; `go_on` is told and may stop it after any.
    """
    total, done = n_missing(encoder.name), 0
    while chunk := _next_chunk(encoder.name):
        ids = np.array([row[0] for row in chunk], dtype=np.int64)
        _store(encoder.name, ids, encoder.encode([row[1] for row in chunk]))
        done += len(chunk)
        if not go_on(done, max(total, done)):
            break
    return done


def read(encoder: str, ids: Sequence[int]) -> tuple[Ids, NDArray[np.float32]]:
    """Those of the ids that have a vector, and their vectors (n, d), from the rows."""
    parts = list(_fetch(encoder, np.asarray(ids, dtype=np.int64)))
    return (
        np.concatenate([part for part, _ in parts]),
        np.concatenate([vectors for _, vectors in parts]),
    )


class Vectors:
    """The vectors of one encoder, by utterance id, from the memory-mapped file."""

    def __init__(
        self,
        ids: Ids,
        vectors: NDArray[np.float32],
        halves: NDArray[np.uint16] | None = None,
    ) -> None:
        """ids: (n,) in file order, vectors: (n, d), halves: their bfloat16 bits."""
        self._vectors, self._halves = vectors, halves
        self._order = np.argsort(ids, kind="stable")
        self._sorted = ids[self._order]

    def __len__(self) -> int:
        return len(self._sorted)

    def rows_of(self, ids: Ids) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """File rows of the ids, and which ids are there at all: both (n,)."""
        if len(self._sorted) == 0:
            return np.zeros(len(ids), dtype=np.intp), np.zeros(len(ids), dtype=bool)
        place = np.minimum(np.searchsorted(self._sorted, ids), len(self._sorted) - 1)
        return self._order[place], self._sorted[place] == ids

    def view(self, rows: NDArray[np.intp]) -> "VectorView":
        return VectorView(self._vectors, rows)

    def halves(self, rows: NDArray[np.intp]) -> "VectorView | None":
        """The same rows as bits of bfloat16, where such a copy is kept."""
        return None if self._halves is None else VectorView(self._halves, rows)


class VectorView:
    """Some rows of the file, read when sliced: any pool fits into memory."""

    def __init__(self, vectors: NDArray[Any], rows: NDArray[np.intp]) -> None:
        self._vectors, self._rows = vectors, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, part: Any) -> NDArray[Any]:
        return np.asarray(self._vectors[self._rows[part]])


def open_vectors(encoder: str) -> Vectors:
    """The file brought up to date with the rows, opened for reading."""
    folder = Path(settings.DATA_DIR) / "embeddings" / encoder
    folder.mkdir(parents=True, exist_ok=True)
    stored, wanted = _file_ids(folder), _row_ids(encoder)
    if len(np.setdiff1d(stored, wanted, assume_unique=True)):
        # Erased utterances leave the file as well, which means writing it again.
        _replace_file(folder, np.isin(stored, wanted, assume_unique=True))
        stored = _file_ids(folder)
    missing = np.setdiff1d(wanted, stored, assume_unique=True)
    if len(missing):
        _append(folder, encoder, missing, everything=len(stored) == 0)
    return _opened(folder)


def _next_chunk(encoder: str) -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT u.id, u.text {_WANTED} ORDER BY u.status = 'pool', u.id LIMIT %s",
            [encoder, CHUNK],
        )
        return list(cursor.fetchall())


def _store(encoder: str, ids: Ids, vectors: NDArray[np.float32]) -> None:
    rows = np.zeros(len(ids), dtype=_ROW)
    rows["fields"], rows["id_size"], rows["id"] = 2, 8, ids
    rows["vector_size"] = 4 + 4 * EMBEDDING_DIMENSIONS
    rows["dimensions"], rows["vector"] = EMBEDDING_DIMENSIONS, vectors
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE fresh_embedding (id bigint, vector vector) "
            "ON COMMIT DROP"
        )
        with cursor.copy("COPY fresh_embedding FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(_COPY_HEADER + rows.tobytes() + _COPY_TRAILER)
        # An utterance erased meanwhile has no row to hang a vector on.
        cursor.execute(
            """
            INSERT INTO training_utteranceembedding (utterance_id, encoder, vector)
            SELECT f.id, %s, f.vector FROM fresh_embedding f
            JOIN annotations_utterance u ON u.id = f.id AND u.status <> 'erased'
            ON CONFLICT (utterance_id) DO UPDATE
                SET encoder = EXCLUDED.encoder, vector = EXCLUDED.vector
            """,
            [encoder],
        )
        # The temporary table must be gone before a next chunk of the same transaction.
        cursor.execute("DROP TABLE fresh_embedding")


def _row_ids(encoder: str) -> Ids:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(int8send(utterance_id), '') "
            "FROM training_utteranceembedding WHERE encoder = %s",
            [encoder],
        )
        packed = cursor.fetchone()[0] or b""
    return np.frombuffer(packed, dtype=">i8").astype(np.int64)


def _fetch(encoder: str, ids: Ids | None) -> Iterator[tuple[Ids, NDArray[np.float32]]]:
    """The rows of these ids, or of all, in parts of whole rows."""
    only = "" if ids is None else "AND utterance_id = ANY(%s)"
    statement = (
        "COPY (SELECT utterance_id, vector FROM training_utteranceembedding "
        f"WHERE encoder = %s {only}) TO STDOUT (FORMAT BINARY)"
    )
    values = [encoder] if ids is None else [encoder, ids.tolist()]
    with connection.cursor() as cursor, cursor.copy(statement, values) as copy:
        yield from _parts(copy)


def _parts(copy: Any) -> Iterator[tuple[Ids, NDArray[np.float32]]]:
    pieces: list[bytes] = []
    size, begin = 0, len(_COPY_HEADER)
    for piece in copy:
        pieces.append(bytes(piece))
        size += len(piece)
        if size >= begin + CHUNK * _ROW.itemsize:
            data = b"".join(pieces)
            end = begin + (size - begin) // _ROW.itemsize * _ROW.itemsize
            yield _unpacked(data[begin:end])
            pieces, size, begin = [data[end:]], size - end, 0
    data = b"".join(pieces)[begin:]
    yield _unpacked(data[: len(data) // _ROW.itemsize * _ROW.itemsize])


def _unpacked(data: bytes) -> tuple[Ids, NDArray[np.float32]]:
    rows = np.frombuffer(data, dtype=_ROW)
    return rows["id"].astype(np.int64), rows["vector"].astype(np.float32)


def _file_ids(folder: Path) -> Ids:
    """The ids whose vectors were written whole: a crash may leave a torn end."""
    ids, vectors = folder / "ids.bin", folder / "vectors.bin"
    if not ids.exists() or not vectors.exists():
        return np.empty(0, dtype=np.int64)
    whole = vectors.stat().st_size // (4 * EMBEDDING_DIMENSIONS)
    return np.fromfile(ids, dtype=np.int64, count=ids.stat().st_size // 8)[:whole]


def _append(folder: Path, encoder: str, missing: Ids, *, everything: bool) -> None:
    n = len(_file_ids(folder))
    halves = folder / "halves.bin"
    if halves.exists():  # what lay behind a torn end comes back in another order
        os.truncate(halves, min(halves.stat().st_size, n * 2 * EMBEDDING_DIMENSIONS))
    with (
        (folder / "vectors.bin").open("ab") as vectors,
        (folder / "ids.bin").open("ab") as ids,
    ):
        vectors.truncate(n * 4 * EMBEDDING_DIMENSIONS)
        ids.truncate(n * 8)
        for part_ids, part in _fetch(encoder, None if everything else missing):
            vectors.write(part.tobytes())
            vectors.flush()
            ids.write(part_ids.tobytes())


def _replace_file(folder: Path, keep: NDArray[np.bool_]) -> None:
    ids, vectors = _file_ids(folder), _mapped(folder, len(keep))
    (folder / "halves.bin").unlink(missing_ok=True)
    # Ids last: with fewer ids than vectors the rest is fetched again, never mixed up.
    with written_aside(folder / "ids.bin") as aside:
        aside.write_bytes(b"")
    with written_aside(folder / "vectors.bin") as aside, aside.open("wb") as file:
        for start in range(0, len(keep), CHUNK):
            part = slice(start, start + CHUNK)
            file.write(np.asarray(vectors[part])[keep[part]].tobytes())
    with written_aside(folder / "ids.bin") as aside:
        aside.write_bytes(ids[keep].tobytes())


def _opened(folder: Path) -> Vectors:
    ids = _file_ids(folder)
    vectors = _mapped(folder, len(ids))
    if len(ids) < HALVES_FROM or not half_margin.is_fast_here():
        return Vectors(ids, vectors)
    return Vectors(ids, vectors, _halved(folder, vectors))


def _halved(folder: Path, vectors: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The copy in bfloat16 with what was added since: rows only ever join the end."""
    path, size = folder / "halves.bin", 2 * EMBEDDING_DIMENSIONS
    with path.open("ab") as file:
        done = min(file.tell() // size, len(vectors))
        file.truncate(done * size)
        for start in range(done, len(vectors), CHUNK):
            file.write(half_margin.halved(vectors[start : start + CHUNK]).tobytes())
    return np.memmap(path, np.uint16, "r", shape=vectors.shape)


def _mapped(folder: Path, n: int) -> NDArray[np.float32]:
    if n == 0:
        return np.empty((0, EMBEDDING_DIMENSIONS), dtype=np.float32)
    shape = (n, EMBEDDING_DIMENSIONS)
    return np.memmap(folder / "vectors.bin", np.float32, "r", shape=shape)


def forget(utterance_id: int) -> None:
    """Drop the vector of one utterance; the file follows at the next ranking."""
    UtteranceEmbedding.objects.filter(utterance=utterance_id).delete()
