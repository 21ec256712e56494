"""What choosing what to label was worth, against chance."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class LearningComparison(models.Model):
    """Heads on labels that active learning chose beside heads on the random control.

    Accuracies are shares in 0..1 of the same exam items, with 95 % bands:

    curves: {"chosen" | "control": [{"labels", "accuracy", "low", "high"}, …]}
        by ascending labels; the chosen go on beyond the control.
    difference: {"labels", "value", "low", "high", "outcome", "needed"}, chosen less
        control at the largest count both have; outcome is better, worse or open, and
        needed how many chosen labels do what `labels` of the control do, or null.
    progress: {"done", "total"} steps while running.

    n_chosen, n_control, n_exam: the labels there were, with vectors or without.
    """

    class Status(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    status = models.CharField(
        max_length=8, choices=Status.choices, default=Status.RUNNING
    )
    n_chosen = models.PositiveIntegerField()
    n_control = models.PositiveIntegerField()
    n_exam = models.PositiveIntegerField()
    curves = models.JSONField(default=dict, blank=True)
    difference = models.JSONField(default=dict, blank=True)
    progress = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at"]
        get_latest_by = "started_at"
        indexes = [models.Index(name="comparison_recent", fields=["-started_at"])]
        constraints = [
            models.UniqueConstraint(
                name="one_running_comparison",
                fields=["status"],
                condition=Q(status="running"),
            ),
            models.CheckConstraint(
                name="comparison_ends_when_it_ended",
                condition=Q(status="running", finished_at__isnull=True)
                | (~Q(status="running") & Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="comparison_has_evidence",
                condition=Q(n_chosen__gt=0, n_control__gt=0, n_exam__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"comparison of {self.n_chosen} labels with {self.n_control} by chance"

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        if self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()
