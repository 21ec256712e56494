"""Written identifiers that mix letters and digits: references, MAC addresses."""

import re

from . import entities as kinds
from .cues import Cue, find_cues
from .entities import Candidate
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
REACH = 40


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


def _kind(match: re.Match[str], cues: list[Cue], expected: str | None) -> str | None:
    for cue in reversed(cues):
        near = 0 <= match.start() - cue.end <= REACH
        if near and cue.kind in _CUED:
            return cue.kind
    return expected if expected in _CUED else None


def _is_in_placeholder(text: str, match: re.Match[str]) -> bool:
    return text[max(0, match.start() - 1) : match.start()] == "["
