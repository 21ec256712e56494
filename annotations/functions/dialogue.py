"""Where a conversation stands before a turn: which request is open, what is filled.

Folded from labels of the earlier turns, so that what people see and what a model is
told are the same.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

NEW, CONTINUES, CLOSES = "new", "continues", "closes"


@dataclass(frozen=True)
class Said:
    """An earlier turn's label. position: in the context; act: "" where not known."""

    position: int
    intent: str
    act: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Filled:
    """A parameter's value, and the turn that said it last."""

    value: str
    position: int


@dataclass(frozen=True)
class State:
    """The open request, "" where none is."""

    intent: str = ""
    filled: Mapping[str, Filled] = field(default_factory=dict)


def default_act(intent: str, usual: str, open_intent: str) -> str:
    """What a turn most likely does: what its intent usually does, else it goes on with
    the request that is open if it is the same one, else it is a new one.
    """
    if usual:
        return usual
    return CONTINUES if open_intent and intent == open_intent else NEW


def state_after(
    turns: Iterable[Said],
    *,
    usual_act: Callable[[str], str],
    parameters_of: Callable[[str], Collection[str]],
) -> State:
    """The state that labeled turns lead to, oldest first.

    A new request opens with its own values; any later turn adds or replaces those
    that the open request has a parameter for; a closing turn leaves nothing open.
    """
    state = State()
    for said in turns:
        act = said.act or default_act(said.intent, usual_act(said.intent), state.intent)
        if act == CLOSES:
            state = State()
            continue
        intent = said.intent if act == NEW else state.intent
        kept = {} if act == NEW else dict(state.filled)
        known = parameters_of(intent)
        kept |= {
            name: Filled(value, said.position)
            for name, value in said.values.items()
            if name in known
        }
        state = State(intent, kept)
    return state
