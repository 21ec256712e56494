"""What the demo's annotators are asked: drawn by the queue's own plan, from a seed.

The queue itself also follows from when its ranking ran and what a viewer answered
meanwhile; two demos would learn from other labels.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from annotations.services.demo_labels import Choice, Choose, Pool
from training.services import queue_draw, ranking

if TYPE_CHECKING:
    from training.ml.encoder import Encoder
    from training.ml.queue_plan import Quotas

LABELS_A_DRAW = 100  # then the head learns from the answers, and the next are drawn


def chooser(*, seed: int, encoder: "Encoder | None" = None) -> Choose:
    """Chooses as people's queue does, the same rows of the same pool each time.

    Vectors are kept: how texts are batched changes their last digits, so that those
    the worker makes would not do.
    """
    import numpy as np

    from training.ml import clusters, query, queue_plan
    from training.ml.linear_head import fit_linear_head
    from training.ml.vector_cache import CachingEncoder

    folder = Path(settings.DATA_DIR) / "demo"
    reader = CachingEncoder(encoder or ranking.default_encoder(), folder)
    known: dict[Any, list[Choice]] = {}

    def choose(pool: Pool, n: int, *, asked: Sequence[tuple[str, str]]) -> list[Choice]:
        key = (pool.texts, n, tuple(asked))
        if key not in known:
            known[key] = drawn(pool, n, asked)
        return known[key]

    def drawn(pool: Pool, n: int, asked: Sequence[tuple[str, str]]) -> list[Choice]:
        rng = np.random.default_rng([seed, len(asked)])
        vectors = reader.encode(pool.texts)
        counts = np.array(pool.counts, dtype=np.float32)
        fallback = np.array(pool.is_fallback, dtype=bool)
        learned = reader.encode([text for text, _ in asked])
        names = [name for _, name in asked]
        n_clusters = query.n_coverage_clusters(len(vectors))
        centres = clusters.centres(vectors, n_clusters, rng) if n else vectors[:0]
        head = None
        free = np.arange(len(vectors))
        found: list[Choice] = []
        while len(found) < n and len(free):
            head = fit_linear_head(learned, names, start=head) if names else None
            candidates = queue_plan.Candidates(
                vectors[free],
                counts[free],
                np.zeros(len(free), dtype=bool),
                fallback[free],
            )
            picks = queue_plan.plan(
                candidates,
                queue_plan.Known(head, learned, centres),
                without_exam(min(LABELS_A_DRAW, n - len(found))),
                rng,
            )
            rows = free[[pick.row for pick in picks]]
            found += [
                Choice(int(row), pick.reason, pick.probability)
                for row, pick in zip(rows, picks, strict=True)
            ]
            learned = np.concatenate([learned, vectors[rows]])
            names += [pool.answer(int(row)) for row in rows]
            free = np.setdiff1d(free, rows)
        return found[:n]

    return choose


def without_exam(length: int) -> "Quotas":
    """The queue's shares where exam items are drawn apart from it."""
    from training.ml.queue_plan import Quotas

    usual = queue_draw.quotas()
    rest = 1.0 - usual.exam
    return Quotas(
        length=length,
        uncertain=usual.uncertain / rest,
        fallback=usual.fallback / rest,
        diverse=usual.diverse / rest,
        exam=0.0,
        random=usual.random / rest,
    )
