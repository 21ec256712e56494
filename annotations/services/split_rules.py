"""Which part of a split an utterance belongs to, by words or by a parameter."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from annotations.functions.migration import LabelParameters
from annotations.intake.normalize import normalize


@dataclass(frozen=True)
class Part:
    """A part of a split and its rule; without a rule, people decide.

    words: phrases of which one has to be said, whole words only. parameter: one that
    has to be marked, with this value where one is given.
    """

    intent: str
    is_new: bool = False
    words: tuple[str, ...] = ()
    parameter: str = ""
    value: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"words": list(self.words)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Part":
        return cls(**{**stored, "words": tuple(stored["words"])})

    def holds(self, text: str, parameters: LabelParameters) -> bool:
        """text: normalized."""
        if any(_says(text, phrase) for phrase in self.words):
            return True
        wanted = normalize(self.value)
        return bool(self.parameter) and any(
            mark.param == self.parameter
            and (not wanted or wanted in (normalize(mark.value), normalize(mark.text)))
            for mark in parameters.marked
        )


def part_of(
    parts: Sequence[Part], text: str, parameters: LabelParameters
) -> Part | None:
    """The first part whose rule holds; None: somebody has to look."""
    plain = normalize(text)
    return next((part for part in parts if part.holds(plain, parameters)), None)


def _says(text: str, phrase: str) -> bool:
    wanted = normalize(phrase)
    return bool(wanted) and f" {wanted} " in f" {text} "
