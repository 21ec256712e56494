"""What people agree on about an intent: examples, contrasts, changes, discussion."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotations.models.catalogue import Intent
from annotations.models.utterance import Utterance


class IntentExample(models.Model):
    """An utterance that shows what an intent is, or what it is not.

    A row names the utterance instead of holding its words: what is quarantined or
    erased disappears from the guidelines as well.
    """

    class Kind(models.TextChoices):
        POSITIVE = "positive", _("This is it")
        NEGATIVE = "negative", _("This is something else")

    intent = models.ForeignKey(
        Intent, on_delete=models.CASCADE, related_name="examples"
    )
    utterance = models.ForeignKey(Utterance, on_delete=models.CASCADE)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    note = models.CharField(max_length=200, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["kind", "id"]
        constraints = [
            models.UniqueConstraint(
                name="example_once_per_intent", fields=["intent", "utterance"]
            ),
        ]

    def __str__(self) -> str:
        return f"utterance {self.utterance_id} as {self.kind} of {self.intent_id}"


class ContrastPair(models.Model):
    """Two intents that are taken for one another, and how to tell them apart."""

    # The lower id first, so that a pair has one row.
    first = models.ForeignKey(Intent, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Intent, on_delete=models.CASCADE, related_name="+")
    choose_first = models.CharField(max_length=200)
    choose_second = models.CharField(max_length=200)
    revision = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="contrast_once_per_pair", fields=["first", "second"]
            ),
            models.CheckConstraint(
                name="contrast_in_order", condition=Q(first__lt=F("second"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} beside {self.second_id}"

    def line_for(self, intent_id: int) -> str:
        return self.choose_first if intent_id == self.first_id else self.choose_second

    def other_than(self, intent_id: int) -> Intent:
        return self.second if intent_id == self.first_id else self.first


class IntentConfusion(models.Model):
    """How often the serving model took one intent for another on the exam.

    Training replaces all rows whenever another model serves or is measured anew.
    """

    intent = models.ForeignKey(
        Intent, on_delete=models.CASCADE, related_name="confused_with"
    )
    taken_for = models.ForeignKey(Intent, on_delete=models.CASCADE, related_name="+")
    n = models.PositiveIntegerField()
    # Exam items of `intent` that were answered, right ones included.
    n_asked = models.PositiveIntegerField()
    model_name = models.CharField(max_length=120)
    measured_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-n"]
        constraints = [
            models.UniqueConstraint(
                name="confusion_once", fields=["intent", "taken_for"]
            ),
            models.CheckConstraint(
                name="confusion_counts_fit", condition=Q(n__gte=1, n_asked__gte=F("n"))
            ),
            models.CheckConstraint(
                name="confusion_of_two", condition=~Q(intent=F("taken_for"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.intent_id} taken for {self.taken_for_id}"


class IntentChange(models.Model):
    """One line of an intent's change log. The database refuses to change it."""

    class Kind(models.TextChoices):
        CREATED = "created", _("Created")
        DESCRIBED = "described", _("Description changed")
        EXAMPLE_ADDED = "example_added", _("Example added")
        EXAMPLE_REMOVED = "example_removed", _("Example removed")
        CONTRASTED = "contrasted", _("Contrast changed")
        SAMPLED = "sampled", _("Samples written")
        RENAMED = "renamed", _("Renamed")
        MERGED = "merged", _("Merged")
        SPLIT = "split", _("Split")
        SCHEDULED = "scheduled", _("Moved to another iteration")
        UNDONE = "undone", _("Taken back")

    intent = models.ForeignKey(Intent, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    # Field -> [before, after] for words of ours; of utterances only their ids.
    what = models.JSONField(default=dict, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True
    )
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} of intent {self.intent_id}"


class IntentRemark(models.Model):
    """Something said about an intent, until somebody calls it resolved."""

    intent = models.ForeignKey(Intent, on_delete=models.PROTECT, related_name="remarks")
    text = models.TextField(max_length=2000)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(db_default=Now())
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                name="remark_resolved_by_somebody",
                condition=Q(resolved_by__isnull=True, resolved_at__isnull=True)
                | Q(resolved_by__isnull=False, resolved_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="remark_open",
                fields=["intent"],
                condition=Q(resolved_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"remark {self.pk} on intent {self.intent_id}"
