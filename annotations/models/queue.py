"""The short queue people work from, and their leases on it."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotations.models.utterance import Utterance


class Reason(models.TextChoices):
    """Why an utterance was drawn."""

    UNCERTAIN = "uncertain", _("The model is unsure")
    FALLBACK = "fallback", _("The bot fell back")
    DIVERSE = "diverse", _("Unlike anything labeled")
    RANDOM = "random", _("Random control")
    EXAM = "exam", _("Exam")
    SECOND_OPINION = "second_opinion", _("Second opinion")
    SCHEMA_CHANGED = "schema_changed", _("Schema changed")
    REQUESTED = "requested", _("Asked for")


# Answers that measure must not be steered: no suggestion is shown beforehand.
BLIND_REASONS = (Reason.EXAM, Reason.RANDOM, Reason.SECOND_OPINION)


class QueueItem(models.Model):
    class Status(models.TextChoices):
        READY = "ready", _("Ready")
        LEASED = "leased", _("Leased")
        DONE = "done", _("Answered")
        SKIPPED = "skipped", _("Skipped")
        QUARANTINED = "quarantined", _("Quarantined")

    OPEN = (Status.READY, Status.LEASED)

    utterance = models.ForeignKey(Utterance, on_delete=models.CASCADE)
    reason = models.CharField(max_length=16, choices=Reason.choices)
    # Facts behind the sentence the annotator reads, e.g. {"between": [a, b]}.
    why = models.JSONField(default=dict, blank=True)
    rank = models.PositiveIntegerField()
    score = models.FloatField(default=0.0)
    draw_probability = models.FloatField()
    ranking_id = models.BigIntegerField(null=True)
    status = models.CharField(
        max_length=12, choices=Status.choices, default=Status.READY
    )
    leased_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True
    )
    leased_at = models.DateTimeField(null=True)
    # Everyone who ever held it: an answer of theirs after the lease is a late one.
    holders = ArrayField(models.BigIntegerField(), default=list, blank=True)
    lease_expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_item_per_utterance",
                fields=["utterance"],
                condition=Q(status__in=["ready", "leased"]),
            ),
            models.CheckConstraint(
                name="lease_is_whole",
                condition=Q(
                    status="leased",
                    leased_by__isnull=False,
                    leased_at__isnull=False,
                    lease_expires_at__isnull=False,
                )
                | (~Q(status="leased") & Q(lease_expires_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="draw_probability_is_one",
                condition=Q(draw_probability__gt=0.0, draw_probability__lte=1.0),
            ),
        ]
        indexes = [
            models.Index(
                name="queue_ready", fields=["rank", "id"], condition=Q(status="ready")
            ),
            models.Index(
                name="queue_leased",
                fields=["lease_expires_at"],
                condition=Q(status="leased"),
            ),
            models.Index(
                name="queue_holder",
                fields=["leased_by"],
                condition=Q(status="leased"),
            ),
        ]

    # Not columns: what services/queue.py reads in the statement that claims or locks an
    # item. The catalogue's version, None where it was not read along; and how earlier
    # turns were labeled (services/turns.py), absent where it was not.
    catalogue_stamp: uuid.UUID | None = None
    labels_before: Any

    def __str__(self) -> str:
        return f"item {self.pk} ({self.status})"

    @property
    def is_blind(self) -> bool:
        return self.reason in BLIND_REASONS
