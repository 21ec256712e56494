"""A model's guess, stored for the person who will see it."""

from django.db import models
from django.db.models.functions import Now

from annotations.models.utterance import Utterance


class Suggestion(models.Model):
    """The latest guess for one queued utterance.

    intents: at most five {"intent": name, "confidence": calibrated 0..1}, best first.
    parameters: [{"param", "start", "end", "text", "value"}] in code points.
    """

    utterance = models.OneToOneField(
        Utterance, on_delete=models.CASCADE, primary_key=True
    )
    model_name = models.CharField(max_length=120)
    intents = models.JSONField()
    parameters = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"suggestion of {self.model_name} for utterance {self.utterance_id}"
