"""What redaction finds, and what it leaves in the text."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

CARD = "CARD"
CVV = "CVV"
SSN = "SSN"
PHONE = "PHONE"
ACCOUNT_NUMBER = "ACCOUNT_NUMBER"
REFERENCE_NUMBER = "REFERENCE_NUMBER"
DEVICE_ID = "DEVICE_ID"
GOVERNMENT_ID = "GOVERNMENT_ID"
PIN = "PIN"
EMAIL = "EMAIL"
NAME = "NAME"
ADDRESS = "ADDRESS"
ZIP = "ZIP"
DOB = "DOB"

TYPES = (
    CARD,
    CVV,
    SSN,
    PHONE,
    ACCOUNT_NUMBER,
    REFERENCE_NUMBER,
    DEVICE_ID,
    GOVERNMENT_ID,
    PIN,
    EMAIL,
    NAME,
    ADDRESS,
    ZIP,
    DOB,
)

PLACEHOLDER = re.compile(r"\[([A-Z]+(?:_[A-Z]+)*)_(\d{1,4})\]")


@dataclass(frozen=True, slots=True)
class Entity:
    """Personal data at `text[start:end]` of the input (code points, half-open)."""

    start: int
    end: int
    type: str
    placeholder: str = field(default="", compare=False)

    def as_dict(self) -> dict[str, int | str]:
        return {"start": self.start, "end": self.end, "type": self.type}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recognizer's claim; `value` is the same for the same secret however said."""

    start: int
    end: int
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Redaction:
    """The text that may be stored, and what was taken out of the one that came in."""

    text: str
    entities: tuple[Entity, ...] = ()

    def map_span(self, start: int, end: int) -> tuple[int, int]:
        """Where `input[start:end]` stands in `text`; a touched placeholder is whole."""
        return self._map(start, at_end=False), self._map(end, at_end=True)

    def is_untouched(self, start: int, end: int) -> bool:
        """Whether `input[start:end]` holds nothing that was removed."""
        return all(e.end <= start or end <= e.start for e in self.entities)

    def _map(self, position: int, *, at_end: bool) -> int:
        shift = 0
        for entity in self.entities:
            if position < entity.start or (at_end and position == entity.start):
                break
            if position < entity.end or (at_end and position == entity.end):
                inside = entity.start + shift
                return inside + len(entity.placeholder) if at_end else inside
            shift += len(entity.placeholder) - (entity.end - entity.start)
        return position + shift


class Numbering:
    """Numbers placeholders within a conversation: the same value, the same number.

    Holds salted hashes only, and only as long as the object lives.
    """

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(16)
        self._numbers: dict[bytes, int] = {}
        self._highest: dict[str, int] = {}

    def observe(self, text: str) -> None:
        """Keep clear of the numbers that placeholders in `text` already carry."""
        if "[" not in text:
            return
        for kind, number in PLACEHOLDER.findall(text):
            self._highest[kind] = max(self._highest.get(kind, 0), int(number))

    def placeholder(self, kind: str, value: str) -> str:
        message = f"{kind}:{value}".encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(message, key=self._salt, digest_size=16).digest()
        number = self._numbers.get(digest)
        if number is None:
            number = self._highest.get(kind, 0) + 1
            self._highest[kind] = self._numbers[digest] = number
        return f"[{kind}_{number}]"


def without_overlaps(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Candidates in order of their start; those that overlap became one.

    The union is taken out, never the better half: what one recognizer saw
    must not stay because another saw something beside it.
    """
    merged: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: (c.start, -c.end)):
        if not merged or candidate.start >= merged[-1].end:
            merged.append(candidate)
            continue
        last = merged[-1]
        longer = max(last, candidate, key=lambda c: c.end - c.start)
        end = max(last.end, candidate.end)
        merged[-1] = Candidate(last.start, end, longer.type, longer.value)
    return merged
