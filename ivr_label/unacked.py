"""Handing back messages that a dead worker had taken.

The broker itself does so only after the visibility timeout, hours later.
"""

from celery import Celery
from kombu import Connection


def hand_back(app: Celery, connection: Connection | None = None) -> int:
    """Every taken and unacknowledged message is in its queue again; returns how many.

    Only for the moment when no worker is alive: else a task runs twice.
    """
    with connection or app.connection_for_write() as opened:
        channel = opened.default_channel
        with channel.conn_or_acquire() as client:
            tags = client.zrange(channel.unacked_index_key, 0, -1)
            for tag in tags:
                channel.qos.restore_by_tag(tag, client)
    return len(tags)
