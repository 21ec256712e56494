"""How often somebody tried, so that trying without end is refused."""

from django.db import models


class AttemptCounter(models.Model):
    """Tries by one origin within a window; the key is a keyed hash, not an address."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField()
    started_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(name="attempt_counter_age", fields=["started_at"])]

    def __str__(self) -> str:
        return f"{self.count} attempts"
