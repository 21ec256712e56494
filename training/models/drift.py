"""Looks at whether callers, or what the champion makes of them, have changed."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from training.models.checkpoint import Checkpoint
from training.models.round import Round


class DriftCheck(models.Model):
    """A window of turns compared with those from before the champion was trained."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    OPEN = (Status.REQUESTED, Status.RUNNING)

    status = models.CharField(
        max_length=9, choices=Status.choices, default=Status.REQUESTED
    )
    # Why it was started, in words.
    cause = models.CharField(max_length=120)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, related_name="+"
    )
    reference_from = models.DateTimeField()
    reference_to = models.DateTimeField()
    window_from = models.DateTimeField()
    window_to = models.DateTimeField()
    n_reference = models.PositiveIntegerField(default=0)
    n_window = models.PositiveIntegerField(default=0)
    # [{"name", "effect", "p_value", "matters_from", "changed", "persists"}]
    tests = models.JSONField(default=list, blank=True)
    # What pages draw: `drift_compare.compare`.
    detail = models.JSONField(default=dict, blank=True)
    is_alarm = models.BooleanField(default=False)
    # The round that the alarm opened, where the policy says so.
    round = models.ForeignKey(
        Round, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                name="one_open_drift_check",
                fields=["checkpoint"],
                condition=Q(status__in=["requested", "running"]),
            ),
            models.CheckConstraint(
                name="drift_windows_do_not_overlap",
                condition=Q(reference_from__lt=F("reference_to"))
                & Q(reference_to__lte=F("window_from"))
                & Q(window_from__lt=F("window_to")),
            ),
            models.CheckConstraint(
                name="drift_alarm_is_of_a_done_check",
                condition=Q(is_alarm=False) | Q(status="done"),
            ),
        ]

    def __str__(self) -> str:
        return f"drift check {self.pk} ({self.status})"
