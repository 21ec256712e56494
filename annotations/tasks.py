"""Work of the `default` queue: an id in, one service called."""

import logging

from celery import shared_task

from annotations.services import queue

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def sweep_leases() -> None:
    """Items whose lease has ended are ready again."""
    freed = queue.free_expired()
    if freed:
        logger.info("leases expired", extra={"items": freed})
