"""Champion and challenger of a round on the very same exam items."""

from collections import defaultdict
from dataclasses import dataclass

from training.ml.comparison import matched_interval
from training.models import Evaluation, Round, RoundStep


@dataclass(frozen=True)
class IntentDifference:
    """An intent's recall by both models; `difference` is challenger less champion."""

    name: str
    n: int
    champion: float
    challenger: float
    difference: float
    interval: tuple[float, float]


def evaluations(found: Round) -> tuple[Evaluation | None, Evaluation | None]:
    """Of challenger and champion, on the exam that this round froze.

    A model is measured first in the round that made it; later exams come later.
    """
    measured = Evaluation.objects.filter(checkpoint=found.challenger_id)
    challenger = measured.order_by("created_at").first() if measured else None
    if challenger is None or found.champion_id in (None, found.challenger_id):
        return challenger, None
    champion = Evaluation.objects.filter(
        checkpoint=found.champion_id, exam_digest=challenger.exam_digest
    )
    return challenger, champion.first()


def by_intent(found: Round) -> list[IntentDifference]:
    """Every intent of the exam, what the challenger lost most first.

    Empty where no champion answered the same items.
    """
    step = (
        RoundStep.objects.filter(round=found, name=Round.Status.EVALUATING)
        .exclude(detail={})
        .order_by("-started_at")
        .first()
    )
    if step is None or "champion" not in step.detail:
        return []
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    detail = step.detail
    sides = zip(
        detail["truth"],
        detail["champion"]["hits"],
        detail["challenger"]["hits"],
        strict=True,
    )
    for intent, theirs, ours in sides:
        mine = counts[intent]
        mine[0] += 1
        mine[1] += theirs == "1"
        mine[2] += ours > theirs
        mine[3] += ours < theirs
    rows = [_difference(name, *mine) for name, mine in counts.items()]
    return sorted(rows, key=lambda one: (one.difference, -one.n, one.name))


def _difference(
    name: str, n: int, hits: int, wins: int, losses: int
) -> IntentDifference:
    return IntentDifference(
        name=name,
        n=n,
        champion=hits / n,
        challenger=(hits + wins - losses) / n,
        difference=(wins - losses) / n,
        interval=matched_interval(wins, losses, n),
    )
