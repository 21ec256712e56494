"""When a round is due and what it must prove: one row per iteration of the plan."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotations.models import Iteration


class Policy(models.Model):
    class Recipe(models.TextChoices):
        HEAD = "head", _("Light head on frozen embeddings")
        FINETUNE = "finetune", _("Encoder fine-tuning")

    class Promotion(models.TextChoices):
        AUTOMATIC = "automatic", _("Automatic when the gate passes")
        PERSON = "person", _("A person decides")

    iteration = models.PositiveSmallIntegerField(unique=True, choices=Iteration.choices)
    is_active = models.BooleanField(default=True)
    min_new_gold = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    # A round starts after this wait even below the threshold, given any new label.
    max_wait_minutes = models.PositiveIntegerField()
    recipe = models.CharField(max_length=10, choices=Recipe.choices)
    # From so many gold labels on `finetune` is used, below it the head alone.
    finetune_from = models.PositiveIntegerField(default=2000)
    promotion = models.CharField(
        max_length=10, choices=Promotion.choices, default=Promotion.AUTOMATIC
    )
    # Leave out of training what was said in conversations that the exam draws on.
    separate_conversations = models.BooleanField(default=False)
    # Whether a drift alarm opens a round of this iteration.
    starts_on_drift = models.BooleanField(default=False)
    # {"min_exam": n, "max_ece": x, "max_latency_ms": x, "max_intent_drop": x, …}
    gates = models.JSONField(default=dict, blank=True)
    # Who changed it last, and when: that person does not decide on a round under way.
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    changed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["iteration"]
        constraints = [
            models.CheckConstraint(
                name="policy_iteration_known",
                condition=Q(iteration__in=Iteration.values),
            ),
            models.CheckConstraint(
                name="policy_threshold_positive", condition=Q(min_new_gold__gte=1)
            ),
            models.CheckConstraint(
                name="policy_change_is_somebodys",
                condition=Q(changed_by__isnull=True, changed_at__isnull=True)
                | Q(changed_by__isnull=False, changed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"policy of iteration {self.iteration}"
