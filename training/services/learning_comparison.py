"""What active learning is worth, from the labels there are: made anew as they come."""

import logging
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from annotations.locks import Lock
from annotations.models import Annotation, GoldLabel, Reason, Utterance
from annotations.services.alone import alone, bury_the_dead
from training.models import LearningComparison, Round
from training.services import datasets, heads

if TYPE_CHECKING:
    from training.ml.choosing import Exam, Labels

logger = logging.getLogger(__name__)

CHOSEN = (Reason.UNCERTAIN, Reason.FALLBACK, Reason.DIVERSE)
CONTROL = (Reason.RANDOM,)
# Due after so many labels more than the last one knew, or any after a round.
NEWER_SHARE, NEWER = 0.1, 20
PAUSE_AFTER_FAILURE = timedelta(minutes=30)
MOST_ITEMS = 2000  # of the exam, the newest
Status = LearningComparison.Status
Rows = list[tuple[int, str]]  # utterance, intent


def latest() -> LearningComparison | None:
    """The newest that was made; None before the first."""
    return LearningComparison.objects.filter(status=Status.DONE).first()


def counts() -> dict[str, int]:
    """The labels there are of each kind, by the name of the model's field."""
    found = _drawn().aggregate(
        n_chosen=Count("pk", filter=Q(drawn__in=CHOSEN)),
        n_control=Count("pk", filter=Q(drawn__in=CONTROL)),
    )
    return {**found, "n_exam": _of(Utterance.Split.EXAM).count()}


def least() -> dict[str, int]:
    """How many of each it takes."""
    from training.ml import choosing

    return {
        "n_chosen": choosing.LEAST_LABELS,
        "n_control": choosing.LEAST_LABELS,
        "n_exam": choosing.LEAST_ITEMS,
    }


def drawn_for(*reasons: str) -> QuerySet[GoldLabel]:
    """Gold labels to train on of utterances first asked for one of these reasons.

    What was asked first is in front: `asked_at` says when it was answered.
    """
    return _drawn().filter(drawn__in=reasons).order_by("asked_at", "utterance_id")


def _drawn() -> QuerySet[GoldLabel]:
    """Gold labels to train on with the reason of the first question and its time."""
    first = (
        Annotation.objects.filter(
            utterance=OuterRef("utterance"), kind=Annotation.Kind.LABEL
        )
        .exclude(reason="")
        .order_by("created_at", "pk")
    )
    return _of(Utterance.Split.TRAIN).annotate(
        drawn=Subquery(first.values("reason")[:1]),
        asked_at=Subquery(first.values("created_at")[:1]),
    )


def is_due() -> bool:
    """Whether there is enough to compare, and enough of it is new."""
    last = LearningComparison.objects.first()
    if _has_just_failed(last):
        return False
    now = counts()
    if any(now[name] < wanted for name, wanted in least().items()):
        return False
    if last is None or last.status != Status.DONE:
        return True
    known = {name: getattr(last, name) for name in now}
    if any(
        now[name] - known[name] >= max(NEWER, NEWER_SHARE * known[name]) for name in now
    ):
        return True
    ended = Round.objects.filter(status__in=Round.ENDED).aggregate(
        at=Max("finished_at")
    )["at"]
    return now != known and ended is not None and ended > last.started_at


def refresh() -> LearningComparison | None:
    """Compare, step by step told in the row.

    None where another process is at it, or too few labels have a vector yet. A failure
    is kept in the row and raised.
    """
    with alone(Lock.COMPARISON) as is_ours:
        if not is_ours:
            return None
        bury_the_dead(LearningComparison)
        data = _read()
        if data is None:
            return None
        comparison = LearningComparison.objects.create(**counts())
        try:
            _make(comparison, *data)
        except Exception as error:
            # Whatever it was, the row must not say "running"; the caller hears of it.
            _finish(comparison, status=Status.FAILED, error=repr(error)[:500])
            raise
    comparison.refresh_from_db()
    logger.info("learning compared", extra={"comparison": comparison.pk})
    return comparison


def _make(
    comparison: LearningComparison, chosen: "Labels", control: "Labels", exam: "Exam"
) -> None:
    import numpy as np

    from training.ml import choosing

    def tell(done: int, total: int) -> None:
        LearningComparison.objects.filter(pk=comparison.pk).update(
            progress={"done": done, "total": total}
        )

    rng = np.random.default_rng(len(chosen) + len(control))
    found = choosing.compare(chosen, control, exam, rng, tell=tell)
    _finish(
        comparison,
        status=Status.DONE,
        curves={
            "chosen": [asdict(band) for band in found.chosen],
            "control": [asdict(band) for band in found.control],
        },
        difference=asdict(found.difference),
    )


def _read() -> "tuple[Labels, Labels, Exam] | None":
    from training.ml import choosing

    head = heads.current()
    if head is None:
        return None
    enough = round(choosing.MOST_LABELS / choosing.KEPT)
    chosen = labels(drawn_for(*CHOSEN)[:enough], head.encoder)
    control = labels(drawn_for(*CONTROL)[:enough], head.encoder)
    exam = exam_of(head.encoder)
    if (
        min(len(chosen), len(control)) < choosing.LEAST_LABELS
        or len(exam.intents) < choosing.LEAST_ITEMS
    ):
        return None
    return chosen, control, exam


def labels(found: QuerySet[GoldLabel], encoder: str) -> "Labels":
    """Those that have a vector, in their order."""
    from training.ml.choosing import Labels

    rows, vectors = _with_vectors(
        list(found.values_list("utterance_id", "intent__name")), encoder
    )
    return Labels(vectors, [name for _, name in rows])


def exam_of(encoder: str) -> "Exam":
    """The newest exam items that have a vector."""
    from training.ml.choosing import Exam

    newest = _of(Utterance.Split.EXAM).order_by("-resolved_at", "-utterance_id")
    found = newest[:MOST_ITEMS].values_list(
        "utterance_id", "intent__name", "utterance__conversation"
    )
    calls = {pk: call for pk, _, call in found}
    rows, vectors = _with_vectors([(pk, name) for pk, name, _ in found], encoder)
    groups = [f"c{calls[pk]}" if calls[pk] else f"u{pk}" for pk, _ in rows]
    return Exam(vectors, [name for _, name in rows], groups)


def _with_vectors(found: Rows, encoder: str) -> tuple[Rows, Any]:
    import numpy as np

    from training import embeddings

    ids, vectors = embeddings.read(encoder, [pk for pk, _ in found])
    row_of = {int(pk): row for row, pk in enumerate(ids)}
    kept = [one for one in found if one[0] in row_of]
    rows = np.array([row_of[pk] for pk, _ in kept], dtype=np.intp)
    return kept, vectors[rows]


def _of(split: str) -> QuerySet[GoldLabel]:
    return datasets.gold().filter(utterance__split=split)


def _has_just_failed(last: LearningComparison | None) -> bool:
    if last is None or last.status != Status.FAILED or last.finished_at is None:
        return False
    return timezone.now() - last.finished_at < PAUSE_AFTER_FAILURE


def _finish(comparison: LearningComparison, **fields: Any) -> None:
    LearningComparison.objects.filter(pk=comparison.pk).update(
        finished_at=Now(), **fields
    )
