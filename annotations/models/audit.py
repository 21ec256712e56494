"""The trail: who did what to which thing, in chains that show any later edit."""

from django.db import models


class AuditEvent(models.Model):
    """One fact. Identifiers only, never a caller's words; no foreign keys.

    A trigger numbers the event within its stream and links it to the one before;
    another refuses UPDATE and DELETE. `hash` is SHA-256 (hex) over the lines
    stream, seq, prev_hash, at, actor, action, object, payload.
    """

    stream = models.CharField(max_length=80)
    seq = models.BigIntegerField(default=0)
    at = models.DateTimeField(null=True)
    actor = models.CharField(max_length=80)
    action = models.CharField(max_length=60)
    object = models.CharField(max_length=120)
    payload = models.TextField(default="{}")
    prev_hash = models.CharField(max_length=64, default="")
    hash = models.CharField(max_length=64, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="audit_seq_unique", fields=["stream", "seq"]),
        ]
        indexes = [
            models.Index(name="audit_by_time", fields=["-at"]),
            models.Index(name="audit_by_object", fields=["object"]),
        ]

    def __str__(self) -> str:
        return f"{self.stream}#{self.seq} {self.action}"
