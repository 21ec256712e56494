"""What people answered: events that are only ever added, and the gold they imply."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotations.models.catalogue import Act, Intent
from annotations.models.queue import QueueItem, Reason
from annotations.models.schema import SchemaVersion
from annotations.models.utterance import Utterance


class SkipReason(models.TextChoices):
    UNCLEAR = "unclear", _("Unclear text")
    TWO_INTENTS = "two_intents", _("Two intents")
    WRONG_LANGUAGE = "wrong_language", _("Wrong language")
    NOT_CUSTOMER = "not_customer", _("Not the customer")
    NEED_HELP = "need_help", _("Need help")
    OTHER = "other", _("Other")


class ReviewReason(models.TextChoices):
    """Why a reviewer decided as they did."""

    RULE = "rule", _("The guideline says so")
    OVERLOOKED = "overlooked", _("Something was overlooked")
    LOOK_ALIKE = "look_alike", _("A look-alike intent")
    MARKS = "marks", _("Wrong or missing marks")
    CONTEXT = "context", _("Earlier turns decide it")
    UNCLEAR = "unclear", _("Could be either")


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    def standing(self) -> "AnnotationQuerySet":
        """Answers that nobody took back."""
        return self.exclude(kind=Annotation.Kind.UNDO).filter(undone_by__isnull=True)


class Annotation(models.Model):
    """One person's answer. The database refuses to change or delete it."""

    class Kind(models.TextChoices):
        LABEL = "label", _("Label")
        SKIP = "skip", _("Skip")
        QUARANTINE = "quarantine", _("Personal data")
        UNDO = "undo", _("Undo")
        # A reviewer's: what was settled before has to be settled anew.
        REOPEN = "reopen", _("Opened again")

    # Made by the client, so that a retry stores once.
    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    utterance = models.ForeignKey(Utterance, on_delete=models.PROTECT)
    # Queue rows come and go with each re-rank; the event keeps what it needs of them.
    queue_item = models.ForeignKey(
        QueueItem, on_delete=models.DO_NOTHING, db_constraint=False, null=True
    )
    reason = models.CharField(max_length=16, choices=Reason.choices, blank=True)
    draw_probability = models.FloatField(null=True)
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    intent = models.ForeignKey(Intent, on_delete=models.PROTECT, null=True)
    schema_version = models.ForeignKey(
        SchemaVersion, on_delete=models.PROTECT, null=True
    )
    not_spoken = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    # Whether somebody looked for parameters, so that what is unmarked was not said.
    # False: the intent alone was given, or a mark was lost on the way.
    marks_known = models.BooleanField(default=True)
    skip_reason = models.CharField(
        max_length=16, choices=SkipReason.choices, blank=True
    )
    # What the turn does in its conversation; empty where nobody was asked.
    act = models.CharField(max_length=10, choices=Act.choices, blank=True)
    # The speech recognizer got a word wrong: true of the text, whatever the intent.
    is_misheard = models.BooleanField(default=False)
    # Where reported personal data stands: code points, half-open. The words stay out.
    reported_start = models.PositiveIntegerField(null=True)
    reported_end = models.PositiveIntegerField(null=True)
    undoes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="undone_by"
    )
    # The earlier label that this one replaces, e.g. after the schema changed.
    revises = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="revised_by"
    )
    blind = models.BooleanField(default=False)
    # A reviewer's word on answers that disagree: it decides.
    is_review = models.BooleanField(default=False)
    review_reason = models.CharField(
        max_length=12, choices=ReviewReason.choices, blank=True
    )
    # Given after the lease had ended and somebody else had answered.
    is_late = models.BooleanField(default=False)
    # 1..5 where the chosen intent stood among the suggestions, null where it did not.
    suggested_rank = models.PositiveSmallIntegerField(null=True)
    suggested_by = models.CharField(max_length=120, blank=True)
    shown_ms = models.PositiveIntegerField(null=True)
    # SHA-256 of the answer: the same id with another answer is refused.
    body_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="annotation_says_something",
                condition=Q(kind="label", intent__isnull=False, undoes__isnull=True)
                | Q(kind="skip", undoes__isnull=True) & ~Q(skip_reason="")
                | Q(kind="quarantine", undoes__isnull=True)
                | Q(kind="undo", undoes__isnull=False)
                | Q(kind="reopen", undoes__isnull=True, is_review=True),
            ),
            models.CheckConstraint(
                name="annotation_acts_are_of_labels",
                condition=Q(kind="label") | Q(act="", is_misheard=False),
            ),
            models.CheckConstraint(
                name="annotation_unknown_marks_are_of_labels",
                condition=Q(kind="label") | Q(marks_known=True),
            ),
            models.CheckConstraint(
                name="annotation_act_known",
                condition=Q(act="") | Q(act__in=Act.values),
            ),
            models.CheckConstraint(
                name="annotation_reported_place",
                condition=Q(reported_start__isnull=True, reported_end__isnull=True)
                | Q(
                    kind="quarantine",
                    reported_start__isnull=False,
                    reported_end__gt=F("reported_start"),
                ),
            ),
        ]
        indexes = [
            models.Index(
                name="annotation_history", fields=["annotator", "-created_at"]
            ),
            models.Index(name="annotation_recent", fields=["-created_at"]),
            models.Index(
                name="annotation_late",
                fields=["utterance"],
                condition=Q(is_late=True, kind="label"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ParameterSpan(models.Model):
    """A parameter's place in a text: code points, half-open, with the words there.

    The text is the utterance's own, or that of an earlier turn of its context.
    """

    annotation = models.ForeignKey(
        Annotation, on_delete=models.PROTECT, related_name="spans"
    )
    param = models.CharField(max_length=80)
    # Position in the utterance's context, 0 the oldest; null for its own text.
    turn = models.PositiveSmallIntegerField(null=True)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    text = models.TextField()
    value = models.TextField(blank=True)

    class Meta:
        ordering = ["start"]
        constraints = [
            models.CheckConstraint(
                name="span_is_not_empty", condition=Q(end__gt=F("start"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.param} [{self.start}:{self.end})"


class GoldLabel(models.Model):
    """The resolved answer of an utterance: a projection of its standing events."""

    class Rule(models.TextChoices):
        SINGLE = "single", _("One answer")
        AGREED = "agreed", _("Agreed answers")
        REVIEWED = "reviewed", _("Review")

    utterance = models.OneToOneField(
        Utterance, on_delete=models.CASCADE, primary_key=True
    )
    annotation = models.OneToOneField(Annotation, on_delete=models.PROTECT)
    intent = models.ForeignKey(Intent, on_delete=models.PROTECT)
    rule = models.CharField(max_length=10, choices=Rule.choices)
    resolved_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(name="gold_recent", fields=["-resolved_at"])]

    def __str__(self) -> str:
        return f"gold label of utterance {self.utterance_id}"
