"""Labeled utterances that mean the same as what somebody writes.

By the vectors that ranking stored, and the encoder that search uses in the web process.
Until a worker has made it there is nothing to ask, and samples are compared by their
letters alone.
"""

from collections.abc import Sequence

from django.db import connection, transaction

from training.serving import query_encoder

MOST = 3
# A text takes some 10 ms; beyond so many the page would keep its reader waiting.
MOST_TEXTS = 24
# The index knows the signs of the vectors only; the vectors order what it finds.
CANDIDATES = 200

_NEAREST = """
WITH near AS MATERIALIZED (
    SELECT e.utterance_id, e.vector, e.encoder FROM training_utteranceembedding e
    ORDER BY binary_quantize(e.vector)::bit(384)
        <~> binary_quantize(%(vector)s::vector)::bit(384)
    LIMIT %(candidates)s)
SELECT near.utterance_id, -(near.vector <#> %(vector)s::vector) AS cosine FROM near
JOIN annotations_goldlabel g ON g.utterance_id = near.utterance_id
JOIN annotations_utterance u ON u.id = near.utterance_id AND u.split = 'train'
WHERE near.encoder = ANY(%(encoders)s) ORDER BY cosine DESC LIMIT %(most)s
"""


def labeled(texts: Sequence[str]) -> list[list[tuple[int, float]]]:
    """(utterance id, cosine), nearest first, for each of the first MOST_TEXTS texts."""
    found: list[list[tuple[int, float]]] = [[] for _ in texts]
    try:
        vectors = [query_encoder.encode(text) for text in texts[:MOST_TEXTS]]
    except query_encoder.NoEncoderError:
        return found
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL hnsw.ef_search = {CANDIDATES}")
        for place, vector in enumerate(vectors):
            values = {
                "vector": "[" + ",".join(f"{x:.6f}" for x in vector) + "]",
                "encoders": list(query_encoder.COMPARABLE),
                "candidates": CANDIDATES,
                "most": MOST,
            }
            cursor.execute(_NEAREST, values)
            found[place] = cursor.fetchall()
    return found
