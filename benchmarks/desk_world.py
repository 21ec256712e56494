"""Items of known difficulty at one desk, for robots that count keys or milliseconds.

Of each hundred: 75 whose best guess is right, 15 whose right intent is the second to
fifth guess, 10 whose right intent is not among the guesses; 30 have a parameter to
mark, which the model marked rightly in three of four (the plan's starting point for
parameters is 70 to 80 %).
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from annotations.demo import catalogue as demo
from benchmarks import corpus

N_INTENTS = 187
SHARES = (0.62, 0.17, 0.1, 0.06, 0.05)
MARKED_RIGHTLY = 0.75


@dataclass(frozen=True)
class DeskItem:
    text: str
    intent: str
    case: str  # accepted, corrected or searched
    guesses: tuple[str, ...]  # best first
    # (start, end, parameter) that the answer needs; None for three of ten.
    span: tuple[int, int, str] | None
    is_marked: bool


def items(n: int, *, seed: int = 11) -> list[DeskItem]:
    """The same n items for the same seed."""
    rng = random.Random(seed)
    names = intent_names()
    cases = _exact(n, {"corrected": 0.15, "searched": 0.1}, "accepted", rng)
    with_span = _exact(n, {True: 0.3}, False, rng)
    made = []
    for line, case, spoken in zip(corpus.lines(n), cases, with_span, strict=True):
        pool = [name for name in names if takes_parameters(name) == spoken]
        intent = rng.choice(pool)
        others = rng.sample([name for name in names if name != intent], len(SHARES))
        place = {"accepted": 0, "corrected": rng.randrange(1, 5), "searched": None}
        guesses = list(others)
        if place[case] is not None:
            guesses[place[case]] = intent
        span = (line.start, line.end, line.param) if spoken else None
        made.append(
            DeskItem(
                line.text, intent, case, tuple(guesses), span,
                is_marked=spoken and rng.random() < MARKED_RIGHTLY,
            )
        )  # fmt: skip
    return made


def _exact(n: int, shares: dict, rest: object, rng: random.Random) -> list:
    """n values, each in exactly its share, in random order."""
    drawn = [value for value, share in shares.items() for _ in range(round(n * share))]
    drawn += [rest] * (n - len(drawn))
    rng.shuffle(drawn)
    return drawn


@cache
def intent_names() -> list[str]:
    """The demo's intents, filled up to 187 with others that sound alike."""
    known = [one.name for one in demo.load().intents if not one.is_out_of_scope]
    more = [name for name in corpus.INTENTS if name not in known]
    return [*known, *more][:N_INTENTS]


def takes_parameters(name: str) -> bool:
    """Every third intent has a function."""
    return intent_names().index(name) % 3 == 0


def fill(made: Sequence[DeskItem]) -> None:
    """People, catalogue and queue: the items in this order, nothing else."""
    from annotations.models import (
        Domain,
        Intent,
        QueueItem,
        Suggestion,
        Utterance,
    )
    from benchmarks import fill as common

    common.people()
    known = demo.load().by_name
    domains = {domain.name: domain.title for domain in demo.load().domains}
    for name in [*intent_names(), demo.OUT_OF_SCOPE]:
        described = known.get(name)
        domain = described.domain if described else name.split("_")[1]
        row, _ = Domain.objects.get_or_create(
            name=domain, defaults={"title": domains.get(domain, domain.title())}
        )
        intent = Intent.objects.create(
            name=name, domain=row,
            title=described.title if described else name.replace("_", " ").capitalize(),
            description=described.description if described else "",
            is_out_of_scope=name == demo.OUT_OF_SCOPE,
        )  # fmt: skip
        if name != demo.OUT_OF_SCOPE and takes_parameters(name):
            common.live_schema(intent)
    for rank, one in enumerate(made):
        utterance = Utterance.objects.create(
            text=one.text, dedupe_key=rank.to_bytes(32, "big"), split="train",
            redaction="full", source="calls",
            context=json.loads(common.CONTEXT),
        )  # fmt: skip
        Suggestion.objects.create(
            utterance=utterance, model_name="bench", parameters=_marks(one),
            intents=[
                {"intent": name, "confidence": share}
                for name, share in zip(one.guesses, SHARES, strict=True)
            ],
        )  # fmt: skip
        QueueItem.objects.create(
            utterance=utterance, reason="uncertain", rank=rank, draw_probability=1.0
        )


def _marks(one: DeskItem) -> list[dict[str, object]]:
    if not (one.span and one.is_marked):
        return []
    start, end, param = one.span
    text = one.text[start:end]
    return [{"param": param, "start": start, "end": end, "text": text, "value": ""}]
