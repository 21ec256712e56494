"""What the labels so far promise about the next ones."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class LearningForecast(models.Model):
    """The fast head's learning curve, where it leads, and what each intent would gain.

    Accuracies and gains are shares in 0..1; intervals hold with 90 % and come from the
    exam items, the training labels in the order in which they were given. The champion
    is usually a little better than the fast head: this tells when more labels help, not
    how good the bot is.

    curve: {
        "measured": [{"labels", "accuracy", "low", "high"}, …],  # ascending labels
        "ahead": [{"labels", "accuracy", "low", "high"}, …],     # beyond the last
        "law": {"floor", "scale", "exponent"},  # error(n) = floor + scale / n**exponent
    }
    targets: [{"accuracy", "labels", "low", "high", "chance"}, …] by rising accuracy;
        labels counts from the first label, null = not in sight (over ten times the
        labels there are); chance = how likely it is in sight at all.
    stop: {"stop": bool, "reason": sentence, "gain": accuracy that 200 labels add}
    intents: [{"intent", "labels", "exam", "share", "error", "low", "high", "gain"}, …]
        the most worthwhile first; gain = accuracy over all calls that 20 more labels
        of the intent add, share = its share of the calls, exam = its exam items.
    """

    created_at = models.DateTimeField(db_default=Now())
    model_name = models.CharField(max_length=120)
    n_labels = models.PositiveIntegerField()
    n_exam = models.PositiveIntegerField()
    curve = models.JSONField()
    targets = models.JSONField()
    stop = models.JSONField()
    intents = models.JSONField()
    seconds = models.FloatField()

    class Meta:
        ordering = ["-created_at"]
        get_latest_by = "created_at"
        indexes = [models.Index(name="forecast_recent", fields=["-created_at"])]
        constraints = [
            models.CheckConstraint(
                name="forecast_has_evidence",
                condition=Q(n_labels__gt=0, n_exam__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"forecast from {self.n_labels} labels"
