"""Trained models: what they are, how they did, and which of them serves."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

# What a model is for. There is one family so far: intents with their parameters.
FAMILY = "intent"


class Checkpoint(models.Model):
    class State(models.TextChoices):
        CANDIDATE = "candidate", _("Candidate")
        CHAMPION = "champion", _("Champion")
        RETIRED = "retired", _("Retired")
        REJECTED = "rejected", _("Rejected")

    name = models.CharField(max_length=120, unique=True)
    family = models.CharField(max_length=40, default=FAMILY)
    round = models.ForeignKey(
        "training.Round", on_delete=models.PROTECT, null=True, related_name="+"
    )
    attempt = models.PositiveSmallIntegerField(default=1)
    recipe = models.CharField(max_length=10)
    # Folder below DATA_DIR/checkpoints; its manifest's hash names the content.
    path = models.CharField(max_length=255)
    manifest_sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField(default=0)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.CANDIDATE
    )
    gate_passed = models.BooleanField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                name="one_champion_per_family",
                fields=["family"],
                condition=Q(state="champion"),
            ),
            models.UniqueConstraint(
                name="one_checkpoint_per_attempt",
                fields=["round", "attempt"],
                condition=Q(round__isnull=False),
            ),
            models.CheckConstraint(
                name="champion_was_gated",
                condition=~Q(state="champion") | Q(gate_passed__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Evaluation(models.Model):
    """A checkpoint measured on one set of exam items."""

    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.CASCADE, related_name="evaluations"
    )
    # SHA-256 over the exam items and their gold labels.
    exam_digest = models.CharField(max_length=64)
    n = models.PositiveIntegerField()
    # What `manage.py evaluate --json` prints.
    report = models.JSONField()
    # Everything beyond: the JSON of training/ml/evaluation.py; {} where none was made.
    detail = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                name="one_evaluation_per_exam", fields=["checkpoint", "exam_digest"]
            ),
        ]

    def __str__(self) -> str:
        return f"evaluation of checkpoint {self.checkpoint_id}"


class PromotionQuerySet(models.QuerySet["Promotion"]):
    def with_return(self) -> "PromotionQuerySet":
        """is_return: whether the model had served before."""
        earlier = Promotion.objects.filter(
            family=OuterRef("family"),
            checkpoint=OuterRef("checkpoint"),
            from_at__lt=OuterRef("from_at"),
        )
        return self.annotate(is_return=Exists(earlier))


class Promotion(models.Model):
    """The time during which a checkpoint was, or is, the champion."""

    family = models.CharField(max_length=40, default=FAMILY)
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT)
    from_at = models.DateTimeField()
    to_at = models.DateTimeField(null=True)
    reason = models.TextField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True
    )

    objects = PromotionQuerySet.as_manager()

    class Meta:
        ordering = ["-from_at"]
        constraints = [
            models.UniqueConstraint(
                name="one_open_promotion_per_family",
                fields=["family"],
                condition=Q(to_at__isnull=True),
            ),
            ExclusionConstraint(
                name="promotions_do_not_overlap",
                expressions=[
                    ("family", RangeOperators.EQUAL),
                    (
                        Func(
                            F("from_at"),
                            F("to_at"),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"promotion of checkpoint {self.checkpoint_id}"
