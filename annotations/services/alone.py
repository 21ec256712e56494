"""One process at a time, however many workers there are."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models
from django.db.models.functions import Now

from annotations.locks import Lock


@contextmanager
def alone(lock: Lock) -> Iterator[bool]:
    """Whether this process holds the lock until the block ends; it does not wait.

    The lock ends with the connection, so a process that was killed holds none.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock.value])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock.value])


def bury_the_dead(kind: type[models.Model]) -> None:
    """With the lock in hand, a row that says it runs belongs to a dead worker."""
    kind.objects.filter(status=kind.Status.RUNNING).update(
        status=kind.Status.FAILED, finished_at=Now(), error="The worker died."
    )
