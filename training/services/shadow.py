"""A challenger in shadow: asked what the champion was asked, heard by nobody.

It answers in a worker, from the words as the pool holds them, so that live turns
are never slower for it.
"""

import logging
import time
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from annotations.errors import DomainError
from annotations.models import Utterance
from annotations.services import catalogue
from training.models import Checkpoint, LiveTurn, Round, ShadowAnswer
from training.services import checkpoints
from training.services.shadow_compare import TURNS
from training.services.suggestions import example_of
from training.serving import names

logger = logging.getLogger(__name__)

CHUNK = 256
TIMED = 32  # turns a sweep that are answered one by one, as live turns are
Status = Round.Status


def sweep() -> int:
    """Every challenger that awaits a decision has answered the latest live turns."""
    return sum(answer(found) for found in _in_shadow())


def answer(checkpoint: Checkpoint) -> int:
    """`checkpoint` answers the live turns it has not; returns how many."""
    open_turns = list(_unanswered(checkpoint)[:TURNS])
    if not open_turns:
        return 0
    try:
        predictor = checkpoints.open_predictor(checkpoint)
    except DomainError as error:
        logger.warning(
            "no shadow", extra={"checkpoint": checkpoint.pk, "code": error.code}
        )
        return 0
    _answer_timed(checkpoint, predictor, open_turns[:TIMED])
    for begin in range(TIMED, len(open_turns), CHUNK):
        turns = open_turns[begin : begin + CHUNK]
        _, said = predictor.predict_many([example_of(turn.utterance) for turn in turns])
        _store(checkpoint, turns, said, [None] * len(turns))
    return len(open_turns)


def _in_shadow() -> QuerySet[Checkpoint]:
    waiting = Round.objects.filter(status__in=(Status.SHADOW, Status.AWAITING))
    return Checkpoint.objects.filter(pk__in=waiting.values("challenger"))


def _unanswered(checkpoint: Checkpoint) -> QuerySet[LiveTurn]:
    """The latest turns, those it answered left out, whose words people may see."""
    readable = LiveTurn.objects.filter(utterance__in=Utterance.objects.visible())
    latest = readable.order_by("-id").values("pk")[:TURNS]
    return (
        LiveTurn.objects.filter(pk__in=latest)
        .exclude(shadows__checkpoint=checkpoint)
        .select_related("utterance")
        .order_by("-id")
    )


def _answer_timed(
    checkpoint: Checkpoint, predictor: Any, turns: Sequence[LiveTurn]
) -> None:
    examples = [example_of(turn.utterance) for turn in turns]
    predictor.predict_many(examples[:1])  # the first answer of a session is slow
    said: list[Any] = []
    milliseconds: list[float | None] = []
    for example in examples:
        began = time.perf_counter()
        _, answers = predictor.predict_many([example])
        milliseconds.append(1000.0 * (time.perf_counter() - began))
        said += answers
    _store(checkpoint, turns, said, milliseconds)


def _store(
    checkpoint: Checkpoint,
    turns: Sequence[LiveTurn],
    said: Sequence[Any],
    milliseconds: Sequence[float | None],
) -> None:
    cards = catalogue.current()
    found = [names.canonical(one, cards) for one in said]
    ShadowAnswer.objects.bulk_create(
        [
            ShadowAnswer(
                turn=turn,
                checkpoint=checkpoint,
                intent=said.intents[0][0][:80],
                confidence=said.intents[0][1],
                is_fallback=said.is_fallback,
                milliseconds=took,
            )
            for turn, said, took in zip(turns, found, milliseconds, strict=True)
        ],
        ignore_conflicts=True,  # two workers may have taken the same turns
    )
