"""The utterances nearest in meaning to a text or to another utterance.

Where few utterances fit the other filters, their vectors are all compared. Where many
do, an index over the signs of the vectors (Hamming distance in a navigable graph,
Malkov and Yashunin 2016) gives CANDIDATES, which the vectors themselves put in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import connection, transaction

from annotations.errors import NotFoundError
from annotations.models import User, Utterance
from annotations.services import search
from annotations.services.search import Conditions, Criteria
from training.models import UtteranceEmbedding

NEAREST = 50
CANDIDATES = 1000  # pgvector's most for hnsw.ef_search

AMONG = """
SELECT e.utterance_id, - (e.vector <#> %s::vector) FROM training_utteranceembedding e
WHERE e.utterance_id = ANY(%s) AND e.encoder = ANY(%s) ORDER BY 2 DESC LIMIT %s
"""
NEAR = """
WITH near AS MATERIALIZED (
    SELECT e.utterance_id, e.vector, e.encoder FROM training_utteranceembedding e
    ORDER BY binary_quantize(e.vector)::bit(384)
        <~> binary_quantize(%s::vector)::bit(384)
    LIMIT %s)
SELECT u.id, - (near.vector <#> %s::vector) AS likeness
FROM near JOIN annotations_utterance u ON u.id = near.utterance_id
WHERE near.encoder = ANY(%s) AND {conditions} ORDER BY likeness DESC LIMIT %s
"""


@dataclass(frozen=True)
class Neighbour:
    """likeness: the cosine of the two vectors, 1 for the same meaning."""

    utterance: Utterance
    likeness: float


def of_text(text: str, criteria: Criteria, *, by: User) -> list[Neighbour]:
    """The NEAREST to the text, best first. Raises NoEncoderError."""
    from training.serving import query_encoder

    vector = "[" + ",".join(f"{x:.6f}" for x in query_encoder.encode(text)) + "]"
    return _nearest(vector, query_encoder.COMPARABLE, criteria, by=by)


def of_utterance(
    utterance_id: int, criteria: Criteria, *, by: User
) -> tuple[Utterance, list[Neighbour]]:
    """The utterance and the NEAREST to it, itself left out.

    Raises NotFoundError where `by` may not see it, or it has no vector yet.
    """
    utterance = search.look_up(utterance_id, by=by)
    if utterance is None:
        raise NotFoundError("There is no such utterance, or not for you.")
    stored = UtteranceEmbedding.objects.filter(utterance=utterance_id).first()
    if stored is None:
        raise NotFoundError("No worker has read this utterance yet. Try again soon.")
    vector = "[" + ",".join(map(str, stored.vector)) + "]"
    found = _nearest(vector, (stored.encoder,), criteria, by=by, apart=utterance_id)
    return utterance, found


def _nearest(
    vector: str,
    encoders: Sequence[str],
    criteria: Criteria,
    *,
    by: User,
    apart: int = 0,
) -> list[Neighbour]:
    criteria = replace(criteria, words="")  # they were read for their meaning
    conditions = search.conditions_of(criteria, by=by)
    conditions.add("u.id <> %s", apart)
    ids = None if criteria.is_empty else _few(conditions)
    if ids is None:
        found = _near(vector, encoders, conditions)
    else:
        found = _among(vector, encoders, ids)
    rows = {u.pk: u for u in search.rows([pk for pk, _ in found])}
    return [Neighbour(rows[pk], likeness) for pk, likeness in found if pk in rows]


def _few(conditions: Conditions) -> list[int] | None:
    """All that fit, or None where there are too many to compare each."""
    with search.bitmaps_only():
        ids = search.first_matches(conditions)
    return ids if len(ids) <= search.MOST else None


def _among(
    vector: str, encoders: Sequence[str], ids: list[int]
) -> list[tuple[int, float]]:
    with connection.cursor() as cursor:
        cursor.execute(AMONG, [vector, ids, list(encoders), NEAREST])
        return cursor.fetchall()


def _near(
    vector: str, encoders: Sequence[str], conditions: Conditions
) -> list[tuple[int, float]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL hnsw.ef_search = {CANDIDATES}")
        # Rows deleted and not yet vacuumed must not take the candidates' places.
        cursor.execute("SET LOCAL hnsw.iterative_scan = relaxed_order")
        cursor.execute(
            NEAR.format(conditions=conditions.sql),
            [vector, CANDIDATES, vector, list(encoders), *conditions.values, NEAREST],
        )
        return cursor.fetchall()
