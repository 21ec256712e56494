"""Each Celery worker says every few seconds that it is alive.

Pages read the rows, so that "no worker alive" is never silent.
"""

import logging
import os
import threading
from typing import Any

from celery.signals import worker_ready, worker_shutdown
from django.db import DatabaseError, connection
from django.utils import timezone

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 10
_ended = threading.Event()


@worker_ready.connect
def begin(sender: Any, **_: Any) -> None:
    """The worker has a row that stays fresh while its main process lives."""
    name = str(sender.hostname)
    queues = ",".join(sorted(sender.app.amqp.queues.consume_from))
    _ended.clear()
    thread = threading.Thread(
        target=_beat, args=(name, queues), name="heartbeat", daemon=True
    )
    thread.start()


@worker_shutdown.connect
def end(sender: Any, **_: Any) -> None:
    """A worker that ends in order takes its row with it."""
    _ended.set()
    write_or_log(lambda: forget(str(sender.hostname)))


def _beat(name: str, queues: str) -> None:
    started_at = timezone.now()
    while True:
        write_or_log(lambda: record(name, queues, started_at))
        if _ended.wait(INTERVAL_SECONDS):
            return


def record(name: str, queues: str, started_at: Any) -> None:
    from annotations.models import WorkerHeartbeat

    WorkerHeartbeat.objects.update_or_create(
        name=name,
        defaults={
            "queues": queues,
            "pid": os.getpid(),
            "started_at": started_at,
            "last_seen_at": timezone.now(),
        },
    )


def forget(name: str) -> None:
    from annotations.models import WorkerHeartbeat

    WorkerHeartbeat.objects.filter(name=name).delete()


def write_or_log(write: Any) -> None:
    """Write on a connection of this moment: a kept one would be forked into tasks."""
    try:
        write()
    except DatabaseError as error:
        logger.warning("heartbeat not written", extra={"reason": str(error)})
    finally:
        connection.close()
