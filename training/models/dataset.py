"""Frozen sets of gold labels."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotations.models import Annotation, Utterance


class DatasetSnapshot(models.Model):
    """Which gold labels a model saw, addressed by a digest of their content."""

    digest = models.CharField(max_length=64, unique=True)
    n = models.PositiveIntegerField()
    description = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.digest[:12]


class SnapshotMember(models.Model):
    class Split(models.TextChoices):
        TRAIN = "train", _("Train")
        VALID = "valid", _("Validation")
        EXAM = "exam", _("Exam")

    snapshot = models.ForeignKey(
        DatasetSnapshot, on_delete=models.CASCADE, related_name="members"
    )
    utterance = models.ForeignKey(Utterance, on_delete=models.PROTECT)
    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT)
    split = models.CharField(max_length=5, choices=Split.choices)
    # How often it had been said by then: the count goes on.
    calls = models.PositiveIntegerField(default=1)
    # Whether what was not marked was not said; False: nobody had looked by then.
    marks_known = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="member_once_per_snapshot", fields=["snapshot", "utterance"]
            ),
        ]

    def __str__(self) -> str:
        return f"utterance {self.utterance_id} in snapshot {self.snapshot_id}"
