"""A round: freeze, train, evaluate, decide. The row is the truth, not the task."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from training.models.checkpoint import FAMILY, Checkpoint
from training.models.dataset import DatasetSnapshot
from training.models.policy import Policy


class Round(models.Model):
    class Status(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        SNAPSHOT = "snapshot", _("Freezing the data")
        TRAINING = "training", _("Training")
        EVALUATING = "evaluating", _("Evaluating")
        GATE = "gate", _("Comparing")
        SHADOW = "shadow", _("Waiting for live turns")
        AWAITING = "awaiting", _("Awaiting a decision")
        PROMOTED = "promoted", _("Promoted")
        REJECTED = "rejected", _("Rejected")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    WORKING = (
        Status.REQUESTED,
        Status.SNAPSHOT,
        Status.TRAINING,
        Status.EVALUATING,
        Status.GATE,
    )
    ENDED = (Status.PROMOTED, Status.REJECTED, Status.FAILED, Status.CANCELLED)

    family = models.CharField(max_length=40, default=FAMILY)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT)
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.REQUESTED
    )
    recipe = models.CharField(max_length=10, choices=Policy.Recipe.choices)
    backend = models.CharField(max_length=20, default="encoder")
    seed = models.PositiveIntegerField(default=0)
    # Why it was started, in words.
    cause = models.TextField(blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    requested_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # Claim: only the holder of the newest token may write.
    fencing_token = models.BigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    heartbeat_at = models.DateTimeField(null=True)
    worker = models.CharField(max_length=120, blank=True)
    cancel_requested_at = models.DateTimeField(null=True)
    # {"step", "done", "total", "loss": [[step, loss], …], "seconds_left"}
    progress = models.JSONField(default=dict, blank=True)
    snapshot = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, null=True)
    challenger = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, null=True, related_name="+"
    )
    champion = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # The gate's Verdict as JSON; "shadow" and "decision" once there are any.
    verdict = models.JSONField(default=dict, blank=True)
    # Live turns the gate wants the challenger compared on, as the policy said when it
    # was judged, and those it was compared on so far.
    shadow_needed = models.PositiveIntegerField(default=0, db_default=0)
    shadow_seen = models.PositiveIntegerField(default=0, db_default=0)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                name="one_working_round_per_family",
                fields=["family"],
                condition=Q(
                    status__in=[
                        "requested",
                        "snapshot",
                        "training",
                        "evaluating",
                        "gate",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="ended_rounds_have_an_end",
                condition=Q(
                    status__in=["promoted", "rejected", "failed", "cancelled"],
                    finished_at__isnull=False,
                )
                | ~Q(status__in=["promoted", "rejected", "failed", "cancelled"]),
            ),
            models.CheckConstraint(
                name="shadow_has_what_it_waits_for",
                condition=~Q(status="shadow")
                | Q(
                    challenger__isnull=False,
                    champion__isnull=False,
                    heartbeat_at__isnull=True,
                    shadow_needed__gt=0,
                ),
            ),
            models.CheckConstraint(
                name="promoted_after_its_shadow",
                condition=~Q(status="promoted")
                | Q(shadow_seen__gte=F("shadow_needed"))
                | Q(decided_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"round {self.pk} ({self.status})"

    @property
    def is_working(self) -> bool:
        return self.status in self.WORKING

    @property
    def fault(self) -> str:
        """Why it failed, or why the attempt before the present one did; else empty."""
        is_told = self.is_working or self.status == self.Status.FAILED
        return self.error if is_told else ""


class RoundStep(models.Model):
    """When a round was in which step, for each attempt."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=10, choices=Round.Status.choices)
    attempt = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["started_at"]
        constraints = [
            models.UniqueConstraint(
                name="step_once_per_attempt", fields=["round", "name", "attempt"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of round {self.round_id}"
