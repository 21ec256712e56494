"""The fast loop: embed, refit the head, draw the next queue. One at a time."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models.functions import Now

from annotations.locks import Lock
from annotations.models import Annotation, QueueItem, Utterance
from annotations.services.alone import alone, bury_the_dead
from training.models import Ranking
from training.services import checkpoints, queue_draw

if TYPE_CHECKING:
    from training.ml.encoder import Encoder

logger = logging.getLogger(__name__)

NEW_LABELS = 20
MAX_WAIT = timedelta(seconds=60)
LOW_WATER = 60
PAUSE = timedelta(seconds=10)  # between two rankings that no label asked for
PAUSE_AFTER_FAILURE = timedelta(seconds=60)
# A background ranking embeds for so long, then ranks what it has and is due again.
EMBED_SECONDS = 20.0


class Steps:
    """Where a ranking is, written to its row now and then, and how long each took."""

    def __init__(self, ranking: Ranking) -> None:
        self._ranking = ranking
        self._told = float("-inf")
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, sentence: str) -> Iterator[None]:
        self.tell(sentence, 0, 0, at_once=True)
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(time.perf_counter() - started, 3)

    def tell(
        self, sentence: str, done: int, total: int, *, at_once: bool = False
    ) -> None:
        now = time.monotonic()
        if not at_once and now - self._told < 1.0 and done < total:
            return
        self._told = now
        progress = {"step": sentence, "done": done, "total": total}
        Ranking.objects.filter(pk=self._ranking.pk).update(progress=progress)


def rank(
    *,
    reason: str,
    embed_seconds: float | None = EMBED_SECONDS,
    encoder: "Encoder | None" = None,
    seed: int | None = None,
) -> Ranking | None:
    """Refill the queue from the pool; None where another process is at it.

    embed_seconds: how long missing vectors may take, None for as long as needed.
    A failure is kept in the row and raised.
    """
    with alone(Lock.RANKING) as is_ours:
        if not is_ours:
            return None
        bury_the_dead(Ranking)
        ranking = Ranking.objects.create(cause=reason[:80])
        steps = Steps(ranking)
        try:
            _run(ranking, steps, encoder or default_encoder(), embed_seconds, seed)
        except Exception as error:
            # Whatever it was, the row must not say "running"; the caller hears of it.
            _finish(ranking, steps, Ranking.Status.FAILED, error=repr(error)[:2000])
            raise
        _finish(ranking, steps, Ranking.Status.DONE)
    ranking.refresh_from_db()
    logger.info(
        "queue ranked",
        extra={"ranking": ranking.pk, "queued": ranking.n_queued, "cause": reason},
    )
    return ranking


def due() -> str | None:
    """Why the queue should be ranked now; None while it need not."""
    last = Ranking.objects.first()
    if last is None:
        return "first" if Utterance.objects.in_pool().exists() else None
    age = _age(last)
    if last.status == Ranking.Status.FAILED and age < PAUSE_AFTER_FAILURE:
        return None
    answers = Annotation.objects.filter(created_at__gte=last.started_at)
    if len(answers.order_by()[:NEW_LABELS]) >= NEW_LABELS:
        return f"{NEW_LABELS} new labels"
    if age >= MAX_WAIT and answers.exists():
        return "new labels"
    if age < PAUSE:
        return None
    # It left the queue as it was, maybe empty: then no label would come to ask.
    if last.status != Ranking.Status.DONE and age >= PAUSE_AFTER_FAILURE:
        return "the last one broke off"
    if _is_low(last):
        return "queue low"
    return "new utterances" if _has_backlog() else None


def default_encoder() -> "Encoder":
    """The encoder of this process, loaded once."""
    global _encoder
    if _encoder is None:
        from training.ml import encoder

        _encoder = encoder.default_encoder(checkpoints.shared_folder())
    return _encoder


_encoder: "Encoder | None" = None


def _run(
    ranking: Ranking,
    steps: Steps,
    encoder: "Encoder",
    embed_seconds: float | None,
    seed: int | None,
) -> None:
    import numpy as np

    from training import embeddings

    rng = np.random.default_rng(ranking.pk if seed is None else seed)
    with steps.step("embed", "Reading new utterances"):
        ranking.n_embedded = _embed(steps, encoder, embed_seconds)
    with steps.step("vectors", "Opening the vectors"):
        vectors = embeddings.open_vectors(encoder.name)
    with steps.step("fit", "Learning from the labels"):
        fitted = queue_draw.fit(ranking, vectors, encoder.name)
    with steps.step("score", "Looking for what to ask"):
        pool, picks = queue_draw.draw(ranking, vectors, fitted, encoder.name, rng)
    with steps.step("queue", "Filling the queue"):
        queue_draw.refill(ranking, vectors, fitted, pool, picks)


def _embed(steps: Steps, encoder: "Encoder", seconds: float | None) -> int:
    from training import embeddings

    started = time.monotonic()

    def go_on(done: int, total: int) -> bool:
        steps.tell("Reading new utterances", done, total)
        return seconds is None or time.monotonic() - started < seconds

    return embeddings.embed_missing(encoder, go_on)


def _finish(ranking: Ranking, steps: Steps, status: str, error: str = "") -> None:
    Ranking.objects.filter(pk=ranking.pk).update(
        status=status,
        finished_at=Now(),
        progress=steps.seconds,
        error=error,
        n_pool=ranking.n_pool,
        n_embedded=ranking.n_embedded,
        n_gold=ranking.n_gold,
        n_queued=ranking.n_queued,
        model_name=ranking.model_name,
    )


def _age(last: Ranking) -> timedelta:
    """By the database's clock, which wrote the start."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now() - %s", [last.started_at])
        return cursor.fetchone()[0]


def _is_low(last: Ranking) -> bool:
    """Fewer ready items than wanted, and fewer than the last ranking left."""
    ready = QueueItem.objects.filter(status=QueueItem.Status.READY)
    n_ready = len(ready.order_by()[:LOW_WATER].values_list("pk", flat=True))
    return n_ready < LOW_WATER and n_ready < last.n_queued


def _has_backlog() -> bool:
    from training import embeddings

    return embeddings.has_missing(default_encoder().name)
