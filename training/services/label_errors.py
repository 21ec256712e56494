"""The worker's search for wrong labels: by the model, by near-duplicates, by marks."""

import logging
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models.functions import Now

from annotations.locks import Lock
from annotations.models import (
    Annotation,
    ErrorCandidate,
    ErrorSearch,
    GoldLabel,
    Suggestion,
    Utterance,
)
from annotations.services import error_candidates, review_queues
from annotations.services.alone import alone, bury_the_dead
from annotations.services.error_candidates import Found
from training.models import Round, UtteranceEmbedding
from training.services import datasets, heads, suggestions

if TYPE_CHECKING:
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

Kind = ErrorCandidate.Kind
# Cosine from which two texts count as saying the same.
LEAST_COSINE = 0.92
# The newest labels only: comparing all with all grows with the square.
MOST_LABELS = 30_000
# Below so many a fold has learned too little to contradict anybody.
FEWEST_LABELS = 60
# Of an intent with fewer, a fold may have seen none.
FEWEST_OF_AN_INTENT = 5
# Beyond this share of all labels the model, not the labels, is to be doubted.
MOST_SHARE = 0.10
MOST_SUSPECTS = 2000
_NUMBER = re.compile(r"\[([A-Z_]+?)_\d+\]")


@dataclass(frozen=True)
class Labels:
    """Gold labels outside the exam, with their vectors in the same order."""

    rows: Sequence[GoldLabel]
    vectors: "NDArray[Any]"  # (n, d)

    @cached_property
    def names(self) -> list[str]:
        return [row.intent.name for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)


def due() -> ErrorSearch | None:
    """The search to run now: one somebody asked for, else one after a round."""
    _bury_the_dead()
    waiting = ErrorSearch.objects.filter(status=ErrorSearch.Status.REQUESTED).first()
    if waiting:
        return waiting
    last = ErrorSearch.objects.first()
    ended = Round.objects.filter(finished_at__isnull=False).exclude(
        status=Round.Status.CANCELLED
    )
    if last is not None:
        ended = ended.filter(finished_at__gt=last.requested_at)
    newest = ended.order_by("-finished_at").first()
    if newest is None:
        return None
    return error_candidates.request(by=None, cause=f"round {newest.pk} has ended")


def _bury_the_dead() -> None:
    """No page waits for a worker that was killed: it offers to search again."""
    if ErrorSearch.objects.filter(status=ErrorSearch.Status.RUNNING).exists():
        with alone(Lock.LABEL_ERRORS) as is_ours:
            if is_ours:
                bury_the_dead(ErrorSearch)


def run(search: ErrorSearch) -> ErrorSearch | None:
    """Candidates are what this search finds; None where another process is at it.

    A failure is kept in the row and raised.
    """
    with alone(Lock.LABEL_ERRORS) as is_ours:
        if not is_ours:
            return None
        ErrorSearch.objects.filter(pk=search.pk).update(
            status=ErrorSearch.Status.RUNNING, started_at=Now()
        )
        try:
            labels = read()
            found = find(labels)
            with transaction.atomic():
                n_new = error_candidates.store(found)
                _finish(search, n_labels=len(labels), n_found=len(found), n_new=n_new)
        except Exception as error:
            # Whatever it was, the row must not say "running"; the caller hears of it.
            _finish(search, error=f"{type(error).__name__}: {error}"[:500])
            raise
        _vote()
    search.refresh_from_db()
    logger.info(
        "label errors searched",
        extra={"search": search.pk, "found": search.n_found, "new": search.n_new},
    )
    return search


def read() -> Labels:
    """The newest gold labels that have a vector, the exam left alone.

    Correcting exam labels only where a model disagrees would make the model look
    better than it is: the exam is corrected by second opinions drawn by chance.
    """
    import numpy as np

    newest = (
        datasets.gold()
        .filter(utterance__split=Utterance.Split.TRAIN)
        .select_related("utterance", "intent", "annotation")
        .prefetch_related("annotation__spans")
        .order_by("-resolved_at", "-utterance_id")[:MOST_LABELS]
    )
    rows = list(newest)
    vectors = dict(
        UtteranceEmbedding.objects.filter(
            encoder=_encoder(), utterance__in=[row.utterance_id for row in rows]
        ).values_list("utterance_id", "vector")
    )
    rows = [row for row in rows if row.utterance_id in vectors]
    matrix = np.array(
        [_floats(vectors[row.utterance_id]) for row in rows], dtype=np.float32
    )
    return Labels(rows, matrix)


