"""Callers of the demo on the line: each talks with the champion until it is done."""

from datetime import date
from typing import Any

from annotations.demo import catalogue, phrases, prompts, storm
from annotations.demo.dice import Dice
from annotations.demo.draft import Draft
from annotations.demo.talk import World
from annotations.demo.values import Person
from training.services import live
from training.serving.dialogue import Outcome

MOST_TURNS = 6  # of a caller, then the receiver is put down


def hold(n_calls: int, *, seed: int, today: date) -> tuple[int, int]:
    """The calls are answered and stored; returns turns and complete function calls.

    What was answered before stays: a turn of the same call is the same turn. today:
    the day that callers count from.
    """
    world = World(catalogue.load())
    turns = complete = 0
    for number in range(n_calls):
        outcomes = _call(world, f"demo-live-{seed}-{number:04d}", today)
        turns += len(outcomes)
        complete += Outcome.CALL in outcomes
    return turns, complete


def _call(world: World, name: str, today: date) -> list[str]:
    dice = Dice("live", name)
    person = Person.invent(dice)
    said, context = _wish(world, dice), [_turn("bot", dice.pick(prompts.GREETINGS))]
    outcomes: list[str] = []
    while len(outcomes) < MOST_TURNS:
        draft = Draft(world.catalogue, person, today, dice)
        draft.say(said)
        text, _ = draft.render(())
        answer = live.take(
            {
                "text": text,
                "conversation_id": name,
                "turn": len(context),
                "context": list(context),
            }
        )
        outcomes.append(answer["outcome"])
        if answer["outcome"] in (Outcome.CALL, Outcome.INTENT):
            break
        context.append(_turn("caller", text))
        context.append(_turn("bot", answer["prompt"] or dice.pick(prompts.FALLBACKS)))
        said = _next(answer, said, dice)
    return outcomes


def _wish(world: World, dice: Dice) -> str:
    if dice.chance(storm.SHARE):
        return phrases.framed(storm.ask(dice)[1], dice)
    return phrases.opening(world.request(dice), dice)


def _next(answer: dict[str, Any], said: str, dice: Dice) -> str:
    """The value that was asked for, or the request again."""
    if answer["outcome"] != Outcome.ASK:
        return f"{dice.pick(phrases.REPEATS)} {said}".strip()
    name = answer["missing"][0]
    label = prompts.LABELS.get(name, name.replace("_", " "))
    pattern = dice.pick(prompts.ANSWERS).replace("NAME", label)
    return pattern.replace("VALUE", f"{{{name}}}")


def _turn(role: str, text: str) -> dict[str, str]:
    return {"role": role, "text": text}
