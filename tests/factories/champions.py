"""Models that served, with what their exams found."""

from datetime import timedelta

from django.utils import timezone

from training.ml.evaluation import Figure, Measure
from training.models import Checkpoint, Evaluation, Promotion


def served(name: str, *, days_ago: int, is_now: bool = False, **values: float):
    """A checkpoint that began to serve so many days ago; its figures by name."""
    state = Checkpoint.State.CHAMPION if is_now else Checkpoint.State.RETIRED
    made = Checkpoint.objects.create(
        name=name,
        recipe="head",
        path=name,
        manifest_sha256="0" * 64,
        state=state,
        gate_passed=True,
    )
    serve(made, days_ago=days_ago, is_now=is_now)
    if values:
        measured(made, **values)
    return made


def serve(checkpoint: Checkpoint, *, days_ago: int, is_now: bool = False) -> Promotion:
    """Half a day long, or until now."""
    began = timezone.now() - timedelta(days=days_ago)
    return Promotion.objects.create(
        checkpoint=checkpoint,
        from_at=began,
        to_at=None if is_now else began + timedelta(hours=12),
        reason="it was better",
    )


def measured(checkpoint: Checkpoint, **values: float) -> Evaluation:
    """An evaluation on 200 items, every interval two points to each side."""
    figures = [
        Figure.of(name, 200, Measure(value, (value - 0.02, value + 0.02)))
        for name, value in values.items()
    ]
    return Evaluation.objects.create(
        checkpoint=checkpoint,
        exam_digest=f"{checkpoint.pk}",
        n=200,
        report={"intent": {"accuracy": values.get("intent_accuracy", 0.5)}},
        detail={
            "figures": [
                {
                    "name": one.name,
                    "n": one.n,
                    "value": one.value,
                    "interval": list(one.interval),
                }
                for one in figures
            ]
        },
    )
