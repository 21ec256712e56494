"""Who works on what: leases on the short queue, and its refill."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotations.errors import LeaseLostError
from annotations.locks import Lock
from annotations.models import (
    Annotation,
    QueueItem,
    Reason,
    Suggestion,
    User,
    Utterance,
    WorkerHeartbeat,
)
from annotations.services import catalogue, prepared, turns
from annotations.services.prepared import Columns

LEASE = timedelta(minutes=10)
# A worker that was silent for so long counts as gone.
WORKER_SILENCE = timedelta(seconds=30)
# An item that somebody held lately stays known, so that a late answer finds it.
MEMORY_OF_LEASES = timedelta(days=1)
# More open pages of one person, with two items each, hold items back from the others.
MAX_LEASES = 8
# Somebody or something asked for these: no refill takes them away.
ASKED_FOR = (Reason.SECOND_OPINION, Reason.SCHEMA_CHANGED, Reason.REQUESTED)

ITEM = Columns(
    QueueItem, "q", "id", "utterance_id", "reason", "why", "draw_probability",
    "status", "leased_by_id", "holders", "lease_expires_at",
)  # fmt: skip
UTTERANCE = Columns(
    Utterance, "u", "id", "text", "count", "status", "context", "conversation_id",
    "turn", "occurred_at", "created_at",
)  # fmt: skip
SUGGESTION = Columns(
    Suggestion, "s", "utterance_id", "model_name", "intents", "parameters"
)
SHOWN = f"""SELECT {ITEM.sql}, {UTTERANCE.sql}, {SUGGESTION.sql}, ({catalogue.STAMP})
    {{more}}
FROM {{items}} q
JOIN annotations_utterance u ON u.id = q.utterance_id
LEFT JOIN annotations_suggestion s ON s.utterance_id = u.id"""

# A changed schema may ask somebody about their own answer again, nothing else may.
# One statement: concurrent claims skip one another's rows instead of waiting. OFFSET 0
# keeps the look at earlier answers one look in an index per candidate: as a join it
# was planned to read all answers whenever statistics lagged behind.
CLAIM = f"""
WITH taken AS (
    UPDATE annotations_queueitem
    SET status = 'leased', leased_by_id = %(user)s, leased_at = clock_timestamp(),
        lease_expires_at = clock_timestamp() + %(lease)s,
        holders = holders || %(user)s
    WHERE id = (
        SELECT q.id FROM annotations_queueitem q
        WHERE q.status = 'ready' AND (q.reason = 'schema_changed' OR NOT EXISTS (
            SELECT FROM annotations_annotation a
            WHERE a.utterance_id = q.utterance_id AND a.annotator_id = %(user)s
                AND a.kind <> 'undo' AND NOT EXISTS (
                    SELECT FROM annotations_annotation u WHERE u.undoes_id = a.id)
            OFFSET 0))
        ORDER BY q.rank, q.id LIMIT 1
        FOR UPDATE SKIP LOCKED)
    RETURNING *)
{SHOWN.format(items="taken", more=f", ({turns.LABELS})")}
"""
LOCK = f"""
{SHOWN.format(items="annotations_queueitem", more="")}
WHERE q.id = %(item)s FOR UPDATE OF q, u
"""


@dataclass(frozen=True)
class QueueState:
    """Why there is nothing, or how much there is, for one person."""

    ready: int
    mine_answered: int
    held_by_others: int
    held_by_me: int  # in other tabs, or by a page that closed without a word
    next_free_at: datetime | None
    pool: int
    worker_alive: bool


@dataclass(frozen=True)
class Draw:
    """One place of the next queue, best first in the list that is given to refill."""

    utterance_id: int
    reason: str
    draw_probability: float
    score: float = 0.0
    why: dict[str, Any] | None = None


def claim_next(*, by: User) -> QueueItem | None:
    """Lease the best ready item to `by`, or None where the queue has none for them.

    Expired leases of others are freed when nothing else is ready, so that the queue
    goes on without a worker. Joins a transaction that is already open.
    """
    item = _claim(by)
    if item is not None:
        return item
    # A refill may hold every ready item for a moment: what follows it counts, and the
    # next one waits until this transaction is over.
    with transaction.atomic():
        _wait_for_refill()
        free_expired()
        return _claim(by)


def take(n: int, *, by: User, since: datetime | None = None) -> list[QueueItem]:
    """Lease up to n items to `by`, best first.

    since: those taken from then on and still held come first. The response that
    carried them may have been lost: the retry gets them once more.
    """
    items = list(_held(by).filter(leased_at__gte=since)[:n]) if since and n else []
    while len(items) < n:
        item = claim_next(by=by)
        if item is None:
            break
        items.append(item)
    return items


def held(item_id: int, *, by: User) -> QueueItem | None:
    """The item while `by` holds it."""
    return _held(by).filter(pk=item_id).first()


def _held(by: User) -> QuerySet[QueueItem]:
    return (
        with_all(QueueItem.objects)
        .filter(status=QueueItem.Status.LEASED, leased_by=by)
        .order_by("leased_at")
    )


def _claim(by: User) -> QueueItem | None:
    return _shown(prepared.rows(CLAIM, {"user": by.pk, "lease": LEASE}))


def lock(item_id: int) -> QueueItem | None:
    """The item and its utterance, nobody else's until the transaction ends."""
    return _shown(prepared.rows(LOCK, {"item": item_id}))


