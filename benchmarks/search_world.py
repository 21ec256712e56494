"""A million utterances to search: texts, answers, vectors, and the search's indexes.

Texts of 5 to 16 words out of 2,200 by a skewed (Zipf) law, twelve months, 12 domains,
5 sources from 60 % to 1 %, a tenth labeled, and a vector each.
"""

import hashlib
import itertools
import json
import random
import struct
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
WORDS = ROOT / "annotations/intake/redaction/data/common_words.txt"
SOURCES = {"calls": 60, "chat": 25, "tickets": 9, "feedback": 5, "faq": 1}
START = datetime(2025, 11, 1, tzinfo=UTC)
# The graph of a million vectors' signs, built at once; it otherwise grows by inserts.
GRAPH_MEMORY = "1GB"
INDEXES = (
    "utterance_terms",
    "utterance_status",
    "utterance_source",
    "utterance_confidence",
    "utterance_said",
    "embedding_signs",
)
COLUMNS = (
    "text", "dedupe_key", "count", "split", "status", "redaction", "context",
    "source", "domain_id", "bot_intent", "bot_confidence", "is_fallback", "occurred_at",
)  # fmt: skip


def words() -> list[str]:
    return [w for w in WORDS.read_text().split() if w.isalpha() and w.islower()]


def texts(n: int, seed: int = 11) -> Iterator[str]:
    rng, known = random.Random(seed), words()
    shares = list(itertools.accumulate(1 / (k + 3) for k in range(len(known))))
    for number in range(n):
        said = rng.choices(known, cum_weights=shares, k=rng.randint(5, 16))
        yield f"{' '.join(said)} ref{number % 50_000}"


def build(n: int, notes: Path | None = None) -> dict[str, float]:
    """People, catalogue and n utterances; seconds for filling and for each index.

    notes: a file of what is done, so that a run broken off goes on from there.
    """
    from django.db import connection

    done: dict[str, Any] = {}
    if notes is not None and notes.exists():
        done = json.loads(notes.read_text())

    def note(name: str, value: object) -> None:
        done[name] = value
        if notes is not None:
            notes.write_text(json.dumps(done))

    with connection.cursor() as cursor:
        if done.get("rows") != n:
            note("definitions", _drop_indexes(cursor))
            note("filling", _timed(lambda: _fill(n)))
            note("rows", n)
        cursor.execute("SET maintenance_work_mem = %s", [GRAPH_MEMORY])
        for name, definition in done["definitions"].items():
            if name not in done:
                cursor.execute(f"DROP INDEX IF EXISTS {name}")  # half built
                note(name, _timed(partial(cursor.execute, definition)))
        if "vacuum" not in done:
            note("vacuum", _timed(partial(cursor.execute, "VACUUM ANALYZE")))
            cursor.execute("CHECKPOINT")
    return {name: done[name] for name in ("filling", *done["definitions"])}


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return round(time.perf_counter() - began, 1)


def _fill(n: int) -> None:
    from benchmarks import fill

    fill.people()
    fill.catalogue()
    _copy_utterances(n)
    _answer()
    _copy_vectors(n)


def _drop_indexes(cursor: Any) -> dict[str, str]:
    """The search's indexes are gone; how to make each again, beside writers."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE indexname = ANY(%s)",
        [list(INDEXES)],
    )
    found = {
        name: definition.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)
        for name, definition in cursor.fetchall()
    }
    for name in found:
        cursor.execute(f"DROP INDEX {name}")
    return found


def _copy_utterances(n: int) -> None:
    from annotations.models import Domain
    from benchmarks import fill

    rng = random.Random(5)
    domains = list(Domain.objects.values_list("pk", flat=True))
    states = ("pool", "labeled", "skipped", "review")
    fill.copy(
        "annotations_utterance",
        COLUMNS,
        (
            (
                text,
                hashlib.sha256(str(number).encode()).digest(),
                1 + int(rng.expovariate(1)),
                "exam" if rng.random() < 0.1 else "train",
                rng.choices(states, (88, 9, 2, 1))[0],
                "full",
                fill.CONTEXT,
                rng.choices(list(SOURCES), list(SOURCES.values()))[0],
                rng.choice(domains),
                "",
                rng.random(),
                rng.random() < 0.1,
                START + timedelta(seconds=31 * number),
            )
            for number, text in enumerate(texts(n))
        ),
    )


def _batches(ids: list[int], size: int) -> Iterator[list[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _answer() -> None:
    """Every labeled utterance has an answer of one of eight people, and is gold."""
    from annotations.models import Annotation, GoldLabel, Intent, User, Utterance

    people = list(User.objects.filter(username__startswith="annotator-"))
    intents = list(Intent.objects.all())
    labeled = Utterance.objects.filter(status="labeled").values_list("pk", flat=True)
    for ids in _batches(list(labeled.order_by("pk")), 5000):
        answers = [
            Annotation(
                id=uuid.uuid4(),
                kind="label",
                utterance_id=pk,
                annotator=people[pk % len(people)],
                intent=intents[pk * 7919 % len(intents)],
                reason="uncertain",
            )
            for pk in ids
        ]
        Annotation.objects.bulk_create(answers)
        GoldLabel.objects.bulk_create(
            GoldLabel(
                utterance_id=a.utterance_id,
                annotation=a,
                intent=a.intent,
                rule="single",
            )
            for a in answers
        )


def _copy_vectors(n: int) -> None:
    """Unit vectors around 2,000 centres, as an encoder's lie around meanings."""
    from django.db import connection

    from training import embeddings

    rng = np.random.default_rng(3)
    centres = rng.normal(size=(2000, 384)).astype(np.float32)
    statement = (
        "COPY training_utteranceembedding (utterance_id, encoder, vector)"
        " FROM STDIN (FORMAT BINARY)"
    )
    name = b"all-MiniLM-L6-v2-int8"
    row = np.dtype(
        [("fields", ">i2"), ("id_size", ">i4"), ("id", ">i8"), ("name_size", ">i4"),
         ("name", f"S{len(name)}"), ("size", ">i4"), ("dimensions", ">i2"),
         ("unused", ">i2"), ("vector", ">f4", (384,))]
    )  # fmt: skip
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(embeddings._COPY_HEADER)
        for start in range(0, n, 10_000):
            m = min(10_000, n - start)
            vectors = centres[rng.integers(2000, size=m)]
            vectors = vectors + rng.normal(scale=0.8, size=(m, 384))
            rows = np.zeros(m, dtype=row)
            rows["fields"], rows["id_size"], rows["name_size"] = 3, 8, len(name)
            rows["id"], rows["name"] = np.arange(start + 1, start + m + 1), name
            rows["size"], rows["dimensions"] = 4 + 4 * 384, 384
            rows["vector"] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
            copy.write(rows.tobytes())
        copy.write(struct.pack(">h", -1))
