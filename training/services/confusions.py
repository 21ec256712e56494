"""Which intents the serving model takes for one another, kept where people read it."""

from django.db import transaction

from annotations.models import IntentConfusion
from annotations.services import catalogue
from training.models import Checkpoint, Evaluation


@transaction.atomic
def publish(checkpoint: Checkpoint) -> int:
    """The intents' pages show the confusions of this model, from its newest exam.

    Returns how many pairs; a model that was never measured leaves the pages empty.
    """
    IntentConfusion.objects.all().delete()
    measured = Evaluation.objects.filter(checkpoint=checkpoint).first()
    if measured is None:
        return 0
    known = catalogue.current().by_name
    rows: dict[tuple[int, int], IntentConfusion] = {}
    for found in measured.detail.get("confusions", {}).get("intent", ()):
        one, other = known.get(found["truth"]), known.get(found["predicted"])
        if one is None or other is None or one.id == other.id:
            continue
        row = rows.setdefault(
            (one.id, other.id),
            IntentConfusion(
                intent_id=one.id,
                taken_for_id=other.id,
                n=0,
                n_asked=0,
                model_name=checkpoint.name,
            ),
        )
        row.n += found["n"]
        row.n_asked += round(found["n"] / found["share"])
    IntentConfusion.objects.bulk_create(rows.values())
    return len(rows)