def _shown(found: list[tuple]) -> QueueItem | None:
    """The item of a row of SHOWN, with its utterance and the suggestion."""
    if not found:
        return None
    values, end = found[0], len(ITEM) + len(UTTERANCE)
    suggested = end + len(SUGGESTION)
    item = ITEM.read(values[: len(ITEM)])
    item.utterance = UTTERANCE.read(values[len(ITEM) : end])
    is_guessed = values[end] is not None
    guess = SUGGESTION.read(values[end:suggested]) if is_guessed else None
    # As select_related caches it: None is “there is none”, without a query.
    item.utterance._state.fields_cache["suggestion"] = guess
    item.catalogue_stamp, *labels_before = values[suggested:]
    if labels_before:
        [item.labels_before] = labels_before
    return item


def with_all(items: QuerySet[QueueItem]) -> QuerySet[QueueItem]:
    """With what the desk shows, so that one query fetches an item."""
    return items.select_related("utterance", "utterance__suggestion")


def in_lease() -> Combinable:
    """When a lease that starts now will end, by the database's clock."""
    return Now() + LEASE


def renew(*, item_id: int, by: User) -> datetime:
    """Extend the caller's lease; returns when it will end."""
    changed = QueueItem.objects.filter(
        pk=item_id, status=QueueItem.Status.LEASED, leased_by=by
    ).update(lease_expires_at=in_lease())
    if not changed:
        raise LeaseLostError(_("Somebody else has this item now."), item=item_id)
    return QueueItem.objects.values_list("lease_expires_at", flat=True).get(pk=item_id)


def release(*item_ids: int, by: User) -> int:
    """Give the items back; returns how many of them the caller still held."""
    return QueueItem.objects.filter(
        pk__in=item_ids, status=QueueItem.Status.LEASED, leased_by=by
    ).update(status=QueueItem.Status.READY, lease_expires_at=None)


def release_surplus(*, by: User) -> int:
    """Free the caller's oldest leases beyond MAX_LEASES; returns how many."""
    held = QueueItem.objects.filter(status=QueueItem.Status.LEASED, leased_by=by)
    surplus = held.order_by("-leased_at").values_list("pk", flat=True)[MAX_LEASES:]
    return QueueItem.objects.filter(
        pk__in=list(surplus), status=QueueItem.Status.LEASED
    ).update(status=QueueItem.Status.READY, lease_expires_at=None)


def free_expired() -> int:
    """Make items with an ended lease ready again; returns how many."""
    return QueueItem.objects.filter(
        status=QueueItem.Status.LEASED, lease_expires_at__lt=Now()
    ).update(status=QueueItem.Status.READY, lease_expires_at=None)


