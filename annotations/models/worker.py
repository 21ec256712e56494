"""Which workers are alive, as they say themselves."""

from django.db import models


class WorkerHeartbeat(models.Model):
    """Written by each Celery worker every few seconds."""

    name = models.CharField(max_length=120, unique=True)
    queues = models.CharField(max_length=120)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
