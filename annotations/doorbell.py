"""Telling a worker that there is work. The work itself is a row in the database.

A bell that cannot be rung is no error: a sweep finds the row within seconds.
"""

import logging
from functools import partial
from uuid import UUID

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# One more try covers a pooled connection that the broker closed meanwhile.
RETRY_ONCE = {"max_retries": 1, "interval_start": 0, "interval_step": 0}


def ring(task: Task, *ids: int | str | UUID) -> None:
    """Once the transaction has committed, `task` is sent with the ids; or not."""
    transaction.on_commit(partial(_send, task, ids), robust=False)


def _send(task: Task, ids: tuple[int | str | UUID, ...]) -> None:
    args = [str(i) if isinstance(i, UUID) else i for i in ids]
    try:
        task.apply_async(args=args, retry=True, retry_policy=RETRY_ONCE)
    except OperationalError as error:
        logger.warning(
            "bell not rung, a sweep will find the work",
            extra={"task": task.name, "ids": args, "reason": str(error)},
        )
