"""Telling a worker that there is work. The work itself is a row in the database.

A bell that cannot be rung is no error: a sweep finds the row within seconds.
"""

import logging
import time
from functools import partial
from uuid import UUID

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# One more try covers a pooled connection that the broker closed meanwhile.
RETRY_ONCE = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
# After a failure bells stay silent for a while, so that a broker which takes
# connections and never answers delays one request and not every one.
SILENCE_SECONDS = 10
_silent_until = 0.0


def ring(task: Task, *ids: int | str | UUID) -> None:
    """Once the transaction has committed, `task` is sent with the ids; or not."""
    transaction.on_commit(partial(_send, task, ids), robust=False)


def _send(task: Task, ids: tuple[int | str | UUID, ...]) -> None:
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    args = [str(i) if isinstance(i, UUID) else i for i in ids]
    try:
        task.apply_async(args=args, retry=True, retry_policy=RETRY_ONCE)
    except OperationalError as error:
        _silent_until = time.monotonic() + SILENCE_SECONDS
        logger.warning(
            "bell not rung, a sweep will find the work",
            extra={"task": task.name, "ids": args, "reason": str(error)},
        )
