"""Turns drawn from a window of time, each as likely as any other.

Utterances are stored once and counted; what happened when is told by the ledger of
turns, and by the live turns that no ledger knows. A text said often is drawn often.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from annotations.models import Utterance
from training.ml.data import Example
from training.models import UtteranceEmbedding
from training.services.suggestions import example_of

# Only what people may see is looked at. Hashing the turn's name with the seed draws the
# same sample again for the same seed, whatever order the rows came and come in.
_OCCURRENCES = """
SELECT t.utterance_id, t.occurred_at,
        c.source || '/' || c.external_id || '/' || t.number AS name
    FROM annotations_turn t
    LEFT JOIN annotations_conversation c ON c.id = t.conversation_id
    WHERE t.occurred_at >= %(begin)s AND t.occurred_at < %(end)s
UNION ALL
SELECT v.utterance_id, v.created_at, 'v' || v.id FROM training_liveturn v
    WHERE v.created_at >= %(begin)s AND v.created_at < %(end)s
        AND v.utterance_id IS NOT NULL AND (v.conversation = '' OR v.number IS NULL)
"""
_DRAW = f"""
SELECT o.utterance_id, o.occurred_at FROM ({_OCCURRENCES}) o
JOIN annotations_utterance u ON u.id = o.utterance_id
WHERE u.redaction = 'full' AND u.status NOT IN ('quarantined', 'erased')
ORDER BY hashtextextended(o.name, %(seed)s), o.name LIMIT %(n)s
"""
_FRESH = f"""
SELECT DISTINCT u.id FROM ({_OCCURRENCES}) o
JOIN annotations_utterance u ON u.id = o.utterance_id
WHERE u.split = 'exam' AND u.redaction = 'full' AND u.status = ANY(%(states)s)
ORDER BY u.id
"""
_EMBEDDED = f"""
SELECT count(*), count(e.utterance_id) FROM ({_OCCURRENCES}) o
JOIN annotations_utterance u ON u.id = o.utterance_id
LEFT JOIN training_utteranceembedding e ON e.utterance_id = u.id
WHERE u.redaction = 'full' AND u.status IN ('pool', 'labeled', 'review')
"""
# Read from the ends of indexes: years of turns are not counted through.
_LAST = """
SELECT max(at) FROM (
    (SELECT occurred_at AS at FROM annotations_turn
        WHERE occurred_at >= %(begin)s AND occurred_at < %(end)s
        ORDER BY occurred_at DESC LIMIT 1)
    UNION ALL
    (SELECT created_at FROM training_liveturn
        WHERE created_at >= %(begin)s AND created_at < %(end)s
            AND utterance_id IS NOT NULL AND (conversation = '' OR number IS NULL)
        ORDER BY created_at DESC LIMIT 1)) ends
"""
_COUNT = f"SELECT count(*) FROM (SELECT FROM ({_OCCURRENCES}) o LIMIT %(most)s) part"


@dataclass(frozen=True)
class Sample:
    """n turns: utterance ids, times, unit vectors (n, d) and their examples."""

    ids: tuple[int, ...]
    times: tuple[datetime, ...]
    vectors: NDArray[np.float32]
    examples: tuple[Example, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, chosen: Sequence[int]) -> "Sample":
        return Sample(
            tuple(self.ids[i] for i in chosen),
            tuple(self.times[i] for i in chosen),
            self.vectors[list(chosen)],
            tuple(self.examples[i] for i in chosen),
        )


def draw(begin: datetime, end: datetime, n: int, *, seed: int) -> Sample:
    """Up to n turns of [begin, end); those without an embedding yet are left out."""
    drawn = _rows(_DRAW, begin, end, seed=seed, n=n)
    ids = {utterance_id for utterance_id, _ in drawn}
    vectors = dict(
        UtteranceEmbedding.objects.filter(pk__in=ids).values_list("pk", "vector")
    )
    texts = Utterance.objects.in_bulk(ids)
    kept = [(i, at) for i, at in drawn if i in vectors]
    matrix = np.array([np.asarray(vectors[i]) for i, _ in kept], dtype=np.float32)
    return Sample(
        tuple(i for i, _ in kept),
        tuple(at for _, at in kept),
        matrix,
        tuple(example_of(texts[i]) for i, _ in kept),
    )


def exam_ids(begin: datetime, end: datetime, states: Sequence[str]) -> list[int]:
    """Exam utterances said in the window whose status is one of `states`."""
    return [row[0] for row in _rows(_FRESH, begin, end, states=list(states))]


def embedded_share(begin: datetime, end: datetime) -> float:
    """Which share of the turns that are ever embedded is by now; 1.0 of none."""
    [(n, n_embedded)] = _rows(_EMBEDDED, begin, end)
    return float(n_embedded / n) if n else 1.0


def last_turn(begin: datetime, end: datetime) -> datetime | None:
    """When the last turn of the window was said; None of none."""
    [(last,)] = _rows(_LAST, begin, end)
    return last


def count(begin: datetime, end: datetime, *, most: int) -> int:
    """How many turns the window holds, counted no further than `most`."""
    [(n,)] = _rows(_COUNT, begin, end, most=most)
    return n


def _rows(
    statement: str, begin: datetime, end: datetime, **values: Any
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"begin": begin, "end": end, **values})
        return cursor.fetchall()
