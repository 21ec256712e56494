"""Written identifiers that mix letters and digits: references, MAC addresses."""

import re

from . import entities as kinds
from .cues import Cue, find_cues
from .entities import Candidate
from .lexicon import COMMON, HESITATIONS, SPELLING
from .numbers import NUMBER_WORDS
from .words import Words

_MAC = re.compile(r"\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b")
_IPV4 = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
_MIXED = re.compile(r"\b(?=[a-z0-9-]*[a-z])(?=(?:[a-z-]*\d){3})[a-z0-9][a-z0-9-]{3,31}")
_CUED = frozenset(
    {
        kinds.ACCOUNT_NUMBER,
        kinds.REFERENCE_NUMBER,
        kinds.DEVICE_ID,
        kinds.GOVERNMENT_ID,
        kinds.PIN,
    }
)
_SPELLED = _CUED | {kinds.ZIP, kinds.NAME}
_SHORT_WORDS = COMMON | HESITATIONS
REACH = 40
MIN_PARTS = 3
SHARE_OF_PARTS = 0.5


def find(words: Words, expected: str | None) -> list[Candidate]:
    """Identifiers by their own shape, or by a cue before them."""
    text = words.text
    found = [
        Candidate(m.start(), m.end(), kinds.DEVICE_ID, m[0])
        for pattern in (_MAC, _IPV4)
        for m in pattern.finditer(text)
    ]
    mixed = [m for m in _MIXED.finditer(text) if not _is_in_placeholder(text, m)]
    cues = find_cues(text) if mixed else []
    for match in mixed:
        kind = _kind(match, cues, expected)
        if kind is not None:
            found.append(Candidate(match.start(), match.end(), kind, match[0]))
    return found


def find_spelled(words: Words, expected: str | None) -> list[Candidate]:
    """An answer that is mostly letters and digits, when the bot asked for a code."""
    if expected not in _SPELLED:
        return []
    places = [n for n, word in enumerate(words.words) if _is_part(word)]
    if len(places) < MIN_PARTS or len(places) < SHARE_OF_PARTS * len(words):
        return []
    start, end = words.starts[places[0]], words.ends[places[-1]]
    value = "".join(words.words[places[0] : places[-1] + 1])
    return [Candidate(start, end, str(expected), value)]


def _is_part(word: str) -> bool:
    if word[0] == "[":
        return False
    if word[0].isdigit() or word in NUMBER_WORDS or word in SPELLING:
        return True
    return len(word) == 1 or (len(word) <= 3 and word not in _SHORT_WORDS)


def _kind(match: re.Match[str], cues: list[Cue], expected: str | None) -> str | None:
    for cue in reversed(cues):
        near = 0 <= match.start() - cue.end <= REACH
        if near and cue.kind in _CUED:
            return cue.kind
    return expected if expected in _CUED else None


def _is_in_placeholder(text: str, match: re.Match[str]) -> bool:
    return text[max(0, match.start() - 1) : match.start()] == "["
