"""Exact limits on how often one origin may try something."""

from datetime import timedelta

from django.db import connection
from django.utils.crypto import salted_hmac

# One statement, so that a hundred simultaneous tries count as a hundred. Throttles
# that read and then write let some of them through.
COUNT = """
INSERT INTO annotations_attemptcounter AS c (key, count, started_at)
VALUES (%(key)s, 1, clock_timestamp())
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN c.started_at < clock_timestamp() - %(window)s
        THEN 1 ELSE c.count + 1 END,
    started_at = CASE WHEN c.started_at < clock_timestamp() - %(window)s
        THEN clock_timestamp() ELSE c.started_at END
RETURNING count
"""
FORGET = """
DELETE FROM annotations_attemptcounter
WHERE started_at < clock_timestamp() - interval '1 day'
"""


def is_within(*, what: str, who: str, limit: int, window: timedelta) -> bool:
    """Count this try; False once `who` has tried more than `limit` times."""
    key = salted_hmac("attempts", f"{what}\n{who}", algorithm="sha256").hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"key": key, "window": window})
        return cursor.fetchone()[0] <= limit


def forgive(*, what: str, who: str) -> None:
    """Take one try back: it was a good one."""
    key = salted_hmac("attempts", f"{what}\n{who}", algorithm="sha256").hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE annotations_attemptcounter SET count = count - 1"
            " WHERE key = %s AND count > 0",
            [key],
        )


def forget_old() -> None:
    with connection.cursor() as cursor:
        cursor.execute(FORGET)
