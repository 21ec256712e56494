"""The utterances nearest in meaning to a text or to another utterance.

Where few utterances fit the other filters, their vectors are all compared. Where many
do, an index over the signs of the vectors (Hamming distance in a navigable graph,
Malkov and Yashunin 2016) is gone through, nearest first, until enough that fit are
found; the vectors themselves put those in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import connection, transaction
from django.utils.translation import gettext as _

from annotations.errors import NotFoundError
from annotations.models import User, Utterance
from annotations.services import search
from annotations.services.search import Conditions, Criteria
from training.models import UtteranceEmbedding

NEAREST = 50
BREADTH = 400  # how many the graph keeps in view: more finds more, and takes longer
# How many are compared by their vectors: among all, and among those that fit filters,
# of which the graph is gone through further, but no further than MOST_READ.
CANDIDATES, CANDIDATES_FILTERED = 400, 200
MOST_READ = 8_000

AMONG = """
SELECT e.utterance_id, - (e.vector <#> %s::vector) FROM training_utteranceembedding e
WHERE e.utterance_id = ANY(%s::bigint[]) AND e.encoder = ANY(%s)
ORDER BY 2 DESC LIMIT %s
"""
NEAR = """
WITH near AS MATERIALIZED (
    SELECT e.utterance_id, e.vector FROM (
        SELECT * FROM training_utteranceembedding
        ORDER BY binary_quantize(vector)::bit(384)
            <~> binary_quantize(%s::vector)::bit(384)) e
    CROSS JOIN LATERAL (
        SELECT FROM annotations_utterance u
        WHERE u.id = e.utterance_id AND {conditions} OFFSET 0) fits
    WHERE e.encoder = ANY(%s) LIMIT %s)
SELECT utterance_id, - (vector <#> %s::vector) AS likeness
FROM near ORDER BY likeness DESC LIMIT %s
"""
# The graph is gone through in its order, each utterance looked up, whatever the
# planner thinks of the filters.
WALK = f"""
SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
SET LOCAL hnsw.ef_search = {BREADTH}; SET LOCAL hnsw.iterative_scan = relaxed_order;
SET LOCAL hnsw.max_scan_tuples = {MOST_READ}
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
        raise NotFoundError(_("There is no such utterance, or not for you."))
    stored = UtteranceEmbedding.objects.filter(utterance=utterance_id).first()
    if stored is None:
        raise NotFoundError(_("No worker has read this utterance yet. Try again soon."))
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
        most = CANDIDATES if criteria.is_empty else CANDIDATES_FILTERED
        found = _near(vector, encoders, conditions, most)
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
    vector: str, encoders: Sequence[str], conditions: Conditions, most: int
) -> list[tuple[int, float]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(WALK)
        cursor.execute(
            NEAR.format(conditions=conditions.sql),
            [vector, *conditions.values, list(encoders), most, vector, NEAREST],
        )
        found = cursor.fetchall()
        cursor.execute("RESET enable_seqscan; RESET enable_bitmapscan")
    return found
