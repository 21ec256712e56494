"""The search passes over whole windows of ids without reading their rows."""

from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    RemoveIndexConcurrently,
)
from django.db import migrations, models
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):
    atomic = False  # an index built concurrently commits in between
    dependencies = [("annotations", "0027_search_statistics")]
    operations = [
        RemoveIndexConcurrently("utterance", "utterance_said"),
        AddIndexConcurrently(
            "utterance",
            models.Index(
                Coalesce("occurred_at", "created_at"),
                "id",
                name="utterance_said",
                condition=models.Q(redaction="full"),
            ),
        ),
    ]
