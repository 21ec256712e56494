"""What the frozen encoder makes of texts, and a memory of it for the next round.

From one round to the next most labeled texts stay. Their vectors and their words'
states are kept in a file by a hash of the encoder's input, so that a refit of the heads
encodes new texts only. A text's numbers must not depend on which others were encoded
with it, or a training could not be repeated to the bit: every batch has as many rows,
all of exactly one length, on one thread, in float32.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.ml.embedding import Embedded
from training.ml.errors import TrainingCancelledError
from training.ml.graph import session
from training.ml.hooks import Hooks, Progress
from training.ml.storage import sha256_of, written_aside
from training.ml.tokens import Encoded, pad

BATCH_SIZE = 8  # always so many rows: sums differ in their last bit with other shapes
MOST_BYTES = 512 * 1024 * 1024  # of the file: some 50,000 utterances of 12 words
FORMAT = 1

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class _Known:
    """embedding: float32 (hidden,); words: float16 (n_words, hidden)."""

    embedding: Floats
    words: Floats

    @property
    def n_bytes(self) -> int:
        return 64 + self.embedding.nbytes + self.words.nbytes


def embed(
    graph: Path,
    encoded: Sequence[Encoded],
    *,
    memory: Path,
    batch_size: int = BATCH_SIZE,
    hooks: Hooks | None = None,
) -> Embedded:
    """Embeddings and words' states of utterances, from `memory` where it has them.

    graph: an encoder that `onnx_export` wrote. memory: a file that afterwards holds
    what was asked for and nothing else; hashes and numbers, never a text. batch_size:
    utterances encoded at once; 1 for what a turn gets alone. Raises
    TrainingCancelledError when `hooks.should_stop` says so.
    """
    hooks = hooks or Hooks()
    of_graph = f"{sha256_of(graph)} {batch_size}"
    keys = [_key(one) for one in encoded]
    before = _read(memory, of_graph)
    wanted = dict(zip(keys, encoded, strict=True))
    new = {key: one for key, one in wanted.items() if key not in before}
    found = {key: before[key] for key in wanted if key in before}
    made = _encode(graph, list(new.values()), batch_size, hooks)
    found |= dict(zip(new, made, strict=True))
    if new or len(before) > len(wanted):
        _write(memory, of_graph, found)
    return Embedded(
        embeddings=np.stack([found[key].embedding for key in keys]),
        words=tuple(found[key].words for key in keys),
    )


def _encode(
    graph: Path, encoded: Sequence[Encoded], batch_size: int, hooks: Hooks
) -> list[_Known]:
    """Of one length at a time, by as many threads as torch has."""
    if not encoded:
        return []
    running = session(graph)
    found: dict[int, _Known] = {}
    done, started = 0, hooks.clock()

    def one(rows: Sequence[int]) -> list[_Known]:
        full = [*rows, *[rows[-1]] * (batch_size - len(rows))]
        batch = pad([encoded[row] for row in full])
        vectors, states = running.run(None, batch.feed())
        words = [means.astype(np.float16) for means in batch.word_means(states)]
        return [_Known(*pair) for pair in zip(vectors, words, strict=True)][: len(rows)]

    lengths = [len(each) for each in encoded]
    batches = list(_of_one_length(lengths, batch_size))
    with ThreadPoolExecutor(torch.get_num_threads()) as threads:
        waiting = [(rows, threads.submit(one, rows)) for rows in batches]
        for rows, answer in waiting:
            if hooks.should_stop():
                threads.shutdown(cancel_futures=True)
                raise TrainingCancelledError("The training was cancelled.")
            found.update(zip(rows, answer.result(), strict=True))
            done += len(rows)
            left = (hooks.clock() - started) / done * (len(encoded) - done)
            hooks.on_progress(Progress("embedding", done, len(encoded), None, left))
    return [found[row] for row in range(len(encoded))]


def _of_one_length(lengths: Sequence[int], batch_size: int) -> Iterator[list[int]]:
    order = np.argsort(lengths, kind="stable")
    ends = np.flatnonzero(np.diff(np.asarray(lengths)[order])) + 1
    for rows in np.split(order, ends):
        for begin in range(0, len(rows), batch_size):
            yield [int(row) for row in rows[begin : begin + batch_size]]


def _key(one: Encoded) -> bytes:
    """Whatever the numbers depend on beside the encoder."""
    digest = hashlib.sha256(f"{len(one)} {len(one.words)}".encode())
    for array in (one.input_ids, one.segments, one.word_of):
        digest.update(array.tobytes())
    return digest.digest()


def _read(path: Path, of_graph: str) -> dict[bytes, _Known]:
    """What the file knows of this encoder; nothing where it is another's or broken."""
    try:
        # Opened here: numpy leaves a file open that it finds broken.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            facts = [str(fact) for fact in stored["facts"]]
            if facts != [str(FORMAT), of_graph]:
                return {}
            keys, embeddings = stored["keys"], stored["embeddings"]
            words = np.split(stored["words"], stored["ends"][:-1])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}
    rows = zip(keys, embeddings, words, strict=True)
    return {key.tobytes(): _Known(one, states) for key, one, states in rows}


def _write(path: Path, of_graph: str, found: dict[bytes, _Known]) -> None:
    sizes = np.cumsum([one.n_bytes for one in found.values()])
    n = int(np.searchsorted(sizes, MOST_BYTES, side="right"))
    kept = dict(list(found.items())[:n])
    if not kept:
        return
    known = list(kept.values())
    with written_aside(path) as aside, aside.open("wb") as file:
        np.savez(
            file,
            facts=np.array([str(FORMAT), of_graph]),
            keys=np.frombuffer(b"".join(kept), dtype=np.uint8).reshape(n, -1),
            embeddings=np.stack([one.embedding for one in known]),
            words=np.concatenate([one.words for one in known]),
            ends=np.cumsum([len(one.words) for one in known]),
        )
