"""What a challenger in shadow and its champion said to the same live turns."""

from django.db.models import QuerySet

from training.ml import shadow
from training.ml.data import OUT_OF_SCOPE
from training.ml.shadow import Comparison, Turn
from training.models import Checkpoint, Round, ShadowAnswer

TURNS = 2000  # the latest so many live turns tell enough


def compare(checkpoint: Checkpoint) -> Comparison | None:
    """Over the latest turns that another model answered; None before there is one."""
    return _compare(_answers(checkpoint))


def of_round(found: Round) -> Comparison | None:
    """Over the turns that count for a round: answered by its champion, and, where its
    gate asked for a shadow, said since its challenger was made."""
    return _compare(_counted(found))


def seen(found: Round) -> int:
    """On how many live turns the round's challenger was compared."""
    return _counted(found).count()


def _answers(checkpoint: Checkpoint) -> QuerySet[ShadowAnswer]:
    answers = ShadowAnswer.objects.filter(checkpoint=checkpoint)
    return answers.exclude(turn__checkpoint=checkpoint)


def _counted(found: Round) -> QuerySet[ShadowAnswer]:
    if found.challenger is None or found.champion is None:
        return ShadowAnswer.objects.none()
    answers = _answers(found.challenger).filter(turn__checkpoint=found.champion)
    if found.shadow_needed:
        # Turns from before may be among what it learned from.
        answers = answers.filter(turn__created_at__gte=found.challenger.created_at)
    return answers


def _compare(answers: QuerySet[ShadowAnswer]) -> Comparison | None:
    latest = (
        answers.select_related("turn")
        .defer("turn__answer", "turn__state", "turn__context", "turn__text")
        .order_by("-turn_id")[:TURNS]
    )
    return shadow.compare([_turn(answer) for answer in latest])


def _turn(answer: ShadowAnswer) -> Turn:
    turn = answer.turn
    return Turn(
        champion=OUT_OF_SCOPE if turn.outcome == "fallback" else turn.intent,
        challenger=OUT_OF_SCOPE if answer.is_fallback else answer.intent,
        champion_ms=turn.milliseconds,
        challenger_ms=answer.milliseconds,
        example=turn.utterance_id,
    )
