"""Answers to the same words side by side: token by token, which of them differ."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_TOKEN = re.compile(
    r"\[[A-Z][A-Z_]*(?:_\d+)?\]|\w+(?:['\u2019.\-]\w+)*|\s+|.", re.DOTALL
)


@dataclass(frozen=True)
class Span:
    """A parameter's place: code points, half-open."""

    param: str
    start: int
    end: int


@dataclass(frozen=True)
class Piece:
    """A run of the text with one marking: the parameter, or "" for none."""

    text: str
    param: str
    differs: bool


def side_by_side(text: str, answers: Sequence[Sequence[Span]]) -> list[list[Piece]]:
    """For each answer the whole text in pieces; a piece differs where any of the others
    marks it otherwise, or begins or ends its mark elsewhere.
    """
    places = [match.span() for match in _TOKEN.finditer(text)]
    edges = {edge for answer in answers for s in answer for edge in (s.start, s.end)}
    cuts = sorted({0, len(text)} | edges | {edge for place in places for edge in place})
    cells = list(pairwise(cuts))
    marks = [[_mark(answer, *cell) for cell in cells] for answer in answers]
    return [_pieces(text, cells, own, marks) for own in marks]


def _mark(answer: Sequence[Span], start: int, end: int) -> Span | None:
    return next((s for s in answer if s.start <= start and end <= s.end), None)


def _pieces(
    text: str,
    cells: Sequence[tuple[int, int]],
    own: Sequence[Span | None],
    marks: Sequence[Sequence[Span | None]],
) -> list[Piece]:
    """Neighbouring cells with the same mark that differ alike are one piece."""
    pieces: list[Piece] = []
    last: tuple[Span | None, bool] | None = None
    for n, (start, end) in enumerate(cells):
        differs = any(other[n] != own[n] for other in marks)
        said = text[start:end]
        if last == (own[n], differs):
            before = pieces.pop()
            said = before.text + said
        mark = own[n]
        pieces.append(Piece(said, mark.param if mark else "", differs))
        last = (mark, differs)
    return pieces
