"""Where a conversation stands, and where a turn takes it. Plain data, no database.

An open function collects its parameters over turns: what the bot asked for is looked
for first, a new intent said surely opens another function, and a value said again
replaces the earlier one. What a turn does counts as it does for people who label
(annotations/functions/dialogue.py): a closing turn leaves nothing open, one that goes
on with the open request never opens another, and a new request begins with nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from annotations.functions import readings
from annotations.functions.dialogue import CLOSES, NEW
from annotations.functions.schema import Node
from annotations.functions.values import says_yes_or_no
from annotations.intake.redaction.entities import PLACEHOLDER
from annotations.services.catalogue import Catalogue, IntentCard
from training.serving import values
from training.serving.predictor import Prediction

# From this confidence on, another intent is a new request even while one is open.
SURE = 0.6
# From here on what a turn does is heeded: being wrong loses what was said before.
SURE_ACT = 0.8
GOES_ON = ("continues", "corrects", "confirms", "denies")
# A whole utterance is taken for the answer to an open question up to this length.
ANSWER_WORDS = 8


class Outcome(StrEnum):
    """What the bot should do next."""

    CALL = "call"  # the function call is complete
    ASK = "ask"  # a parameter is missing: ask for it
    CLARIFY = "clarify"  # two intents fit about as well: ask which
    INTENT = "intent"  # an intent without a function
    FALLBACK = "fallback"


class Reason(StrEnum):
    """Why the model does not know."""

    OUT_OF_SCOPE = "out_of_scope"  # it was taught that this is none of its business
    UNFAMILIAR = "unfamiliar"  # unlike everything it was taught
    NOT_IN_USE = "not_in_use"  # it named an intent that the catalogue has dropped


@dataclass(frozen=True)
class State:
    """The open request. asked: the parameter the bot asked for last."""

    intent: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    asked: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "State":
        return cls(
            stored.get("intent", ""),
            stored.get("arguments", {}),
            stored.get("asked", ""),
        )


@dataclass(frozen=True)
class Reply:
    """What a turn amounts to, and the state after it.

    missing: required parameters nobody said, in the order to ask. prompt: what to say
    next, empty where the schema has no words for it.
    """

    outcome: Outcome
    state: State
    function: str = ""
    missing: Sequence[str] = ()
    prompt: str = ""
    reason: str = ""

    @property
    def is_complete(self) -> bool:
        return self.outcome == Outcome.CALL


def advance(
    state: State, text: str, prediction: Prediction, cards: Catalogue, *, today: date
) -> Reply:
    """Take one redacted turn into account."""
    act = _act_of(state, prediction, cards)
    if act == CLOSES or (act == NEW and not (state.asked or prediction.is_fallback)):
        state = State()
    opened = cards.by_name.get(state.intent)
    if opened is not None and opened.function:
        given = _answers(opened, state.asked, text, prediction, today)
        named = cards.by_name.get(prediction.intent)
        if given and not _is_another_request(act, prediction, opened, named, state):
            return _filled(opened, {**state.arguments, **given})
        if act in GOES_ON and state.asked:
            return _filled(opened, state.arguments)
    if prediction.is_fallback:
        return Reply(Outcome.FALLBACK, state, reason=_why(prediction))
    card = cards.by_name.get(prediction.intent)
    if card is None:
        return Reply(Outcome.FALLBACK, state, reason=Reason.NOT_IN_USE)
    is_request = opened is not None and bool(opened.function or not card.function)
    if act == CLOSES or (act in GOES_ON and is_request):
        return Reply(Outcome.INTENT, state)
    between = _torn_between(prediction, cards)
    if between:
        return Reply(Outcome.CLARIFY, state, prompt=_which(*between))
    if not card.function:
        return Reply(Outcome.INTENT, State(card.name))
    kept = state.arguments if card is opened else {}
    return _filled(card, {**kept, **values.to_call_with(card, prediction.spans, today)})


def _act_of(state: State, prediction: Prediction, cards: Catalogue) -> str:
    """What the turn does, "" where nothing is sure enough to be heeded.

    What the model heard, else what a turn of its intent nearly always does. "No, I
    meant to pay" corrects, and is a new request: it surely names another function.
    """
    is_sure = not prediction.is_fallback and prediction.intents[0][1] >= SURE
    card = cards.by_name.get(prediction.intent) if is_sure else None
    if card and card.function and card is not cards.by_name.get(state.intent):
        return NEW
    if prediction.act:
        return prediction.act if prediction.act_confidence >= SURE_ACT else ""
    return card.usual_act if card is not None else ""


def _answers(
    card: IntentCard, asked: str, text: str, prediction: Prediction, today: date
) -> dict[str, Any]:
    """Values for the open function: the marked ones, and the one asked for."""
    found = values.to_call_with(card, prediction.spans, today)
    if not any(p.name == asked for p in card.parameters) or asked in found:
        return found
    value = _whole_answer(text, values.node_of(card, asked), prediction, today)
    return found if value is None else {**found, asked: value}


def _whole_answer(text: str, node: Node, prediction: Prediction, today: date) -> Any:
    """The utterance read as nothing but the value asked for; None if it is not."""
    if len(text.split()) > ANSWER_WORDS:
        return None
    if readings.is_free(node) and not _may_be_free(text, node, prediction, today):
        return None
    value = values.read(node, text, today)
    if node.kind != "array" or value is None:
        return value
    return [value] if values.takes_list(node, [value]) else None


def _may_be_free(text: str, node: Node, prediction: Prediction, today: date) -> bool:
    """Whether words of any kind are the value asked for: nothing else is heard in them.

    Where digits were asked for there have to be some, said or written.
    """
    kind = node.notes.get("x-placeholder")
    if kind and f"[{kind}_" in text:
        return True
    if not prediction.is_fallback or says_yes_or_no(text):
        return False
    said = PLACEHOLDER.sub("", str(values.read(node, text, today)))
    has_digits = any(letter.isdecimal() for letter in said)
    return has_digits or kind not in readings.DIGIT_PLACEHOLDERS


def _is_another_request(
    act: str,
    prediction: Prediction,
    opened: IntentCard,
    named: IntentCard | None,
    state: State,
) -> bool:
    """Whether a turn with values for the open function is a request for another one.

    Not where it says what was asked for, or what only the open function takes.
    """
    if named is None or not named.function or named is opened or act in GOES_ON:
        return False
    theirs = {p.name for p in named.parameters} - {state.asked}
    ours = {p.name for p in opened.parameters} - theirs
    return (act == NEW or prediction.intents[0][1] >= SURE) and not any(
        span.param in ours for span in prediction.spans
    )


def _filled(card: IntentCard, arguments: Mapping[str, Any]) -> Reply:
    """The call, or what to ask for; a parameter the live schema dropped is left out."""
    known = {p.name for p in card.parameters}
    arguments = {name: value for name, value in arguments.items() if name in known}
    missing = [p for p in card.parameters if p.required and p.name not in arguments]
    if not missing:
        state = State(card.name, arguments)
        return Reply(Outcome.CALL, state, card.function)
    asked = missing[0]
    return Reply(
        Outcome.ASK,
        State(card.name, arguments, asked.name),
        card.function,
        tuple(p.name for p in missing),
        asked.prompt,
    )


def _torn_between(
    prediction: Prediction, cards: Catalogue
) -> tuple[IntentCard, IntentCard] | None:
    if not prediction.is_ambiguous:
        return None
    first, second = (cards.by_name.get(name) for name, _ in prediction.intents[:2])
    return (first, second) if first and second else None


def _which(first: IntentCard, second: IntentCard) -> str:
    return f"Is it about “{first.title}” or about “{second.title}”?"


def _why(prediction: Prediction) -> str:
    named = prediction.is_named_out_of_scope
    return Reason.OUT_OF_SCOPE if named else Reason.UNFAMILIAR
