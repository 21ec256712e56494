"""What one person's labels taught the fast head, for that person's eyes alone."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class OwnEffect(models.Model):
    """The newest comparison of a person's labels with as many drawn by chance.

    own, control: {"labels", "accuracy", "low", "high"} on the exam, each on top of what
    others labeled; `without` is the accuracy of that alone, null where there is none.
    difference: as in LearningComparison. n_labels, n_control, n_exam: what there was.
    """

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    n_labels = models.PositiveIntegerField()
    n_control = models.PositiveIntegerField()
    n_exam = models.PositiveIntegerField()
    without = models.FloatField(null=True)
    own = models.JSONField()
    control = models.JSONField()
    difference = models.JSONField()
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="own_effect_has_evidence",
                condition=Q(n_labels__gt=0, n_control__gt=0, n_exam__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"effect of {self.n_labels} labels"
