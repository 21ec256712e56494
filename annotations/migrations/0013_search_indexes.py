"""What the search reads, built while people go on working."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Coalesce

SEARCHABLE = models.Q(redaction="full")


def index(*expressions: object, **options: object) -> AddIndexConcurrently:
    return AddIndexConcurrently(
        "utterance", models.Index(*expressions, condition=SEARCHABLE, **options)
    )


class Migration(migrations.Migration):
    atomic = False  # an index built concurrently commits in between
    dependencies = [("annotations", "0012_search_terms")]
    operations = [
        AddIndexConcurrently(
            "utterance",
            GinIndex(
                models.Func("text", function="annotations_terms"),
                name="utterance_terms",
                condition=SEARCHABLE,
                fastupdate=False,
            ),
        ),
        index(name="utterance_status", fields=["status", "split"]),
        index(name="utterance_source", fields=["source"]),
        index(name="utterance_confidence", fields=["bot_confidence"]),
        index(Coalesce("occurred_at", "created_at"), name="utterance_said"),
    ]
