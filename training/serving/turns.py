"""What the model says about a caller's turn, as a bot needs it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from annotations.intake.pipeline import Prepared
from annotations.services import catalogue
from training.ml.data import Example, Turn
from training.serving import dialogue, names
from training.serving.dialogue import Reply, State
from training.serving.predictor import Prediction, Predictor

TOP_INTENTS = 3
NEW = State()


@dataclass(frozen=True)
class Answer:
    """A prediction together with what it amounts to in its conversation."""

    prediction: Prediction
    reply: Reply

    @property
    def is_unsure(self) -> bool:
        """Whether a person's look at the turn would teach the model something."""
        outcomes = (dialogue.Outcome.FALLBACK, dialogue.Outcome.CLARIFY)
        return (
            self.reply.outcome in outcomes
            or self.prediction.is_fallback
            or self.prediction.is_torn
        )

    def as_json(self) -> dict[str, Any]:
        """The promised fields of `predict`: `function_call` where it is complete."""
        said = self.prediction.as_json()
        said["intents"] = said["intents"][:TOP_INTENTS]
        if self.reply.missing:
            said["missing"] = list(self.reply.missing)
        if self.reply.is_complete:
            said["function_call"] = {
                "name": self.reply.function,
                "arguments": dict(self.reply.state.arguments),
            }
        return said

    def as_turn_json(self) -> dict[str, Any]:
        """What a bot is told: all of that, what to do next and where it stands."""
        return {
            **self.as_json(),
            "outcome": str(self.reply.outcome),
            "reason": str(self.reply.reason),
            "missing": list(self.reply.missing),
            "prompt": self.reply.prompt,
            "state": {
                "intent": self.reply.state.intent,
                "function": self.reply.function,
                "arguments": dict(self.reply.state.arguments),
            },
        }


def answer(
    predictor: Predictor, example: Example, *, today: date, state: State = NEW
) -> Answer:
    """Answer one turn with the live schemas."""
    cards = catalogue.current()
    prediction = names.canonical(predictor.predict(example), cards)
    return Answer(
        prediction,
        dialogue.advance(state, example.text, prediction, cards, today=today),
    )


def answers(
    examples: Sequence[Example], said: Sequence[Prediction], *, today: date
) -> list[Answer]:
    """What predictions amount to, each for the first turn of a conversation."""
    cards = catalogue.current()
    present = [names.canonical(one, cards) for one in said]
    return [
        Answer(found, dialogue.advance(NEW, example.text, found, cards, today=today))
        for example, found in zip(examples, present, strict=True)
    ]


def example_of(prepared: Prepared) -> Example:
    """A redacted turn as the model takes it."""
    context = json.loads(prepared.context)
    return Example(
        text=prepared.text,
        context=tuple(Turn(turn["role"], turn["text"]) for turn in context),
    )
