"""A text cut into lower-case words that know where they stood."""

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass

_WORD = re.compile(
    r"\[[a-z]+(?:_[a-z]+)*_\d{1,4}\]"  # a placeholder is one word
    r"|[^\W\d_]+(?:['\u2019][^\W\d_]+)*"
    r"|\d+"
)


@dataclass(slots=True)
class Words:
    """`text` is folded: lower case, plain digits, no marks; words slice it."""

    text: str
    words: list[str]
    starts: list[int]
    ends: list[int]
    offsets: list[int] | None  # folded position -> input position; None: the same
    length: int  # of the input

    def __len__(self) -> int:
        return len(self.words)

    def gap(self, index: int) -> str:
        """What stands between word `index` and the next one."""
        return self.text[self.ends[index] : self.starts[index + 1]]

    def at(self, position: int) -> int:
        """The first word that begins at or after `position`; len() if there is none."""
        return bisect_left(self.starts, position)

    def to_input(self, start: int, end: int) -> tuple[int, int]:
        """Input offsets of folded offsets; marks that folding dropped go along."""
        if self.offsets is None:
            return start, end
        stop = self.offsets[end] if end < len(self.offsets) else self.length
        return self.offsets[start], stop


def fold(text: str) -> tuple[str, list[int] | None]:
    """`text` as recognizers read it: one code point each, with a map back.

    Digits of any script become 0-9, accents and invisible characters go: personal
    data must not hide behind a full-width digit or a zero-width space.
    """
    if text.isascii():
        return text.lower(), None
    folded: list[str] = []
    offsets: list[int] = []
    for position, char in enumerate(text):
        for plain in _fold_char(char):
            folded.append(plain)
            offsets.append(position)
    return "".join(folded), offsets


def _fold_char(char: str) -> str:
    if char.isascii():
        return char.lower()
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    if char in "\u2018\u2019\u02bc":
        return "'"
    parts = unicodedata.normalize("NFKD", char).lower()
    return "".join(c for c in parts if unicodedata.category(c) not in ("Mn", "Cf"))


def split(text: str) -> Words:
    folded, offsets = fold(text)
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _WORD.finditer(folded):
        words.append(match[0])
        starts.append(match.start())
        ends.append(match.end())
    return Words(folded, words, starts, ends, offsets, len(text))
