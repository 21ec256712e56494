"""Labeled utterances that mean the same, by the vectors that ranking stored.

The web process embeds with the int8 graph under ONNX Runtime, which a worker makes
once; until then, or where another encoder made the vectors, there is nothing to ask.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection

if TYPE_CHECKING:
    from training.ml.encoder_onnx import OnnxEncoder

MOST = 3
# A text takes some 10 ms; beyond so many the page would keep its reader waiting.
MOST_TEXTS = 24

_NEAREST = """
SELECT w.place, near.utterance_id, near.cosine
FROM unnest(%(vectors)s::vector[]) WITH ORDINALITY AS w(vector, place)
CROSS JOIN LATERAL (
    SELECT e.utterance_id, -(e.vector <#> w.vector) AS cosine
    FROM training_utteranceembedding e
    JOIN annotations_goldlabel g ON g.utterance_id = e.utterance_id
    JOIN annotations_utterance u ON u.id = e.utterance_id AND u.split = 'train'
    WHERE e.encoder = %(encoder)s
    ORDER BY e.vector <#> w.vector LIMIT %(most)s) near
"""


def labeled(texts: Sequence[str]) -> list[list[tuple[int, float]]]:
    """(utterance id, cosine), nearest first, for each of the first MOST_TEXTS texts."""
    found: list[list[tuple[int, float]]] = [[] for _ in texts]
    encoder = _encoder()
    asked = list(texts[:MOST_TEXTS])
    if encoder is None or not asked:
        return found
    vectors = [
        "[" + ",".join(f"{x:.6f}" for x in row) + "]" for row in encoder.encode(asked)
    ]
    values = {"vectors": vectors, "encoder": encoder.name, "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(_NEAREST, values)
        for place, utterance_id, cosine in cursor.fetchall():
            found[place - 1].append((utterance_id, cosine))
    return found


def _encoder() -> "OnnxEncoder | None":
    """The encoder, if its graph is there: a worker makes it, with torch."""
    from training.ml import encoder_onnx

    folder = Path(settings.DATA_DIR) / "encoders"
    if not (folder / encoder_onnx.GRAPH_FILE).exists():
        return None
    return _opened(folder)


@cache
def _opened(folder: Path) -> "OnnxEncoder":
    from training.ml.encoder_onnx import OnnxEncoder

    return OnnxEncoder(folder, threads=1)
