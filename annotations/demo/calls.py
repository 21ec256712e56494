"""Whole conversations, one after the other, from a seed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from annotations.demo import catalogue, storm, written
from annotations.demo.conversations import Call, Turn
from annotations.demo.dice import Dice, Weighted
from annotations.demo.draft import Draft
from annotations.demo.talk import Talk, World
from annotations.demo.values import Person

DAYS = 60
ENDS_AT = datetime(2026, 11, 22, tzinfo=UTC)

# Conversations, not utterances: a call has several, a written message one.
_SOURCES = Weighted(
    ("calls", "tickets", "faq", "crm", "feedback", "expert"), (66, 11, 5, 8, 7, 3)
)


def generate_calls(
    n_utterances: int, seed: int, *, ends_at: datetime = ENDS_AT
) -> Iterator[Call]:
    """Conversations until they hold at least `n_utterances` utterances.

    Call i depends on the seed and i alone, so a longer run begins with a shorter one.
    """
    world = World(catalogue.load())
    made = number = 0
    while made < n_utterances:
        call = _call(world, seed, number, ends_at)
        made += call.utterances
        number += 1
        yield call


def generate_records(
    n_utterances: int, seed: int, *, ends_at: datetime = ENDS_AT
) -> Iterator[dict[str, Any]]:
    """Exactly `n_utterances` canonical records: raw text, spans on the raw text."""
    calls = generate_calls(n_utterances, seed, ends_at=ends_at)
    return islice((row for call in calls for row in records(call)), n_utterances)


def records(call: Call) -> Iterator[dict[str, Any]]:
    """One canonical record an utterance, with the turns before it as context."""
    context: list[dict[str, str]] = []
    for number, turn in enumerate(call.turns):
        if turn.role == "caller":
            yield _record(call, turn, number, context)
        context.append({"role": turn.role, "text": turn.text})


def _record(
    call: Call, turn: Turn, number: int, context: list[dict[str, str]]
) -> dict[str, Any]:
    # The skill a call was routed to is the bot's guess; a form asks the writer.
    sorted_as = turn.guess.intent if turn.guess else turn.intent
    record: dict[str, Any] = {
        "text": turn.text,
        "intent": turn.intent,
        "spans": [
            {"start": s.start, "end": s.end, "param": s.param, "value": s.value}
            for s in turn.spans
        ],
        "context": list(context),
        "conversation_id": call.conversation_id,
        "turn": number,
        "domain": catalogue.load().by_name[sorted_as].domain,
        "occurred_at": turn.at.isoformat(),
        "source": call.source,
    }
    if turn.guess:
        record["bot_intent"] = turn.guess.intent
        record["bot_confidence"] = turn.guess.confidence
        record["is_fallback"] = turn.guess.is_fallback
        record["outcome"] = call.outcome
    return record


def _call(world: World, seed: int, number: int, ends_at: datetime) -> Call:
    dice = Dice("call", seed, number)
    at = _moment(dice, ends_at)
    name = f"demo-{seed}-{number:07d}"
    source = dice.weighted(_SOURCES)
    person = Person.invent(dice)
    if source != "calls":
        return Call(name, source, "", (_message(world, source, person, at, dice),))
    in_storm = storm.has_begun(at, ends_at)
    talk = Talk(world, person, at, dice, in_storm)
    talk.run()
    return Call(name, source, talk.outcome, tuple(talk.turns))


def _moment(dice: Dice, ends_at: datetime) -> datetime:
    """Some second of the last days, most of them in business hours."""
    day = dice.between(1, DAYS)
    hour = dice.between(8, 19) if dice.chance(0.85) else dice.between(0, 23)
    second = dice.between(0, 3599)
    return ends_at - timedelta(days=day) + timedelta(hours=hour, seconds=second)


def _message(
    world: World, source: str, person: Person, at: datetime, dice: Dice
) -> Turn:
    intent = dice.weighted(world.written)
    draft = Draft(world.catalogue, person, at.date(), dice, is_written=True)
    written.WRITERS[source](intent, draft, dice)
    text, spans = draft.render(intent.parameters or ())
    return Turn("caller", text, at, intent.name, spans)
