"""Which runs of digits are personal data, and of what kind."""

from . import entities as kinds
from .cues import LENGTHS, Cue, find_cues
from .entities import Candidate
from .lexicon import MONTHS, ORDINALS, word_set
from .numbers import FILLERS, NUMBER_WORDS, Run, read_runs
from .words import Words

CUE_REACH = 70  # characters between a cue and the number after it
CUE_REACH_BACK = 32
_UNITS = word_set(
    "dollar dollars buck bucks cent cents percent pounds euros gig gigs gigabyte"
    " gigabytes gb megs meg mb megabytes mbps gbps megabits minute minutes min mins"
    " hour hours hrs day days week weeks month months year years line lines phone"
    " phones device devices people person times time am pm a p o'clock oclock g k"
    " feet miles mile channels channel inch inches th st nd rd bars stars points"
    " texts calls degrees"
)
_YEAR_LEADS = word_set("in since of year until by for during from on")
_PLACE_WORDS = word_set("in near around for at to of is within by from")
ZIP_DIGITS = 5
_NUMBER_GROUPS_OF_DATES = {(4, 2, 2), (2, 2, 4), (1, 2, 4), (2, 1, 4), (1, 1, 4)}


def find(words: Words, expected: str | None) -> list[Candidate]:
    """Personal numbers in the text; `expected` is what the bot just asked for."""
    runs = read_runs(words)
    if all(len(run.digits) < 2 for run in runs):
        return []
    cues = find_cues(words.text)
    found = []
    for index, run in enumerate(runs):
        kind = _kind(words, run, _nearest(words, runs, index, cues), expected)
        if kind is not None:
            start = _start_with_letters(words, run, kind)
            found.append(
                Candidate(words.starts[start], _end(words, run), kind, run.digits)
            )
    return found


def _kind(words: Words, run: Run, cues: list[Cue], expected: str | None) -> str | None:
    n = len(run.digits)
    if n < 2 or run.is_money or (n < 7 and _is_quantity(words, run)):
        return None
    is_year = n == 4 and run.digits[:2] in ("19", "20")
    dated = _is_date(words, run)
    for cue in cues:
        low, high = LENGTHS[cue.kind + ("_" if cue.is_weak else "")]
        if not low <= n <= high or (is_year and _leads_year(words, run)):
            continue
        if dated and cue.kind != kinds.DOB:
            continue
        is_after = cue.start >= words.ends[run.last]
        if _is_amount_said(run, cue.kind, is_after=is_after):
            continue
        return _refine(cue.kind, run)
    if expected is not None and _answers(words, run, expected):
        return _refine(expected, run)
    if dated or (is_year and not run.is_written):
        return None
    return _by_shape(words, run)


def _is_amount_said(run: Run, kind: str, *, is_after: bool) -> bool:
    """ "eighty seven ten on my bill" is money, not the number of the bill."""
    if run.is_digitwise:
        return False
    n = len(run.digits)
    return (is_after and n <= 6) or (kind == kinds.REFERENCE_NUMBER and n <= 4)


def _refine(kind: str, run: Run) -> str:
    """A number that cannot be what the cue says is what its own shape says."""
    if kind == kinds.ACCOUNT_NUMBER and 13 <= len(run.digits) <= 19:
        return kinds.CARD if is_luhn(run.digits) else kind
    if kind == kinds.CARD and len(run.digits) == 3:
        return kinds.CVV
    return kind


def _answers(words: Words, run: Run, expected: str) -> bool:
    low, high = LENGTHS.get(expected, (99, 0))
    n = len(run.digits)
    if n > high and expected != kinds.DOB:
        return n >= 6
    if n >= max(low, 4):
        return True
    return _is_whole_turn(words, run) and n >= 2


def _by_shape(words: Words, run: Run) -> str | None:
    n = len(run.digits)
    if n > 19:
        return kinds.DEVICE_ID if run.digits.startswith("89") else kinds.ACCOUNT_NUMBER
    if n >= 13:
        return kinds.CARD if _looks_like_card(run) else kinds.ACCOUNT_NUMBER
    if run.is_written and run.groups == (3, 2, 4):
        return kinds.SSN
    if _looks_like_phone(words, run):
        return kinds.PHONE
    if n == ZIP_DIGITS and run.is_digitwise and _follows_place_word(words, run):
        return kinds.ZIP
    least = 6 if run.is_digitwise else 8
    if n >= least:
        return kinds.ACCOUNT_NUMBER
    if n >= 4 and run.is_digitwise and _is_whole_turn(words, run):
        is_year = run.is_written and n == 4 and run.digits[:2] in ("19", "20")
        return None if is_year else kinds.ACCOUNT_NUMBER
    return None


