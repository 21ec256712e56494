"""Functions the bot can call and the versions of their parameter schemas."""

import json
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotations.models.catalogue import Domain, Intent


class Function(models.Model):
    """A dialog task as the bot calls it; its intent says when."""

    name = models.CharField(max_length=80, unique=True)
    intent = models.OneToOneField(Intent, on_delete=models.PROTECT)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT)
    description = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SchemaVersion(models.Model):
    """One version of a function's parameters, as canonical JSON Schema text.

    The text, not a parsed form, is stored: approval is bound to its SHA-256, which
    the database itself checks.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", _("Approved")
        LIVE = "live", _("Live")
        DEPRECATED = "deprecated", _("Deprecated")
        RETIRED = "retired", _("Retired")

    SIGNED_OFF = (Status.APPROVED, Status.LIVE, Status.DEPRECATED, Status.RETIRED)

    function = models.ForeignKey(
        Function, on_delete=models.PROTECT, related_name="versions"
    )
    number = models.PositiveIntegerField()
    # Semantic version, derived from the changes when the version goes live.
    version = models.CharField(max_length=20, blank=True)
    canonical = models.TextField()
    content_hash = models.CharField(max_length=64)
    status = models.CharField(
        max_length=12, choices=Status.choices, default=Status.DRAFT
    )
    # What changed and why, in the author's words.
    summary = models.TextField(blank=True)
    # {old name: new name}: a parameter that kept its meaning under another name.
    renames = models.JSONField(default=dict, blank=True)
    # [{"arguments": {…}, "valid": bool}]: calls that must pass, calls that must fail.
    examples = models.JSONField(default=list, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(db_default=Now())
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )
    approved_at = models.DateTimeField(null=True)
    approval_reason = models.TextField(blank=True)
    # The emergency path: two approvers now, a review afterwards.
    is_emergency = models.BooleanField(default=False)
    second_approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )
    followed_up_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )
    live_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["function__name", "-number"]
        constraints = [
            models.UniqueConstraint(
                name="schema_number_unique", fields=["function", "number"]
            ),
            models.UniqueConstraint(
                name="one_live_schema_per_function",
                fields=["function"],
                condition=Q(status="live"),
            ),
            models.CheckConstraint(
                name="schema_approver_is_not_author",
                condition=Q(approved_by__isnull=True)
                | ~Q(approved_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="schema_second_approver_is_a_third_person",
                condition=Q(second_approver__isnull=True)
                | (
                    ~Q(second_approver=F("proposed_by"))
                    & ~Q(second_approver=F("approved_by"))
                ),
            ),
            models.CheckConstraint(
                name="schema_emergency_has_two_approvers",
                condition=Q(is_emergency=False)
                | Q(status__in=["draft", "in_review"])
                | Q(second_approver__isnull=False),
            ),
            models.CheckConstraint(
                name="schema_approval_complete",
                condition=(
                    Q(status__in=["draft", "in_review"])
                    & Q(approved_by__isnull=True, approved_at__isnull=True)
                )
                | (
                    Q(status__in=["approved", "live", "deprecated", "retired"])
                    & Q(approved_by__isnull=False, approved_at__isnull=False)
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.function_id} v{self.number}"

    @property
    def body(self) -> dict[str, Any]:
        """The JSON Schema object of the parameters."""
        return json.loads(self.canonical)


class SchemaRemark(models.Model):
    """What somebody said or decided about a version, as it read then."""

    class Kind(models.TextChoices):
        COMMENT = "comment", _("Comment")
        SUBMITTED = "submitted", _("Sent to review")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        VOIDED = "voided", _("Approval voided by an edit")
        FOLLOWED_UP = "followed_up", _("Reviewed afterwards")

    version = models.ForeignKey(
        SchemaVersion, on_delete=models.PROTECT, related_name="remarks"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    text = models.TextField(blank=True)
    content_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"{self.kind} on version {self.version_id}"


class LabelMigration(models.Model):
    """The work on existing labels that a version going live leaves behind."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Waiting")
        DONE = "done", _("Done")

    version = models.OneToOneField(
        SchemaVersion, on_delete=models.PROTECT, related_name="migration"
    )
    previous = models.ForeignKey(
        SchemaVersion, on_delete=models.PROTECT, related_name="+"
    )
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.REQUESTED
    )
    # Labels settled so far go by utterance id, so that a killed worker resumes.
    last_utterance = models.BigIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    migrated = models.PositiveIntegerField(default=0)
    queued = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"migration to version {self.version_id}"


class FunctionExample(models.Model):
    """A vetted utterance of the few-shot bank and the arguments it should give."""

    class Kind(models.TextChoices):
        POSITIVE = "positive", _("Complete")
        MISSING = "missing", _("A parameter is missing")
        NEGATIVE = "negative", _("Another function")

    function = models.ForeignKey(
        Function, on_delete=models.CASCADE, related_name="examples"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.TextField()
    context = models.JSONField(default=list, blank=True)
    arguments = models.JSONField(default=dict, blank=True)
    # Where it comes from, unless somebody wrote it.
    utterance_id = models.BigIntegerField(null=True)
    vetted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["kind", "id"]
        constraints = [
            models.UniqueConstraint(
                name="example_once_per_function", fields=["function", "text"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} example of function {self.function_id}"
