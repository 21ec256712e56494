"""Handing back messages that a dead worker had taken.

The broker itself does so only after the visibility timeout, hours later.
"""

from celery import Celery


def hand_back(app: Celery) -> int:
    """Every taken and unacknowledged message is in its queue again; returns how many.

    Only for the moment when no worker is alive: else a task runs twice.
    """
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        with channel.conn_or_acquire() as client:
            tags = client.zrange(channel.unacked_index_key, 0, -1)
            for tag in tags:
                channel.qos.restore_by_tag(tag, client)
    return len(tags)
