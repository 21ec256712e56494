"""Turns answered live, and what a challenger would have answered in their place."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from annotations.models import Utterance
from training.models.checkpoint import Checkpoint


class LiveTurn(models.Model):
    """One turn as it was answered, stored before the answer leaves.

    A worker takes it into the pool soon after; from then on the words are the
    utterance's alone and `text`, `context` and the answer's parameters are empty here.
    """

    conversation = models.CharField(max_length=120, blank=True)
    number = models.PositiveIntegerField(null=True)
    # After the light pass of redaction.
    text = models.TextField(blank=True)
    context = models.JSONField(default=list, blank=True)
    dedupe_key = models.BinaryField(max_length=32)
    is_exam = models.BooleanField(default=False)
    # {"domain", "bot_intent", "bot_confidence", "is_fallback", "occurred_at"}
    told = models.JSONField(default=dict, blank=True)
    # What was answered: the JSON of `POST /api/v1/turns`.
    answer = models.JSONField()
    # The dialogue after the turn: training/serving/dialogue.py.
    state = models.JSONField(default=dict, blank=True)
    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, related_name="+"
    )
    intent = models.CharField(max_length=80)
    confidence = models.FloatField()
    scope_score = models.FloatField()
    outcome = models.CharField(max_length=10)
    is_unsure = models.BooleanField()
    milliseconds = models.FloatField()
    utterance = models.ForeignKey(
        Utterance, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    pooled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="live_turn_once_per_conversation",
                fields=["conversation", "number"],
                condition=~Q(conversation="") & Q(number__isnull=False),
            ),
            models.CheckConstraint(
                name="pooled_turn_holds_no_words",
                condition=Q(pooled_at__isnull=True) | Q(text="", context=[]),
            ),
        ]
        indexes = [
            models.Index(
                name="live_turn_conversation",
                fields=["conversation", "-id"],
                condition=~Q(conversation=""),
            ),
            models.Index(
                name="live_turn_waiting",
                fields=["id"],
                condition=Q(pooled_at__isnull=True),
            ),
            models.Index(name="live_turn_recent", fields=["-created_at"]),
        ]

    def __str__(self) -> str:
        return f"live turn {self.pk}"


class ShadowAnswer(models.Model):
    """What a checkpoint that does not serve would have said to a live turn."""

    turn = models.ForeignKey(LiveTurn, on_delete=models.CASCADE, related_name="shadows")
    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.CASCADE, related_name="shadows"
    )
    intent = models.CharField(max_length=80)
    confidence = models.FloatField()
    is_fallback = models.BooleanField()
    # None where it was answered together with others.
    milliseconds = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="shadow_once_per_turn", fields=["checkpoint", "turn"]
            ),
        ]

    def __str__(self) -> str:
        return f"shadow of turn {self.turn_id} by checkpoint {self.checkpoint_id}"
