"""Street addresses and dates of birth."""

import re

from . import entities as kinds
from .cues import Cue, find_cues
from .entities import Candidate
from .lexicon import MONTHS, ORDINALS, word_set
from .numbers import NUMBER_WORDS, Run, read_runs
from .words import Words

_STREETS = word_set(
    "street st avenue ave road rd lane ln boulevard blvd parkway pkwy highway hwy"
    " terrace"
)
_DOUBTFUL_STREETS = word_set(
    "drive dr court ct way place pl circle cir trail square run loop pike"
)
_NOT_IN_STREET = word_set(
    "of my the is in on at to a an and for dollars minutes phones lines days months"
    " years per it this that i gig gigs hours weeks or from with your our"
)
_UNIT = word_set("apartment apt unit suite number floor")
_ADDRESS_CUE = re.compile(
    r"\b(?:address|i live|living|moving|moved|move to|located|reside|house is"
    r"|service at|installed at|ship (?:it )?to|deliver)\b"
)
MAX_STREET_WORDS = 4
MIN_HOUSE_DIGITS = 3  # of "5302 pine court", which needs no cue
ZIP_REACH = 45  # characters between an address and its zip code

_BIRTH_WORDS = word_set("the of on and year in day is was it's its")
_BIRTH_GAPS = frozenset(" /-.,:'\n\t")
_BIRTH_HINT = word_set("birth born dob d birthday birthdate birthdays")
BIRTH_REACH = 30


def find_addresses(words: Words, expected: str | None) -> list[Candidate]:
    """House number, street name, kind of street, flat; the zip code after them."""
    if _STREETS.isdisjoint(words.words) and _DOUBTFUL_STREETS.isdisjoint(words.words):
        return []
    is_cued = expected == kinds.ADDRESS or _ADDRESS_CUE.search(words.text) is not None
    runs = read_runs(words)
    found: list[Candidate] = []
    for run in runs:
        last = _street_end(words, run, is_cued=is_cued)
        if last is None:
            continue
        last = _unit_end(words, last)
        start, end = words.starts[run.first], words.ends[last]
        found.append(Candidate(start, end, kinds.ADDRESS, words.text[start:end]))
        found += _zip_after(words, runs, end)
    return found


def _street_end(words: Words, run: Run, *, is_cued: bool) -> int | None:
    if len(run.digits) > 6 or run.is_money:
        return None
    is_sure = is_cued or len(run.digits) >= MIN_HOUSE_DIGITS
    for index in range(run.last + 1, min(run.last + 2 + MAX_STREET_WORDS, len(words))):
        word = words.words[index]
        named = index > run.last + 1
        if named and (word in _STREETS or (is_sure and word in _DOUBTFUL_STREETS)):
            return index
        if word in _NOT_IN_STREET or word[0] == "[":
            return None
        if words.gap(index - 1).strip(" .,-"):
            return None
    return None


def _unit_end(words: Words, last: int) -> int:
    """Include "apartment four b" or "# 12" after the street."""
    following = words.words[last + 1 : last + 4]
    if len(following) < 2 or following[0] not in _UNIT:
        return last
    if following[1][0] == "[":
        return last
    is_letter = len(following) == 3 and len(following[2]) == 1
    return last + 2 + (is_letter and following[2].isalpha())


def _zip_after(words: Words, runs: list[Run], end: int) -> list[Candidate]:
    for run in runs:
        start = words.starts[run.first]
        if end <= start <= end + ZIP_REACH and len(run.digits) in (5, 9):
            return [Candidate(start, words.ends[run.last], kinds.ZIP, run.digits)]
    return []


def find_births(words: Words, expected: str | None) -> list[Candidate]:
    """Dates said after "date of birth", "born on", or in answer to the question."""
    if expected == kinds.DOB:
        span = _date_from(words, 0, reach=10**6)
        return [span] if span else []
    found: list[Candidate] = []
    if _BIRTH_HINT.isdisjoint(words.words):
        return found
    for cue in _birth_cues(words):
        first = next((i for i, s in enumerate(words.starts) if s >= cue.end), None)
        span = (
            _date_from(words, first, reach=BIRTH_REACH) if first is not None else None
        )
        if span is not None:
            found.append(span)
    return found


def _birth_cues(words: Words) -> list[Cue]:
    return [cue for cue in find_cues(words.text) if cue.kind == kinds.DOB]


def _date_from(words: Words, first: int, *, reach: int) -> Candidate | None:
    """The first date that begins within `reach` characters of word `first`."""
    limit = words.starts[first] + reach if first < len(words) else 0
    while first < len(words) and not _is_date_word(words.words[first]):
        first += 1
    if first >= len(words) or words.starts[first] > limit:
        return None
    last = index = first
    parts = 1
    while index + 1 < len(words) and _BIRTH_GAPS.issuperset(words.gap(index)):
        index += 1
        if _is_date_word(words.words[index]):
            last, parts = index, parts + 1
        elif words.words[index] not in _BIRTH_WORDS:
            break
    end = words.ends[last]
    text = words.text[words.starts[first] : end]
    if parts < 2 and sum(c.isdigit() for c in text) < 4:
        return None
    return Candidate(words.starts[first], end, kinds.DOB, text)


def _is_date_word(word: str) -> bool:
    return (
        word in MONTHS
        or word in ORDINALS
        or word in NUMBER_WORDS
        or word in ("hundred", "thousand", "th", "rd", "nd", "st")
        or word[0].isdigit()
    )