def find(labels: Labels) -> list[Found]:
    """Every suspicion about these labels; what a reviewer settled is none."""
    near = _near(labels)
    own = _by_model(labels)
    found = [
        *own.values(),
        *_by_twins(labels, near, own),
        *_by_parameters(labels, near),
    ]
    settled = GoldLabel.Rule.REVIEWED
    reviewed = {row.annotation_id for row in labels.rows if row.rule == settled}
    return [
        *(one for one in found if one.annotation.pk not in reviewed),
        *_by_opinions(),
    ]


def _by_model(labels: Labels) -> dict[int, Found]:
    """By row: the labels that a model which never saw them contradicts."""
    import numpy as np

    from training.ml import label_errors

    if len(labels) < FEWEST_LABELS or len(set(labels.names)) < 2:
        return {}
    classes, proba = label_errors.out_of_fold(labels.vectors, labels.names)
    position = {name: column for column, name in enumerate(classes)}
    codes = np.array([position[name] for name in labels.names], dtype=np.intp)
    known = np.bincount(codes, minlength=len(classes)) >= FEWEST_OF_AN_INTENT
    found = [s for s in label_errors.suspects(codes, proba) if known[codes[s.row]]]
    most = min(MOST_SUSPECTS, math.ceil(MOST_SHARE * len(labels)))
    return {
        suspect.row: Found(
            annotation=labels.rows[suspect.row].annotation,
            kind=Kind.MODEL,
            score=suspect.score,
            evidence={
                "predicted": classes[suspect.predicted],
                "confidence": round(suspect.confidence, 3),
                "self_confidence": round(suspect.self_confidence, 3),
                "is_confident": suspect.is_confident,
            },
        )
        for suspect in found[:most]
    }


Near = dict[int, list[tuple[int, float]]]


def _near(labels: Labels) -> Near:
    """By row: the rows that say nearly the same, nearest first."""
    from training.ml import label_errors

    near: Near = defaultdict(list)
    for twin in label_errors.twins(labels.vectors, least=LEAST_COSINE):
        near[twin.left].append((twin.right, twin.cosine))
        near[twin.right].append((twin.left, twin.cosine))
    return {row: sorted(there, key=lambda t: -t[1]) for row, there in near.items()}


def _by_twins(labels: Labels, near: Near, own: dict[int, Found]) -> Iterator[Found]:
    """Labels in the minority among their near-duplicates; of a tie the weaker one."""
    for row, there in near.items():
        name = labels.names[row]
        others = [
            (twin, cosine) for twin, cosine in there if labels.names[twin] != name
        ]
        same = len(there) - len(others) + 1
        if not others or same > len(others):
            continue
        tied = same == len(others)
        if tied and not _is_weaker(labels, own, row, others[0][0]):
            continue
        yield Found(
            annotation=labels.rows[row].annotation,
            kind=Kind.TWIN,
            # A tie is 0.5; alone against many comes near 1.
            score=min(1.0, len(others) / (len(others) + same)),
            evidence={
                "twins": [labels.rows[twin].utterance_id for twin, _ in others[:5]],
                "cosine": round(others[0][1], 3),
                "same": same,
                "others": len(others),
            },
        )


def _is_weaker(labels: Labels, own: dict[int, Found], row: int, twin: int) -> bool:
    """Which of two labels to ask about: the one the model doubts, else the newer."""
    doubts = (row in own, twin in own)
    if doubts[0] != doubts[1]:
        return doubts[0]
    one, other = (labels.rows[n].annotation for n in (row, twin))
    return (one.created_at, one.utterance_id) > (other.created_at, other.utterance_id)


