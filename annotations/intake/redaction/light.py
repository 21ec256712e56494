"""The light pass: redaction by patterns and cues, in pure Python.

Fast enough for the web process before the first write of a live turn; the full
pass (full.py) adds a name model on top of the same candidates.
"""

from collections.abc import Mapping, Sequence

from . import digits, emails, names, patterns, places
from . import words as cutting
from .cues import expected_kind
from .entities import (
    DOB,
    PLACEHOLDER,
    Candidate,
    Entity,
    Numbering,
    Redaction,
    without_overlaps,
)
from .numbers import has_numbers

Context = Sequence[Mapping[str, str] | str]
MAX_PASSES = 4


def redact(
    text: str, context: Context = (), numbering: Numbering | None = None
) -> Redaction:
    """`text` with typed placeholders where personal data stood.

    context: earlier turns, oldest first; what the bot just asked for raises recall.
    numbering: one for each conversation, so that a value keeps its number.
    """
    return apply(text, find(text, context), context, numbering)


def find(text: str, context: Context = ()) -> list[Candidate]:
    """What looks like personal data, as offsets into `text`; may overlap."""
    words = cutting.split(text)
    expected = expected_kind(context) if context else None
    found = _recognize(words, expected)
    if words.offsets is None:
        return found
    return [Candidate(*words.to_input(c.start, c.end), c.type, c.value) for c in found]


def _recognize(words: cutting.Words, expected: str | None) -> list[Candidate]:
    found: list[Candidate] = []
    if has_numbers(words):
        found += digits.find(words, expected)
        found += patterns.find(words, expected)
        found += places.find_addresses(words, expected)
        found += places.find_births(words, expected)
    elif expected == DOB or "born" in words.words or "birth" in words.words:
        found += places.find_births(words, expected)
    if expected is not None:
        found += patterns.find_spelled(words, expected)
    if emails.may_hold(words) or expected is not None:
        found += emails.find(words, expected)
    if names.may_hold(words, expected):
        found += names.find(words, expected)
    return found


def apply(
    text: str,
    candidates: Sequence[Candidate],
    context: Context = (),
    numbering: Numbering | None = None,
) -> Redaction:
    """Put placeholders for `candidates` in, then again until nothing is found.

    A second look is needed because a replaced value no longer stands between a cue
    and the next number; it also makes redaction idempotent.
    """
    if not candidates:
        if numbering is not None:
            numbering.observe(text)
        return Redaction(text)
    numbering = numbering or Numbering()
    numbering.observe(text)
    for turn in context:
        numbering.observe(turn if isinstance(turn, str) else str(turn.get("text", "")))
    redaction = _replace(text, candidates, numbering)
    for _ in range(MAX_PASSES):
        again = find(redaction.text, context)
        following = _replace(redaction.text, again, numbering)
        if not following.entities:
            break
        redaction = _compose(text, redaction, following)
    return redaction


def _replace(
    text: str, candidates: Sequence[Candidate], numbering: Numbering
) -> Redaction:
    entities: list[Entity] = []
    pieces: list[str] = []
    position = 0
    for candidate in without_overlaps(_outside_placeholders(text, candidates)):
        placeholder = numbering.placeholder(candidate.type, candidate.value)
        pieces += (text[position : candidate.start], placeholder)
        position = candidate.end
        entities.append(
            Entity(candidate.start, candidate.end, candidate.type, placeholder)
        )
    pieces.append(text[position:])
    return Redaction("".join(pieces), tuple(entities))


def _outside_placeholders(
    text: str, candidates: Sequence[Candidate]
) -> list[Candidate]:
    """Placeholders that are there already stay; what reaches into one is cut."""
    if "[" not in text:
        return list(candidates)
    taken = [m.span() for m in PLACEHOLDER.finditer(text)]
    kept: list[Candidate] = []
    for candidate in candidates:
        position = candidate.start
        for start, end in [*taken, (candidate.end, candidate.end)]:
            if end <= position or start > candidate.end:
                continue
            if any(c.isalnum() for c in text[position:start]):
                kept.append(Candidate(position, start, candidate.type, candidate.value))
            position = max(position, end)
    return kept


def _compose(text: str, first: Redaction, second: Redaction) -> Redaction:
    """Both redactions as one of the input `text`."""
    added = []
    for entity in second.entities:
        start, end = _back(first, entity.start), _back(first, entity.end)
        added.append(Entity(start, end, entity.type, entity.placeholder))
    entities = tuple(sorted((*first.entities, *added), key=lambda e: e.start))
    return Redaction(second.text, entities)


def _back(redaction: Redaction, position: int) -> int:
    """The input offset of an output offset that is inside no placeholder."""
    for entity in redaction.entities:
        if position <= entity.start:
            break
        position += (entity.end - entity.start) - len(entity.placeholder)
    return position
