"""Batches of records on their way in."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotations.models.catalogue import Act


class IntakeBatch(models.Model):
    """One file. Its counters move in the transaction that stores the rows."""

    class Status(models.TextChoices):
        RECEIVED = "received", _("Waiting")
        RUNNING = "running", _("Running")
        CLOSED = "closed", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    OPEN = (Status.RECEIVED, Status.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.CharField(max_length=40)
    reader = models.CharField(max_length=40)
    options = models.JSONField(default=dict, blank=True)
    file_name = models.CharField(max_length=255, blank=True)
    bronze_path = models.CharField(max_length=255, blank=True)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField(default=0)
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.RECEIVED
    )
    received = models.PositiveBigIntegerField(default=0)
    accepted = models.PositiveBigIntegerField(default=0)
    duplicate = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    # Where a resumed worker goes on: the number of input lines already settled.
    next_line = models.PositiveBigIntegerField(default=0)
    fencing_token = models.BigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    heartbeat_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True
    )
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="batch_counts_add_up",
                condition=Q(received=F("accepted") + F("duplicate") + F("rejected")),
            ),
        ]
        indexes = [
            models.Index(
                name="batch_open",
                fields=["created_at"],
                condition=Q(status__in=["received", "running"]),
            ),
            models.Index(name="batch_by_file", fields=["sha256", "source"]),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.id}"


class RejectedRow(models.Model):
    """Why one input line was not stored. Never its text."""

    batch = models.ForeignKey(
        IntakeBatch, on_delete=models.CASCADE, related_name="rejects"
    )
    line = models.PositiveBigIntegerField()
    code = models.CharField(max_length=40)
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ["line"]
        constraints = [
            models.UniqueConstraint(name="reject_once", fields=["batch", "line"]),
        ]

    def __str__(self) -> str:
        return f"line {self.line} of {self.batch_id}: {self.code}"


class PendingLabel(models.Model):
    """A label that came with a row; it waits until the row may be seen.

    Labels become annotations (services/label_import.py) once the full redaction pass
    has settled what the text is. Spans are offsets into the text as it stands now.
    """

    utterance = models.ForeignKey("annotations.Utterance", on_delete=models.CASCADE)
    batch = models.ForeignKey(IntakeBatch, on_delete=models.SET_NULL, null=True)
    intent = models.CharField(max_length=80)
    domain = models.CharField(max_length=40)
    spans = models.JSONField(default=list, blank=True)
    # As Annotation.marks_known.
    marks_known = models.BooleanField(default=False)
    act = models.CharField(max_length=10, choices=Act.choices, blank=True)
    # Who gave it, where a person did and not a file.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="pending_label_once", fields=["utterance", "intent"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.intent} for utterance {self.utterance_id}"
