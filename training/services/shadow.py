"""A challenger in shadow: asked what the champion was asked, heard by nobody.

It answers in a worker, from the words as the pool holds them, so that live turns
are never slower for it.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from annotations.errors import DomainError
from annotations.models import Utterance
from annotations.services import catalogue
from annotations.shares import wilson_interval
from training.ml.data import OUT_OF_SCOPE
from training.models import Checkpoint, LiveTurn, Round, ShadowAnswer
from training.services import checkpoints
from training.services.suggestions import example_of
from training.serving import names

logger = logging.getLogger(__name__)

TURNS = 2000  # the latest so many live turns tell enough
CHUNK = 256
CHANGES_SHOWN = 12


@dataclass(frozen=True)
class Change:
    """Turns that the champion took for one intent and the challenger for another."""

    champion: str
    challenger: str
    turns: int
    # One of them, for people who may read what callers said.
    utterance_id: int | None


@dataclass(frozen=True)
class Comparison:
    """How two models answered the same live turns; shares are of `turns`."""

    turns: int
    agreement: float
    agreement_interval: tuple[float, float]
    champion_fallback: float
    challenger_fallback: float
    changes: tuple[Change, ...]


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
    for begin in range(0, len(open_turns), CHUNK):
        _answer_chunk(checkpoint, predictor, open_turns[begin : begin + CHUNK])
    return len(open_turns)


def compare(checkpoint: Checkpoint) -> Comparison | None:
    """What the challenger would have changed; None before it answered a turn."""
    pairs = [
        (_told(turn.intent, turn.outcome == "fallback"),
         _told(intent, is_fallback), turn.utterance_id)
        for turn, intent, is_fallback in _pairs(checkpoint)
    ]  # fmt: skip
    if not pairs:
        return None
    n = len(pairs)
    same = sum(champion == challenger for champion, challenger, _ in pairs)
    return Comparison(
        turns=n,
        agreement=same / n,
        agreement_interval=wilson_interval(same, n),
        champion_fallback=sum(pair[0] == OUT_OF_SCOPE for pair in pairs) / n,
        challenger_fallback=sum(pair[1] == OUT_OF_SCOPE for pair in pairs) / n,
        changes=_changes(pairs),
    )


def _in_shadow() -> QuerySet[Checkpoint]:
    waiting = Round.objects.filter(status=Round.Status.AWAITING)
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


def _answer_chunk(
    checkpoint: Checkpoint, predictor: Any, turns: Sequence[LiveTurn]
) -> None:
    _, said = predictor.predict_many([example_of(turn.utterance) for turn in turns])
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
            )
            for turn, said in zip(turns, found, strict=True)
        ],
        ignore_conflicts=True,  # two workers may have taken the same turns
    )


def _pairs(checkpoint: Checkpoint) -> list[tuple[LiveTurn, str, bool]]:
    answers = (
        ShadowAnswer.objects.filter(checkpoint=checkpoint)
        .exclude(turn__checkpoint=checkpoint)
        .select_related("turn")
        .defer("turn__answer", "turn__state", "turn__context")
        .order_by("-turn_id")[:TURNS]
    )
    return [(one.turn, one.intent, one.is_fallback) for one in answers]


def _told(intent: str, is_fallback: bool) -> str:
    return OUT_OF_SCOPE if is_fallback else intent


def _changes(pairs: Sequence[tuple[str, str, int | None]]) -> tuple[Change, ...]:
    counts: Counter[tuple[str, str]] = Counter()
    example: dict[tuple[str, str], int | None] = {}
    for champion, challenger, utterance_id in pairs:
        if champion != challenger:
            counts[champion, challenger] += 1
            example.setdefault((champion, challenger), utterance_id)
    return tuple(
        Change(*pair, turns=n, utterance_id=example[pair])
        for pair, n in counts.most_common(CHANGES_SHOWN)
    )
