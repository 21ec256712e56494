"""One action on many utterances: what it will do, how far it is, the way back."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotations.models.annotation import Annotation
from annotations.models.catalogue import Intent
from annotations.models.utterance import Utterance


class BulkAction(models.Model):
    """Its members are fixed when it is drafted: what was previewed is what is done."""

    class Kind(models.TextChoices):
        QUEUE = "queue", _("Put into the queue")
        EXCLUDE = "exclude", _("Set aside")
        RELABEL = "relabel", _("Label as")
        QUARANTINE = "quarantine", _("Report personal data")
        EXPORT = "export", _("Export")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Not done yet")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Stopped")
        UNDOING = "undoing", _("Being taken back")
        UNDONE = "undone", _("Taken back")

    MOVING = (Status.RUNNING, Status.UNDOING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    intent = models.ForeignKey(Intent, on_delete=models.PROTECT, null=True)
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.DRAFT
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    created_at = models.DateTimeField(db_default=Now())
    # When its newest part was committed: a silent one is taken up by a sweep.
    moved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="bulk_relabel_names_an_intent",
                condition=Q(kind="relabel", intent__isnull=False)
                | ~Q(kind="relabel") & Q(intent__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                name="bulk_moving",
                fields=["moved_at"],
                condition=Q(status__in=["running", "undoing"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.status})"


class BulkMember(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        LEFT_OUT = "left_out", _("Left out")
        UNDONE = "undone", _("Taken back")
        IN_USE = "in_use", _("In use meanwhile")

    action = models.ForeignKey(
        BulkAction, on_delete=models.CASCADE, related_name="members"
    )
    utterance = models.ForeignKey(Utterance, on_delete=models.CASCADE)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    # Why it is left out: a key of annotations.services.bulk_acts.LEFT_OUT.
    why = models.CharField(max_length=12, blank=True)
    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, null=True)
    queue_item = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="bulk_member_once", fields=["action", "utterance"]
            ),
            models.CheckConstraint(
                name="bulk_member_says_why",
                condition=Q(state="left_out") & ~Q(why="")
                | ~Q(state="left_out") & Q(why=""),
            ),
        ]
        indexes = [
            models.Index(name="bulk_member_state", fields=["action", "state", "id"]),
        ]

    def __str__(self) -> str:
        return f"utterance {self.utterance_id} of {self.action_id} ({self.state})"
