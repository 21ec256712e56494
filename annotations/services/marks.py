"""Whether a label says which parameters were said, or only which intent."""

import json

from annotations.models import GoldLabel, Intent, SchemaVersion


def intents_without_parameters() -> set[int]:
    """Intents whose labels need no marks: there is nothing to look for.

    The live schema tells. Where an intent has none, the marks do: it has no parameters
    for as long as no gold label of it has one marked.
    """
    live = dict(
        SchemaVersion.objects.filter(
            status=SchemaVersion.Status.LIVE, function__intent__isnull=False
        ).values_list("function__intent", "canonical")
    )
    marked = set(
        GoldLabel.objects.filter(annotation__spans__isnull=False)
        .exclude(intent__in=live)
        .values_list("intent", flat=True)
        .distinct()
    )
    without = {k for k, text in live.items() if not json.loads(text).get("properties")}
    others = Intent.objects.exclude(pk__in=live.keys() | marked)
    return without | set(others.values_list("pk", flat=True))