def state(*, by: User) -> QueueState:
    """The true counts behind an empty or a full desk."""
    answered = Annotation.objects.standing().filter(annotator=by).values("utterance")
    mine = Q(utterance__in=answered) & ~Q(reason=Reason.SCHEMA_CHANGED)
    ready, leased = Q(status=QueueItem.Status.READY), Q(status=QueueItem.Status.LEASED)
    open_items = QueueItem.objects.filter(status__in=QueueItem.OPEN).aggregate(
        ready=Count("id", filter=ready & ~mine),
        answered=Count("id", filter=ready & mine),
        held=Count("id", filter=leased & ~Q(leased_by=by)),
        mine=Count("id", filter=leased & Q(leased_by=by)),
        free_at=Min("lease_expires_at", filter=~Q(leased_by=by)),
    )
    return QueueState(
        ready=open_items["ready"],
        mine_answered=open_items["answered"],
        held_by_others=open_items["held"],
        held_by_me=open_items["mine"],
        next_free_at=open_items["free_at"],
        pool=Utterance.objects.in_pool().count(),
        worker_alive=worker_alive(),
    )


def worker_alive(queue: str = "default") -> bool:
    return WorkerHeartbeat.objects.filter(
        queues__contains=queue, last_seen_at__gte=Now() - WORKER_SILENCE
    ).exists()


def _wait_for_refill() -> None:
    """Return once no refill is about to commit, after two seconds at the latest.

    Asked in short turns: a caller that holds an item must not wait inside a lock.
    """
    for _turn in range(200):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_try_advisory_xact_lock_shared(%s)", [Lock.REFILL.value]
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)


@transaction.atomic
def refill(draws: Iterable[Draw], *, ranking_id: int | None = None) -> int:
    """Replace the part of the queue that nobody holds by `draws`; returns its length.

    Leased items, items held lately and second opinions somebody asked for stay.
    Utterances that left the pool since they were drawn, or still have an open item,
    are passed over. Nothing in the pool is touched.
    """
    # The first of two draws of one utterance wins.
    wanted = {d.utterance_id: d for d in reversed(list(draws))}
    # FOR KEY SHARE of the foreign key is not enough: an answer may be under way.
    still = set(
        Utterance.objects.in_pool()
        .filter(pk__in=wanted.keys())
        .values_list("pk", flat=True)
    )
    # From here to the commit nobody finds a ready item: as little as possible.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.REFILL.value])
    _withdraw()
    kept = set(
        QueueItem.objects.filter(status__in=QueueItem.OPEN).values_list(
            "utterance_id", flat=True
        )
    )
    chosen = [d for d in reversed(wanted.values()) if d.utterance_id in still - kept]
    items = [
        QueueItem(
            utterance_id=draw.utterance_id,
            reason=draw.reason,
            why=draw.why or {},
            rank=rank,
            score=draw.score,
            draw_probability=draw.draw_probability,
            ranking_id=ranking_id,
        )
        for rank, draw in enumerate(chosen)
    ]
    QueueItem.objects.bulk_create(items, batch_size=1000, ignore_conflicts=True)
    return len(items)


def _withdraw() -> None:
    """Delete ready items of earlier refills, skipping those being claimed just now."""
    idle = Q(leased_at__isnull=True) | Q(leased_at__lt=Now() - MEMORY_OF_LEASES)
    drawn = QueueItem.objects.filter(idle, status=QueueItem.Status.READY).exclude(
        Q(reason__in=ASKED_FOR) | Q(why__has_key="drift_check")
    )
    ids = list(drawn.select_for_update(skip_locked=True).values_list("pk", flat=True))
    QueueItem.objects.filter(pk__in=ids).delete()


def last_rank() -> int:
    """The rank of the last ready item; 0 where none is ready."""
    ready = QueueItem.objects.filter(status=QueueItem.Status.READY)
    return ready.aggregate(last=Max("rank"))["last"] or 0