def _by_parameters(labels: Labels, near: Near) -> Iterator[Found]:
    """Words that near-duplicates of the same intent mark, and this one has unmarked."""
    for row, there in near.items():
        label = labels.rows[row]
        if not label.annotation.marks_known:
            continue  # nobody looked: there is nothing to have overlooked
        text = _plain(label.utterance.text)
        marked = {span.param for span in label.annotation.spans.all()}
        same = [twin for twin, _ in there if labels.names[twin] == labels.names[row]]
        claims: dict[str, list[int]] = defaultdict(list)
        for twin in same:
            for param in {
                span.param
                for span in labels.rows[twin].annotation.spans.all()
                if span.turn is None
                and span.param not in marked
                and _holds(text, _plain(span.text))
            }:
                claims[param].append(labels.rows[twin].utterance_id)
        for param, twins in claims.items():
            yield Found(
                annotation=label.annotation,
                kind=Kind.PARAMETER,
                score=len(twins) / (len(same) + 1),
                evidence={"param": param, "twins": twins[:5], "of": len(same)},
                param=param,
            )


def _by_opinions() -> Iterator[Found]:
    """Two people chose the same intent and differ in the rest of their labels."""
    agreed = GoldLabel.objects.filter(
        rule=GoldLabel.Rule.AGREED, utterance__split=Utterance.Split.TRAIN
    ).order_by("-resolved_at")[:MOST_LABELS]
    ids = list(agreed.values_list("utterance_id", flat=True))
    by_utterance: dict[int, list[Annotation]] = defaultdict(list)
    for label in review_queues.standing_labels().filter(utterance__in=ids):
        by_utterance[label.utterance_id].append(label)
    for label in GoldLabel.objects.filter(pk__in=ids).select_related("annotation"):
        others = {
            other: error_candidates.differences(other, label.annotation)
            for other in by_utterance[label.utterance_id]
            if other.intent_id == label.intent_id and other.pk != label.annotation_id
        }
        differ = sorted({what for found in others.values() for what in found})
        if differ:
            yield Found(
                annotation=label.annotation,
                kind=Kind.MARKS,
                score=0.5,
                evidence={
                    "answers": [str(other.pk) for other in others if others[other]],
                    "differ": differ,
                },
            )


def _vote() -> None:
    """A guess for what reviewers have open, by a head that its labels did not teach.

    What is disputed has no gold label, so the head never learned it.
    """
    import numpy as np

    head = heads.current()
    if head is None:
        return
    known = Suggestion.objects.filter(model_name=head.name).values("utterance")
    disputed = Utterance.objects.visible().filter(status=Utterance.Status.REVIEW)
    disputed = disputed.exclude(pk__in=known).order_by("id")[:MOST_SUSPECTS]
    vectors = dict(
        UtteranceEmbedding.objects.filter(
            encoder=head.encoder, utterance__in=list(disputed)
        ).values_list("utterance_id", "vector")
    )
    asked = [utterance for utterance in disputed if utterance.pk in vectors]
    if not asked:
        return
    matrix = np.array([_floats(vectors[u.pk]) for u in asked], dtype=np.float32)
    answers = head.model.predict(matrix).top(suggestions.TOP)
    found = suggestions.build(
        {u.pk: suggestions.example_of(u) for u in asked},
        {u.pk: top for u, top in zip(asked, answers, strict=True)},
        model_name=head.name,
        suggester=None,
    )
    suggestions.store(found)


def _encoder() -> str:
    """The encoder of the vectors that are there."""
    head = heads.current()
    if head is not None:
        return head.encoder
    return UtteranceEmbedding.objects.values_list("encoder", flat=True).first() or ""


def _floats(vector: Any) -> Any:
    return vector.to_list() if hasattr(vector, "to_list") else vector


def _plain(text: str) -> str:
    """As near-duplicates say it: case and the numbers of placeholders do not count."""
    return _NUMBER.sub(r"[\1]", text).lower()


def _holds(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None


def _finish(search: ErrorSearch, *, error: str = "", **counts: int) -> None:
    status = ErrorSearch.Status.FAILED if error else ErrorSearch.Status.DONE
    ErrorSearch.objects.filter(pk=search.pk).update(
        status=status, finished_at=Now(), error=error, **counts
    )
