"""Callers before and after something changed, with a champion that knew the former."""

import hashlib
import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from django.utils import timezone

from annotations.models import Conversation, Turn, Utterance
from tests.factories import rounds
from training.models import (
    EMBEDDING_DIMENSIONS,
    Checkpoint,
    DriftCheck,
    UtteranceEmbedding,
)
from training.services import drift, promotion

_numbers = itertools.count(1)
N = 220
SAYINGS = tuple(rounds.SAYINGS.values())
INTERNET = rounds.SAYINGS["fix_internet"]


def champion() -> Checkpoint:
    """It learned three sayings and serves."""
    folder = Path(mkdtemp(prefix="ivr-drift-"))
    found = rounds.checkpoint("served", folder / "served", rounds.SAYINGS)
    promotion.promote(
        checkpoint=found, reason="it was checked by hand", by=None, instead_of=None
    )
    return found


@dataclass(frozen=True)
class Said:
    """One turn; `direction` is where its embedding points."""

    text: str
    at: datetime
    direction: int = 0
    split: str = "train"


def said(*turns: Said) -> list[Utterance]:
    """Each turn is the first of a conversation of its own, in the ledger."""
    numbers = [next(_numbers) for _ in turns]
    conversations = Conversation.objects.bulk_create(
        Conversation(source="calls", external_id=f"d{n}") for n in numbers
    )
    utterances = Utterance.objects.bulk_create(
        Utterance(
            text=turn.text,
            dedupe_key=hashlib.sha256(f"drift {n}".encode()).digest(),
            split=turn.split,
            redaction=Utterance.Redaction.FULL,
            source="calls",
            conversation=conversation,
            turn=1,
        )
        for n, turn, conversation in zip(numbers, turns, conversations, strict=True)
    )
    UtteranceEmbedding.objects.bulk_create(
        UtteranceEmbedding(
            utterance=utterance, encoder="test", vector=_vector(n, turn.direction)
        )
        for n, turn, utterance in zip(numbers, turns, utterances, strict=True)
    )
    Turn.objects.bulk_create(
        Turn(
            conversation=utterance.conversation,
            number=1,
            utterance=utterance,
            occurred_at=turn.at,
        )
        for turn, utterance in zip(turns, utterances, strict=True)
    )
    return utterances


def _vector(seed: int, direction: int) -> list[float]:
    vector = np.random.default_rng(seed).normal(size=EMBEDDING_DIMENSIONS)
    vector[direction] += 12.0
    return (vector / np.linalg.norm(vector)).tolist()


def callers(*, changed: bool = False, only_lately: bool = False) -> Checkpoint:
    """Two months of calls. changed: the second month is about the internet only;
    only_lately: its second half is.
    """
    found = champion()
    now = timezone.now()
    before = [
        Said(SAYINGS[i % 3], now - timedelta(days=31 + i / N * 28), i % 3)
        for i in range(N)
    ]
    said(*before, *(_lately(i, now, changed, only_lately) for i in range(N)))
    return found


def check(**world: bool) -> DriftCheck:
    """A check that was asked for and is not run yet."""
    callers(**world)
    return drift.request(by=None, cause="a test")


def _lately(i: int, now: datetime, changed: bool, only_lately: bool) -> Said:
    days = i / N * 29
    is_other = changed and (not only_lately or days < 14)
    return Said(
        INTERNET if is_other else SAYINGS[i % 3],
        now - timedelta(days=days),
        9 if is_other else i % 3,
        "exam" if i % 10 == 0 else "train",
    )
