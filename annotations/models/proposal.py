"""Intents that somebody misses, and what reviewers decided about them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotations.models.catalogue import Domain, Intent
from annotations.models.utterance import Utterance


class IntentProposal(models.Model):
    """A new intent as somebody would have it, mostly because of one utterance."""

    class Status(models.TextChoices):
        OPEN = "open", _("Waits for a reviewer")
        ACCEPTED = "accepted", _("Accepted")
        MERGED = "merged", _("Belongs to another intent")
        DECLINED = "declined", _("Declined")

    title = models.CharField(max_length=120)
    description = models.CharField(max_length=300)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT)
    utterance = models.ForeignKey(Utterance, on_delete=models.SET_NULL, null=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="proposals"
    )
    proposed_at = models.DateTimeField(db_default=Now())
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    # The intent made of it, or the one it belongs to.
    intent = models.ForeignKey(Intent, on_delete=models.PROTECT, null=True)
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-proposed_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="proposal_decision_is_whole",
                condition=Q(
                    status="open",
                    decided_by__isnull=True,
                    decided_at__isnull=True,
                    intent__isnull=True,
                )
                | Q(
                    status__in=["accepted", "merged"],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                    intent__isnull=False,
                )
                | Q(
                    status="declined",
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                    intent__isnull=True,
                )
                & ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="proposal_not_decided_by_its_author",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
            ),
            models.UniqueConstraint(
                name="proposal_open_once",
                fields=["proposed_by", "title"],
                condition=Q(status="open"),
            ),
        ]
        indexes = [
            models.Index(
                name="proposal_waiting",
                fields=["proposed_at"],
                condition=Q(status="open"),
            ),
        ]

    def __str__(self) -> str:
        return f"proposal {self.pk} ({self.status})"
