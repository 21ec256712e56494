"""From answered turns to the pool: every turn, its words kept in one place only."""

import json
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from annotations.intake.pipeline import Chunk, Prepared
from annotations.models import IntakeBatch
from annotations.services import intake_rows
from training.models import LiveTurn

logger = logging.getLogger(__name__)

SOURCE = "live"
CHUNK_ROWS = 1000
# A bot repeats a turn whose answer got lost within seconds; until then it is kept.
SETTLED = timedelta(seconds=30)
FORGET_ROWS = 10_000

# Words go: what is left of an answer says which model said what, how surely.
_LINK = """
UPDATE training_liveturn t SET pooled_at = clock_timestamp(), text = '',
    context = '[]', answer = answer - 'parameters' - 'function_call' - 'state',
    utterance_id = (
        SELECT u.id FROM annotations_utterance u WHERE u.dedupe_key = t.dedupe_key)
WHERE t.id = ANY(%s)
"""


def pool(*, settled: timedelta = SETTLED) -> int:
    """Turns answered a while ago are in the pool; returns how many were taken.

    A turn that the same conversation's ledger knows already counts for nothing, as
    in any intake. Several workers take different rows.
    """
    total = 0
    while taken := _pool_chunk(settled):
        total += taken
    if total:
        logger.info("live turns pooled", extra={"turns": total})
    return total


@transaction.atomic
def _pool_chunk(settled: timedelta) -> int:
    rows = list(
        LiveTurn.objects.select_for_update(skip_locked=True)
        .filter(pooled_at__isnull=True, created_at__lte=Now() - settled)
        .order_by("id")[:CHUNK_ROWS]
    )
    if not rows:
        return 0
    chunk = Chunk(rows=[_prepared(row) for row in rows], last_line=len(rows))
    intake_rows.store(chunk, IntakeBatch(id=None, source=SOURCE), with_labels=False)
    _link(rows)
    return len(rows)


def _link(rows: Sequence[LiveTurn]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LINK, [[row.pk for row in rows]])


def _prepared(row: LiveTurn) -> Prepared:
    told: dict[str, Any] = row.told
    is_fallback = told["is_fallback"] or bool(row.answer.get("fallback"))
    confidence = told["bot_confidence"]
    return Prepared(
        line=row.pk,
        text=row.text,
        dedupe_key=bytes(row.dedupe_key),
        is_exam=row.is_exam,
        context=json.dumps(row.context, ensure_ascii=False),
        conversation_id=row.conversation,
        turn=row.number if row.conversation else None,
        outcome="",
        domain=told["domain"],
        intent="",
        spans="[]",
        bot_intent=told["bot_intent"] or row.intent,
        bot_confidence=row.confidence if confidence is None else confidence,
        is_fallback=is_fallback,
        occurred_at=datetime.fromisoformat(told["occurred_at"]),
    )


def forget_old() -> int:
    """Answers older than LIVE_RETENTION_DAYS are gone; returns how many went.

    A part at a time, so that no statement runs long: the sweep comes again.
    """
    days = timedelta(days=settings.LIVE_RETENTION_DAYS)
    old = LiveTurn.objects.filter(created_at__lt=Now() - days, pooled_at__isnull=False)
    ids = list(old.order_by("created_at").values_list("pk", flat=True)[:FORGET_ROWS])
    LiveTurn.objects.filter(pk__in=ids).delete()
    return len(ids)