def _follows_place_word(words: Words, run: Run) -> bool:
    """ "an outage in nine four one oh seven": five digits there are a zip code."""
    previous = words.words[run.first - 1] if run.first else ""
    return previous in _PLACE_WORDS and len(run.groups) in (1, *range(3, 6))


def is_luhn(digits: str) -> bool:
    """The check that card numbers pass and nine in ten others fail."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _looks_like_card(run: Run) -> bool:
    if is_luhn(run.digits) or run.groups[:3] == (4, 4, 4):
        return True
    return len(run.digits) in (15, 16) and run.digits[0] in "3456"


def _looks_like_phone(words: Words, run: Run) -> bool:
    digits = run.digits
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    if words.text[max(0, words.starts[run.first] - 1) : words.starts[run.first]] == "+":
        return len(digits) >= 7
    if len(digits) == 10:
        return digits[0] in "23456789" and digits[3] in "23456789"
    return len(digits) == 7 and run.is_written and run.groups == (3, 4)


def _nearest(words: Words, runs: list[Run], index: int, cues: list[Cue]) -> list[Cue]:
    """Cues that may speak of the run: before it, nearest first; then right after."""
    run = runs[index]
    start, end = words.starts[run.first], words.ends[run.last]
    floor = _floor(words, runs, index)
    before = [c for c in cues if c.end <= start and start - c.end <= CUE_REACH]
    before = [c for c in before if c.start >= floor]
    ceiling = words.starts[runs[index + 1].first] if index + 1 < len(runs) else 10**9
    after = [c for c in cues if end <= c.start <= min(end + CUE_REACH_BACK, ceiling)]
    return [*reversed(before), *after]


def _floor(words: Words, runs: list[Run], index: int) -> int:
    """Where cues for the run may begin: a longer number before it uses up its own."""
    for earlier in reversed(runs[:index]):
        if len(earlier.digits) >= 3:
            return words.ends[earlier.last]
    return 0


def _is_quantity(words: Words, run: Run) -> bool:
    following = words.words[run.last + 1] if run.last + 1 < len(words) else ""
    if (
        following in _UNITS
        or following in MONTHS
        or words.text[words.ends[run.last] : words.ends[run.last] + 1]
        in ("%", "$", "€", "£")
    ):
        return True
    text = words.text
    return text[words.ends[run.last] : words.ends[run.last] + 2] in (" %", " $")


def _is_date(words: Words, run: Run) -> bool:
    previous = words.words[run.first - 1] if run.first else ""
    if (previous in MONTHS or previous in ORDINALS) and len(run.digits) <= 8:
        return True
    if not run.is_written or run.groups not in _NUMBER_GROUPS_OF_DATES:
        return False
    parts = []
    position = 0
    for size in run.groups:
        parts.append(int(run.digits[position : position + size]))
        position += size
    year = parts.pop(0) if run.groups[0] == 4 else parts.pop()
    return 1900 <= year <= 2099 and 1 <= min(parts) <= 12 and max(parts) <= 31


def _leads_year(words: Words, run: Run) -> bool:
    previous = words.words[run.first - 1] if run.first else ""
    return previous in _YEAR_LEADS or previous in MONTHS or previous in ORDINALS


_SMALL_TALK = FILLERS | word_set(
    "it's its it is the that's thats that would be sure yes yep my number"
)


def _is_whole_turn(words: Words, run: Run) -> bool:
    if run.is_scaled:
        return False
    outside = words.words[: run.first] + words.words[run.last + 1 :]
    return all(word in _SMALL_TALK for word in outside)


def _start_with_letters(words: Words, run: Run, kind: str) -> int:
    """Take along the letters of "a b one two three" where letters may belong."""
    first = run.first
    if kind in (kinds.PHONE, kinds.CARD, kinds.CVV, kinds.SSN):
        return first
    while first > 0 and len(words.words[first - 1]) == 1 and _is_letter(words, first):
        first -= 1
    return first


def _is_letter(words: Words, index: int) -> bool:
    letter = words.words[index - 1]
    if not letter.isalpha() or words.gap(index - 1).strip("-# "):
        return False
    return letter not in "ai" or (index >= 2 and len(words.words[index - 2]) == 1)


def _end(words: Words, run: Run) -> int:
    """Take along letters glued to the digits or spelled right after them."""
    last = run.last
    while (
        last + 1 < len(words)
        and len(words.words[last + 1]) <= 2
        and words.words[last + 1].isalpha()
        and words.words[last + 1] not in NUMBER_WORDS
        and not words.gap(last)
    ):
        last += 1
    return words.ends[last]
