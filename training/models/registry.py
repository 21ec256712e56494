"""What of a round the model registry (MLflow) has been told."""

from django.db import models
from django.db.models import Q

from training.models.round import Round


class RegistryEntry(models.Model):
    """Our tables are the truth; this says how far the registry follows them."""

    round = models.OneToOneField(
        Round, on_delete=models.CASCADE, primary_key=True, related_name="registered"
    )
    # The run over there; empty until the first time that worked.
    run_id = models.CharField(max_length=64, blank=True)
    # What was told: the round's status and the checkpoint's state.
    told = models.CharField(max_length=24, blank=True)
    told_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="registry_told_completely",
                condition=Q(told="", told_at__isnull=True)
                | (~Q(told="") & ~Q(run_id="") & Q(told_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"registry entry of round {self.round_id}"
