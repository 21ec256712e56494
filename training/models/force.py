"""Promotions against the gate: one person asks, another one confirms."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotations import reasons
from training.models.checkpoint import Checkpoint
from training.models.round import Round


class ForcedPromotion(models.Model):
    class Status(models.TextChoices):
        REQUESTED = "requested", _("Waits for a second person")
        CONFIRMED = "confirmed", _("Confirmed")
        DECLINED = "declined", _("Declined")

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="forced")
    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, related_name="forced"
    )
    reason = models.TextField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField(db_default=Now())
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.REQUESTED
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    decision = models.TextField(blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                name="one_open_force_per_checkpoint",
                fields=["checkpoint"],
                condition=Q(status="requested"),
            ),
            models.CheckConstraint(
                name="force_has_a_reason",
                condition=Q(reason__length__gte=reasons.LEAST),
            ),
            models.CheckConstraint(
                name="force_decided_completely",
                condition=Q(
                    status="requested", decided_by__isnull=True, decided_at__isnull=True
                )
                | Q(
                    status__in=["confirmed", "declined"],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="force_confirmed_by_a_second_person",
                condition=~Q(status="confirmed") | ~Q(decided_by=F("requested_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"forced promotion {self.pk} ({self.status})"
