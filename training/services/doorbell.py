"""Tell a worker that there is something to do. Never more than a hint.

A bell that nobody hears loses nothing: the sweeps find what is due. So a broker that
does not answer is logged and otherwise ignored.
"""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def ring_round(round_id: int) -> None:
    """After the commit: somebody on queue `gpu` should look at this round."""
    transaction.on_commit(
        lambda: _send("training.tasks.run_round", [round_id], queue="gpu")
    )


def ring_ranking(cause: str) -> None:
    """After the commit: the queue should be ranked anew."""
    transaction.on_commit(
        lambda: _send("training.tasks.sweep_ranking", [], queue="default")
    )


def _send(task: str, args: list[int], *, queue: str) -> None:
    try:
        current_app.send_task(task, args=args, queue=queue)
    except (OperationalError, OSError) as error:
        logger.warning(
            "doorbell not heard", extra={"task_name": task, "reason": str(error)}
        )
