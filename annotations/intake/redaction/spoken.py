"""The text as it would be written, with a map back to what was said.

Recognizers made for written text (Presidio's) read this beside the input.
"""

from dataclasses import dataclass

from . import emails
from . import words as cutting
from .numbers import read_runs


@dataclass(frozen=True, slots=True)
class Written:
    """`pieces`: (start in text, end in text, start in input, end in input)."""

    text: str
    pieces: tuple[tuple[int, int, int, int], ...]

    def to_input(self, start: int, end: int) -> tuple[int, int]:
        """Input offsets of `text[start:end]`; a rewritten piece counts whole."""
        return self._map(start, at_end=False), self._map(end, at_end=True)

    def _map(self, position: int, *, at_end: bool) -> int:
        shift = 0
        for start, end, source_start, source_end in self.pieces:
            if position < start or (at_end and position == start):
                break
            if position < end or (at_end and position == end):
                return source_end if at_end else source_start
            shift = source_end - end
        return position + shift


def write_out(text: str) -> Written:
    """Digits said as words become digits, spoken addresses become addresses."""
    words = cutting.split(text)
    rewrites = [
        (*words.to_input(c.start, c.end), c.value) for c in emails.find(words, None)
    ]
    for run in read_runs(words):
        if len(run.digits) < 2 or run.is_written:
            continue
        span = words.to_input(words.starts[run.first], words.ends[run.last])
        if all(span[1] <= start or span[0] >= end for start, end, _ in rewrites):
            rewrites.append((*span, run.digits))
    return _assemble(text, sorted(rewrites))


def _assemble(text: str, rewrites: list[tuple[int, int, str]]) -> Written:
    parts: list[str] = []
    pieces: list[tuple[int, int, int, int]] = []
    position = length = 0
    for start, end, value in rewrites:
        if start < position:
            continue
        parts += (text[position:start], value)
        length += start - position
        pieces.append((length, length + len(value), start, end))
        length += len(value)
        position = end
    parts.append(text[position:])
    return Written("".join(parts), tuple(pieces))
