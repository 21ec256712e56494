"""One caller's turn, redacted, with a count of how often it was said."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce, Length, Now
from django.utils.translation import gettext_lazy as _

from annotations.intake.records import MAX_TEXT
from annotations.models.catalogue import Domain
from annotations.models.conversation import Conversation
from annotations.models.intake import IntakeBatch

models.TextField.register_lookup(Length)
models.BinaryField.register_lookup(Length)

# The index of terms leaves out what nobody may see yet: intake does not pay for it. The
# small ones do not: of two indexes with one condition the planner never combines both.
SEARCHABLE = Q(redaction="full")


class UtteranceQuerySet(models.QuerySet["Utterance"]):
    def visible(self) -> "UtteranceQuerySet":
        """Fully redacted, so that a person or a model may see them."""
        return self.filter(redaction=Utterance.Redaction.FULL).exclude(
            status__in=Utterance.OUT_OF_SIGHT
        )

    def in_pool(self) -> "UtteranceQuerySet":
        """Visible and without an answer."""
        return self.filter(
            status=Utterance.Status.POOL, redaction=Utterance.Redaction.FULL
        )

    def for_training(self) -> "UtteranceQuerySet":
        return self.filter(split=Utterance.Split.TRAIN)

    def for_exam(self) -> "UtteranceQuerySet":
        return self.filter(split=Utterance.Split.EXAM)


class Utterance(models.Model):
    class Split(models.TextChoices):
        TRAIN = "train", _("Train")
        EXAM = "exam", _("Exam")

    class Status(models.TextChoices):
        POOL = "pool", _("Unlabeled")
        LABELED = "labeled", _("Labeled")
        REVIEW = "review", _("Answers disagree")
        SKIPPED = "skipped", _("Skipped")
        QUARANTINED = "quarantined", _("Quarantined")
        ERASED = "erased", _("Erased")

    class Redaction(models.TextChoices):
        LIGHT = "light", _("Light pass only")
        FULL = "full", _("Full pass")
        FAILED = "failed", _("Full pass failed")

    # Nobody sees or learns from these any more.
    OUT_OF_SIGHT = (Status.QUARANTINED, Status.ERASED)
    # `source` of what experts wrote as samples: never part of the exam.
    EXPERT = "expert"

    text = models.TextField()
    # HMAC-SHA256 of the normalized text: equal texts are one utterance.
    dedupe_key = models.BinaryField(max_length=32)
    count = models.PositiveIntegerField(default=1)
    split = models.CharField(max_length=5, choices=Split.choices)
    status = models.CharField(
        max_length=12, choices=Status.choices, default=Status.POOL
    )
    redaction = models.CharField(
        max_length=6, choices=Redaction.choices, default=Redaction.LIGHT
    )
    # Earlier turns, oldest first: [{"role": …, "text": …}], redacted as well.
    context = models.JSONField(default=list, blank=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.SET_NULL, null=True)
    turn = models.PositiveIntegerField(null=True)
    source = models.CharField(max_length=40)
    domain = models.ForeignKey(Domain, on_delete=models.SET_NULL, null=True)
    bot_intent = models.CharField(max_length=80, blank=True)
    bot_confidence = models.FloatField(null=True)
    is_fallback = models.BooleanField(default=False)
    batch = models.ForeignKey(IntakeBatch, on_delete=models.SET_NULL, null=True)
    occurred_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = UtteranceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="utterance_once_per_text", fields=["dedupe_key"]
            ),
            models.CheckConstraint(
                name="utterance_text_bounded",
                condition=Q(text__length__lte=MAX_TEXT)
                & (Q(text__length__gte=1) | Q(status="erased")),
            ),
            models.CheckConstraint(
                name="utterance_count_positive", condition=Q(count__gte=1)
            ),
            models.CheckConstraint(
                name="samples_are_no_exam",
                condition=~Q(source="expert", split="exam"),
            ),
        ]
        indexes = [
            models.Index(
                name="utterance_pool",
                fields=["id"],
                condition=Q(status="pool", redaction="full"),
            ),
            models.Index(
                name="utterance_exam_pool",
                fields=["id"],
                condition=Q(status="pool", redaction="full", split="exam"),
            ),
            # What a new sample may be too close to.
            GinIndex(
                OpClass(F("text"), name="gin_trgm_ops"),
                name="utterance_near_texts",
                condition=Q(status="labeled") | Q(source="expert"),
            ),
            models.Index(
                name="utterance_waiting",
                fields=["status", "id"],
                condition=Q(status__in=["review", "quarantined"]),
            ),
            models.Index(
                name="utterance_unscrubbed",
                fields=["id"],
                condition=Q(redaction="light"),
            ),
            GinIndex(
                # The words and pairs of words of migration 0012.
                Func("text", function="annotations_terms"),
                name="utterance_terms",
                condition=SEARCHABLE,
                # A list of waiting entries would be written out by whoever fills it.
                fastupdate=False,
            ),
            models.Index(
                name="utterance_status",
                fields=["status", "split"],
            ),
            models.Index(name="utterance_source", fields=["source"]),
            models.Index(
                name="utterance_confidence",
                fields=["bot_confidence"],
            ),
            models.Index(
                Coalesce("occurred_at", "created_at"),
                # What was said early and came in late is told apart in the index.
                "id",
                name="utterance_said",
            ),
        ]

    def __str__(self) -> str:
        return f"utterance {self.pk}"
