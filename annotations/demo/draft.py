"""An utterance in the making: words that know which value they belong to."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from annotations.demo import values
from annotations.demo.catalogue import DemoCatalogue
from annotations.demo.dice import Dice

NO_VALUE = -1


@dataclass(frozen=True)
class Word:
    text: str
    value: int = NO_VALUE  # index into Draft.values
    tail: str = ""  # punctuation behind the word, outside any span


@dataclass(frozen=True)
class Span:
    """Code points, half-open, in the text of the turn."""

    start: int
    end: int
    param: str
    value: str


@dataclass
class Draft:
    catalogue: DemoCatalogue
    person: values.Person
    today: date
    dice: Dice
    is_written: bool = False
    words: list[Word] = field(default_factory=list)
    values: list[tuple[str, str]] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Append text; each `{slot}` gets a value."""
        for token in text.split():
            if token.startswith("{"):
                self._fill(token.strip("{}"))
            else:
                self.words.append(Word(token))

    def end_sentence(self, mark: str) -> None:
        if self.words:
            self.words[-1] = replace(self.words[-1], tail=mark)

    def _fill(self, slot: str) -> None:
        value = values.draw(
            slot,
            person=self.person,
            today=self.today,
            dice=self.dice,
            catalogue=self.catalogue,
        )
        text = value.written if self.is_written else value.spoken
        self.words += [Word(part, len(self.values)) for part in text.split()]
        self.values.append((slot, value.canonical))

    def render(self, parameters: Iterable[str]) -> tuple[str, tuple[Span, ...]]:
        """The text, and a span for each value of a parameter named."""
        wanted = set(parameters)
        places: dict[int, list[int]] = {}
        pieces: list[str] = []
        length = 0
        for word in self.words:
            if word.value != NO_VALUE:
                place = places.setdefault(word.value, [length, length])
                place[1] = length + len(word.text)
            pieces.append(word.text + word.tail)
            length += len(pieces[-1]) + 1
        spans = tuple(
            Span(start, end, *self.values[index])
            for index, (start, end) in places.items()
            if self.values[index][0] in wanted
        )
        return " ".join(pieces), spans
