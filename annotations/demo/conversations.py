"""What the generator makes: conversations and their turns."""

from dataclasses import dataclass
from datetime import datetime

from annotations.demo.bot import Guess
from annotations.demo.draft import Span


@dataclass(frozen=True)
class Turn:
    role: str  # "bot" or "caller"
    text: str
    at: datetime
    intent: str = ""
    spans: tuple[Span, ...] = ()
    guess: Guess | None = None  # the bot's, on what a caller said


@dataclass(frozen=True)
class Call:
    """A conversation of any source; a written message is one of a single turn."""

    conversation_id: str
    source: str
    outcome: str  # contained, transferred, abandoned; "" for writing
    turns: tuple[Turn, ...]

    @property
    def utterances(self) -> int:
        return sum(turn.role == "caller" for turn in self.turns)
