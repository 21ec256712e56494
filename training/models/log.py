"""What the steps of a round said: the last lines, in a ring."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from training.models.round import Round

KEPT = 200
LONGEST = 300


class RoundLine(models.Model):
    """One line. The line that comes KEPT later takes its place: slot = number % KEPT.

    Numbers, names of intents and settings; never what somebody said.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    slot = models.PositiveSmallIntegerField()
    step = models.CharField(max_length=10, choices=Round.Status.choices)
    said = models.CharField(max_length=LONGEST)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                name="round_line_once_per_slot", fields=["round", "slot"]
            ),
            models.CheckConstraint(
                name="round_lines_are_a_ring", condition=Q(slot__lt=KEPT)
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.number} of round {self.round_id}"
