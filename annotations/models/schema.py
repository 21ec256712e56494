"""Functions the bot can call and the versions of their parameter schemas."""

import json
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

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
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in_review", "In review"
        APPROVED = "approved", "Approved"
        LIVE = "live", "Live"
        DEPRECATED = "deprecated", "Deprecated"
        RETIRED = "retired", "Retired"

    SIGNED_OFF = (Status.APPROVED, Status.LIVE, Status.DEPRECATED, Status.RETIRED)

    function = models.ForeignKey(
        Function, on_delete=models.PROTECT, related_name="versions"
    )
    number = models.PositiveIntegerField()
    canonical = models.TextField()
    content_hash = models.CharField(max_length=64)
    status = models.CharField(
        max_length=12, choices=Status.choices, default=Status.DRAFT
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(db_default=Now())
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )
    approved_at = models.DateTimeField(null=True)
    approval_reason = models.TextField(blank=True)

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
