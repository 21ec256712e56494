"""A call or chat, and which of its turns were taken in."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Conversation(models.Model):
    class Outcome(models.TextChoices):
        CONTAINED = "contained", _("Contained")
        TRANSFERRED = "transferred", _("Transferred")
        ABANDONED = "abandoned", _("Abandoned")
        UNKNOWN = "", _("Unknown")

    source = models.CharField(max_length=40)
    external_id = models.CharField(max_length=120)
    outcome = models.CharField(
        max_length=12, choices=Outcome.choices, default="", blank=True
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="conversation_once_per_source", fields=["source", "external_id"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}/{self.external_id}"


class Turn(models.Model):
    """That this turn of this conversation was taken in, and as which utterance.

    The ledger that makes a second delivery of the same turn count for nothing.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE)
    number = models.PositiveIntegerField()
    utterance = models.ForeignKey(
        "annotations.Utterance", on_delete=models.CASCADE, related_name="turns"
    )
    # When it was said; a source that does not say leaves the time it came in.
    occurred_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="turn_once_per_conversation", fields=["conversation", "number"]
            ),
        ]
        indexes = [models.Index(name="turn_recent", fields=["occurred_at"])]

    def __str__(self) -> str:
        return f"turn {self.number} of conversation {self.conversation_id}"
