"""What a ranking draws: the head it fits, the pool it reads, the queue it leaves."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from annotations.models import QueueItem, Reason, Suggestion, Utterance
from annotations.models.queue import BLIND_REASONS
from annotations.services import queue
from training.models import Ranking
from training.services import datasets, heads, queue_neighbours, suggestions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.embeddings import Vectors, VectorView
    from training.ml.queue_plan import Candidates, Pick, Quotas

# The pool may grow by this much before its clusters are learned again.
RECLUSTER_GROWTH = 1.25
# Somebody asked for these; a ranking leaves them alone.
KEPT_REASONS = (Reason.SECOND_OPINION, Reason.SCHEMA_CHANGED, Reason.REQUESTED)


@dataclass(frozen=True)
class PoolRows:
    """The unlabeled utterances as columns, in the order of their ids."""

    ids: "NDArray[Any]"
    counts: "NDArray[Any]"
    is_exam: "NDArray[Any]"
    is_fallback: "NDArray[Any]"


@dataclass(frozen=True)
class Fitted:
    """The head of this ranking and what it learned from."""

    stored: heads.StoredHead | None
    labeled: "NDArray[Any]"  # (m, d)
    labeled_ids: "NDArray[Any]"  # (m,): whose vectors they are


def quotas() -> "Quotas":
    """Length and shares of the queue; settings.RANKING_QUOTAS changes any of them."""
    from training.ml.queue_plan import Quotas

    return Quotas(**getattr(settings, "RANKING_QUOTAS", {}))


def fit(ranking: Ranking, vectors: "Vectors", encoder: str) -> Fitted:
    """Fit the head on the gold labels outside the exam, from where it stood."""
    import numpy as np

    from training.ml import intent_model
    from training.ml.errors import TooFewLabelsError

    gold = list(
        datasets.gold()
        .filter(utterance__split=Utterance.Split.TRAIN)
        .order_by("utterance_id")
        .values_list("utterance_id", "intent__name", "utterance__count")
    )
    ranking.n_gold = len(gold)
    rows, there = vectors.rows_of(np.array([g[0] for g in gold], dtype=np.int64))
    known = [g for g, is_there in zip(gold, there, strict=True) if is_there]
    labeled = vectors.view(rows[there])[:]
    labeled_ids = np.array([pk for pk, _, _ in known], dtype=np.int64)
    before = heads.current()
    start = before.model.head if before and before.encoder == encoder else None
    try:
        model = intent_model.fit(
            labeled,
            [name for _, name, _ in known],
            unlabeled=_unlabeled(vectors) if self_training() else None,
            sample_weight=1.0 + np.log([count for _, _, count in known]),
            start=start,
        )
    except TooFewLabelsError:
        return Fitted(None, labeled, labeled_ids)
    stored = heads.StoredHead(f"head-{ranking.pk}", encoder, model)
    heads.store(stored)
    ranking.model_name = stored.name
    return Fitted(stored, labeled, labeled_ids)


def self_training() -> bool:
    """Whether the head learns from the pool too; settings.RANKING_SELF_TRAINING."""
    return bool(getattr(settings, "RANKING_SELF_TRAINING", True))


def _unlabeled(vectors: "Vectors") -> "VectorView":
    """The part of the pool that training may see: no exam utterance among it."""
    pool = _pool(vectors)
    rows, _ = vectors.rows_of(pool.ids[~pool.is_exam])
    return vectors.view(rows)


def draw(
    ranking: Ranking, vectors: "Vectors", fitted: Fitted, encoder: str, rng: Any
) -> tuple[PoolRows, "list[Pick]"]:
    from training.ml import queue_plan

    pool = _pool(vectors)
    ranking.n_pool = len(pool.ids)
    if len(pool.ids) == 0:
        return pool, []
    rows, _ = vectors.rows_of(pool.ids)
    candidates = queue_plan.Candidates(
        vectors.view(rows),
        pool.counts,
        pool.is_exam,
        pool.is_fallback,
        vectors.halves(rows),
    )
    known = queue_plan.Known(
        head=fitted.stored.model.head if fitted.stored else None,
        labeled=fitted.labeled,
        centres=_centres(candidates, encoder, rng),
    )
    workers = min(2, os.cpu_count() or 1)
    return pool, queue_plan.plan(candidates, known, quotas(), rng, workers=workers)


def _pool(vectors: "Vectors") -> PoolRows:
    """What may be queued: visible, unanswered, with a vector, and in nobody's hands."""
    import numpy as np

    held = QueueItem.objects.filter(status__in=QueueItem.OPEN).filter(
        Q(leased_at__isnull=False) | Q(reason__in=KEPT_REASONS)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT string_agg(int8send(id), '' ORDER BY id),
                string_agg(int4send(count), '' ORDER BY id),
                string_agg(CASE split WHEN 'exam' THEN '\\x01'::bytea
                    ELSE '\\x00'::bytea END, '' ORDER BY id),
                string_agg(CASE WHEN is_fallback THEN '\\x01'::bytea
                    ELSE '\\x00'::bytea END, '' ORDER BY id)
            FROM annotations_utterance WHERE status = 'pool' AND redaction = 'full'
            """
        )
        ids, counts, exam, fallback = (bytes(part or b"") for part in cursor.fetchone())
    all_ids = np.frombuffer(ids, ">i8").astype(np.int64)
    _, there = vectors.rows_of(all_ids)
    taken = np.array(list(held.values_list("utterance_id", flat=True)), dtype=np.int64)
    keep = there & ~np.isin(all_ids, taken)
    return PoolRows(
        all_ids[keep],
        np.frombuffer(counts, ">i4").astype(np.float32)[keep],
        np.frombuffer(exam, np.uint8).astype(bool)[keep],
        np.frombuffer(fallback, np.uint8).astype(bool)[keep],
    )


def _centres(candidates: "Candidates", encoder: str, rng: Any) -> "NDArray[Any]":
    """The kinds of utterances in the pool; learned again once it has grown much."""
    import numpy as np

    from training.ml import clusters
    from training.ml.query import n_coverage_clusters
    from training.ml.storage import written_aside

    path = Path(settings.DATA_DIR) / "embeddings" / encoder / "centres.npz"
    n = len(candidates)
    if path.exists():
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            if n <= int(kept["n"]) * RECLUSTER_GROWTH:
                return np.asarray(kept["centres"])
    found = clusters.centres(candidates.embeddings, n_coverage_clusters(n), rng)
    with written_aside(path) as aside, aside.open("wb") as file:
        np.savez(file, centres=found, n=np.array(n))
    return found


def refill(
    ranking: Ranking,
    vectors: "Vectors",
    fitted: Fitted,
    pool: PoolRows,
    picks: "Sequence[Pick]",
) -> None:
    """Queue and suggestions change together, or not at all."""
    guesses = _guesses(vectors, fitted, pool, picks)
    shown = [int(pool.ids[p.row]) for p in picks if p.reason not in BLIND_REASONS]
    answered = queue_neighbours.answered(
        shown, vectors, fitted.labeled, fitted.labeled_ids
    )
    alike = queue_neighbours.alike(guesses, vectors)
    draws = [
        queue.Draw(
            utterance_id=int(pool.ids[pick.row]),
            reason=pick.reason,
            draw_probability=pick.probability,
            score=pick.score,
            why={
                **_why(pick, guesses.get(int(pool.ids[pick.row]))),
                **answered.get(int(pool.ids[pick.row]), {}),
                **alike.get(int(pool.ids[pick.row]), {}),
            },
        )
        for pick in picks
    ]
    found = _suggestions(fitted.stored, guesses) if fitted.stored else []
    with transaction.atomic():
        # The queue last: until the commit its ready items are out of reach.
        suggestions.store(found)
        ranking.n_queued = queue.refill(draws, ranking_id=ranking.pk)


def _guesses(
    vectors: "Vectors", fitted: Fitted, pool: PoolRows, picks: "Sequence[Pick]"
) -> dict[int, list[tuple[str, float]]]:
    """The likeliest intents by utterance id, for items that may show them."""
    import numpy as np

    shown = [pick.row for pick in picks if pick.reason not in BLIND_REASONS]
    if fitted.stored is None or not shown:
        return {}
    ids = pool.ids[np.array(shown)]
    rows, _ = vectors.rows_of(ids)
    answers = fitted.stored.model.predict(vectors.view(rows)[:]).top(suggestions.TOP)
    return dict(zip(ids.tolist(), answers, strict=True))


def _suggestions(
    head: heads.StoredHead, guesses: dict[int, list[tuple[str, float]]]
) -> list[Suggestion]:
    from training.serving import champion

    utterances = Utterance.objects.filter(pk__in=guesses.keys())
    examples = {u.pk: suggestions.example_of(u) for u in utterances}
    predictor = champion.predictor()
    return suggestions.build(
        examples,
        {i: top for i, top in guesses.items() if i in examples},
        model_name=head.name,
        suggester=suggestions.TaggerSuggester(predictor) if predictor else None,
    )


def _why(pick: "Pick", guess: list[tuple[str, float]] | None) -> dict[str, Any]:
    if pick.reason == "uncertain" and guess and len(guess) > 1:
        return {"between": [guess[0][0], guess[1][0]]}
    return {}
