"""Runs of the fast loop, and the vectors they work on."""

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Func
from django.db.models.functions import Cast, Now
from django.utils.translation import gettext_lazy as _
from pgvector.django import BitField, HnswIndex, VectorField

from annotations.models import Utterance

EMBEDDING_DIMENSIONS = 384


class UtteranceEmbedding(models.Model):
    utterance = models.OneToOneField(
        Utterance, on_delete=models.CASCADE, primary_key=True
    )
    encoder = models.CharField(max_length=80)
    # Unit length, so that the inner product is the cosine.
    vector = VectorField(dimensions=EMBEDDING_DIMENSIONS)

    class Meta:
        indexes = [
            # Over the signs of the vectors: a tenth of the size and of the time to
            # build. What it finds is put in order by the vectors themselves.
            HnswIndex(
                OpClass(
                    Cast(
                        Func("vector", function="binary_quantize"),
                        BitField(length=EMBEDDING_DIMENSIONS),
                    ),
                    name="bit_hamming_ops",
                ),
                name="embedding_signs",
                m=16,
                ef_construction=64,
            ),
        ]

    def __str__(self) -> str:
        return f"embedding of utterance {self.utterance_id}"


class Ranking(models.Model):
    """One refill of the queue: what it saw, how long it took, how it ended."""

    class Status(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    status = models.CharField(
        max_length=8, choices=Status.choices, default=Status.RUNNING
    )
    cause = models.CharField(max_length=80)
    n_pool = models.PositiveIntegerField(default=0)
    n_embedded = models.PositiveIntegerField(default=0)
    n_gold = models.PositiveIntegerField(default=0)
    n_queued = models.PositiveIntegerField(default=0)
    model_name = models.CharField(max_length=120, blank=True)
    # {"step": sentence, "done": n, "total": n} while running; seconds per step after.
    progress = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(name="ranking_recent", fields=["-started_at"])]

    def __str__(self) -> str:
        return f"ranking {self.pk} ({self.status})"
