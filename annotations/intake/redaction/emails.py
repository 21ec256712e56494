"""E-mail addresses, written and spoken ("john dot smith at gmail dot com")."""

import re

from .entities import EMAIL, Candidate
from .lexicon import COMMON, word_set
from .words import Words

_WRITTEN = re.compile(r"[\w.%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_TLD = (
    r"(?:com|net|org|edu|gov|mil|io|co|us|biz|info|me|tv|ca|uk|de|dev|ai|app)\b"
    r"(?: ?(?:\.| dot ) ?(?:uk|au|in|nz|za|br|mx)\b)?"
)
_PROVIDER = (
    r"(?:g ?mail|yahoo|hot ?mail|outlook|a ?o ?l|i ?cloud|proton ?mail|msn|ymail"
    r"|live|sbc ?global|bell ?south|rocket ?mail|mail)"
)
_AT = r"(?:\bat(?: sign| symbol)?\b|@)[ ,]*(?:uh |um |er )?"
_ANCHOR = re.compile(
    _AT + r"(?:(?:[a-z0-9-]+[ ,]+){0,3}?[a-z0-9-]+ ?(?:\.|,? ?\b(?:dot|point|period)\b)"
    rf" ?{_TLD}|{_PROVIDER}\b(?! (?:office|store|number)))"
)
_DOMAIN_ONLY = re.compile(rf"\b{_PROVIDER}(?:\.| dot | ){_TLD}|\b{_PROVIDER}\b")
_STOPS = word_set(
    "is it's its are was were be been email e-mail emails address to my that's thats"
    " this on use using with under called yes yeah yep sure okay ok uh um er and or"
    " send sent at the contact reach me your our please it get have has had try can"
    " as from for you we he she they do don't did not no of in by so would should"
    " hi hello log login logged sign signed into account but looked looking look shop"
    " shopping bought ordered saw found works work got there go went website site"
    " write update updated change changed mail new old one i'm i i've"
)
_JOINERS = word_set("dot underscore dash hyphen minus plus period point")
MAX_LOCAL_WORDS = 9


def find(words: Words, expected: str | None) -> list[Candidate]:
    """E-mail addresses in the text."""
    text = words.text
    found = [
        Candidate(m.start(), m.end(), EMAIL, m[0].lower())
        for m in _WRITTEN.finditer(text)
    ]
    for match in _ANCHOR.finditer(text):
        start = _local_start(words, match.start())
        if start is not None:
            value = _value(text[start : match.end()])
            found.append(Candidate(start, match.end(), EMAIL, value))
    if not found and expected == EMAIL:
        found = _answer(words)
    return found


def may_hold(words: Words) -> bool:
    """A quick look that lets most texts pass by."""
    text = words.text
    return "@" in text or " at " in text


def _local_start(words: Words, anchor: int) -> int | None:
    """Where the part before "at" begins; None where it cannot be an address."""
    index = words.at(anchor) - 1
    first = index + 1
    while first > 0 and index + 1 - first < MAX_LOCAL_WORDS:
        if not _belongs(words, first - 1, index):
            break
        first -= 1
    while first <= index and words.words[first] in _JOINERS:
        first += 1
    if first > index:
        return None
    local = words.words[first : index + 1]
    if len(local) == 1 and local[0] in COMMON and "mail" not in words.text:
        return None
    return words.starts[first]


def _belongs(words: Words, index: int, last: int) -> bool:
    word = words.words[index]
    if word[0] == "[":
        return False
    if index < last and words.gap(index).strip(" -_.,+'"):
        return False
    if len(word) == 1 and word != "i":
        return True
    return word not in _STOPS


def _answer(words: Words) -> list[Candidate]:
    """The bot asked for the address: take what stands before a provider's name."""
    providers = list(_DOMAIN_ONLY.finditer(words.text))
    if not providers:
        return []
    end = providers[-1].end()
    start = _local_start(words, providers[-1].start())
    if start is None:
        return []
    return [Candidate(start, end, EMAIL, _value(words.text[start:end]))]


def _value(text: str) -> str:
    """The address as it would be written: "john dot doe at x dot com" is one with
    john.doe@x.com."""
    text = re.sub(r"\b(?:dot|period|point)\b", ".", text)
    text = re.sub(r"\bat(?: sign| symbol)?\b", "@", text)
    text = re.sub(r"\bunderscore\b", "_", text)
    text = re.sub(r"\b(?:dash|hyphen|minus)\b", "-", text)
    return re.sub(r"[\s,]+", "", text)
