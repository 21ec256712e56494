"""Where a mark on one wording stands in another of the same thing. No Django."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

# A placeholder is one word, whatever stands in it.
TOKEN = re.compile(r"\[[A-Z_]+_\d+\]|\w+(?:['\u2019.,]\w+)*|[^\w\s]")

Place = tuple[int, int]  # code points, half-open


def carried(text: str, marks: Sequence[Place], other: str) -> list[Place | None]:
    """For each mark on `text` its place in `other`, None where the words do not tell.

    The words are aligned as Ratcliff and Obershelp do (difflib). A mark carries over
    where its words stand in `other` too, or where other words stand alone between the
    same neighbours.
    """
    ours, theirs = list(TOKEN.finditer(text)), list(TOKEN.finditer(other))
    blocks = SequenceMatcher(
        None,
        [word[0].casefold() for word in ours],
        [word[0].casefold() for word in theirs],
        autojunk=False,
    ).get_opcodes()
    found: list[Place | None] = []
    for start, end in marks:
        inside = [n for n, w in enumerate(ours) if w.start() < end and w.end() > start]
        range_ = _aligned(inside, blocks) if inside else None
        found.append(
            (theirs[range_[0]].start(), theirs[range_[1] - 1].end()) if range_ else None
        )
    return found


def _aligned(
    words: Sequence[int], blocks: Sequence[tuple[str, int, int, int, int]]
) -> Place | None:
    """The words of the other text that these, next to one another, became."""
    first, last = words[0], words[-1] + 1
    for kind, a, b, c, d in blocks:
        if kind == "equal" and a <= first and last <= b:
            return c + first - a, c + last - a
        if kind == "replace" and (a, b) == (first, last) and d > c:
            return c, d
    return None
