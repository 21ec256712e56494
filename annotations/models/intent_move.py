"""Renaming, merging and splitting an intent, and what became of each label."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotations.models.annotation import Annotation
from annotations.models.catalogue import Intent


class IntentMove(models.Model):
    """One change of the catalogue that labels have to follow.

    parts, for a split, in the order in which rules are tried: [{"intent": name,
    "is_new": bool, "words": [...], "parameter": name, "value": text}].
    """

    class Kind(models.TextChoices):
        RENAME = "rename", _("Rename")
        MERGE = "merge", _("Merge")
        SPLIT = "split", _("Split")

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Labels are following")
        DONE = "done", _("Done")
        UNDOING = "undoing", _("Labels are going back")
        UNDONE = "undone", _("Taken back")

    OPEN = (Status.REQUESTED, Status.UNDOING)

    kind = models.CharField(max_length=6, choices=Kind.choices)
    status = models.CharField(
        max_length=9, choices=Status.choices, default=Status.REQUESTED
    )
    intent = models.ForeignKey(Intent, on_delete=models.PROTECT, related_name="moves")
    # What a merge makes of it.
    into = models.ForeignKey(
        Intent, on_delete=models.PROTECT, null=True, related_name="merges"
    )
    old_name = models.CharField(max_length=80)
    new_name = models.CharField(max_length=80, blank=True)
    # Names that lead to `into` since the merge, to be taken back with it.
    aliases = models.JSONField(default=list, blank=True)
    parts = models.JSONField(default=list, blank=True)
    # Whether the intent stays in use beside the parts of a split.
    keeps_rest = models.BooleanField(default=False)
    reason = models.TextField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    # Where a worker goes on: the utterance that was settled last.
    last_utterance = models.BigIntegerField(default=0)
    n_labels = models.PositiveIntegerField(default=0)
    n_moved = models.PositiveIntegerField(default=0)
    n_queued = models.PositiveIntegerField(default=0)
    n_stayed = models.PositiveIntegerField(default=0)
    undo_reason = models.TextField(blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True)
    n_restored = models.PositiveIntegerField(default=0)
    # Revised or answered since: they keep their meaning.
    n_kept = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                name="one_open_move_per_intent",
                fields=["intent"],
                condition=Q(status__in=["requested", "undoing"]),
            ),
            models.CheckConstraint(
                name="move_says_where_to",
                condition=Q(kind="rename", into__isnull=True) & ~Q(new_name="")
                | Q(kind="merge", into__isnull=False) & ~Q(into=F("intent"))
                | Q(kind="split", into__isnull=True) & ~Q(parts=[]),
            ),
            models.CheckConstraint(name="move_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="move_undo_is_whole",
                condition=Q(undone_by__isnull=True, undo_reason="")
                & Q(status__in=["requested", "done"])
                | Q(undone_by__isnull=False, status__in=["undoing", "undone"])
                & ~Q(undo_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of intent {self.intent_id}"

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def n_settled(self) -> int:
        return self.n_moved + self.n_queued + self.n_stayed


class MovedLabel(models.Model):
    """One label that a move dealt with: what replaced it, or that it was asked again.

    Its move and the label name it, so that a worker that starts again stores it once.
    """

    move = models.ForeignKey(
        IntentMove, on_delete=models.CASCADE, related_name="labels"
    )
    label = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="+")
    utterance_id = models.BigIntegerField()
    # The event that revises the label; none where the utterance is only asked about.
    replacement = models.OneToOneField(
        Annotation, on_delete=models.PROTECT, null=True, related_name="+"
    )
    is_queued = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="label_moved_once_per_move", fields=["move", "label"]
            ),
            models.CheckConstraint(
                name="moved_label_went_somewhere",
                condition=Q(replacement__isnull=False) | Q(is_queued=True),
            ),
        ]
        indexes = [models.Index(name="moved_in_order", fields=["move", "utterance_id"])]

    def __str__(self) -> str:
        return f"label {self.label_id} in move {self.move_id}"
