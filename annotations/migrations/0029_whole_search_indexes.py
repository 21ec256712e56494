"""Of two indexes with the same condition the planner never combines both.

It takes the condition of the second for implied by the first, and the second for
redundant: a common word in a source was looked for in every text of that source.
"""

from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    RemoveIndexConcurrently,
)
from django.db import migrations, models
from django.db.models.functions import Coalesce


def replaced(name: str, *columns: object, **options: object) -> list[object]:
    whole = models.Index(*columns, name=name, **options)
    return [
        RemoveIndexConcurrently("utterance", name),
        AddIndexConcurrently("utterance", whole),
    ]


class Migration(migrations.Migration):
    atomic = False  # an index built concurrently commits in between
    dependencies = [("annotations", "0028_days_with_ids")]
    operations = [
        *replaced("utterance_status", fields=["status", "split"]),
        *replaced("utterance_source", fields=["source"]),
        *replaced("utterance_confidence", fields=["bot_confidence"]),
        *replaced("utterance_said", Coalesce("occurred_at", "created_at"), "id"),
    ]
