"""Names of people, found by what is said before or after them."""

import re

from .entities import NAME, Candidate
from .lexicon import (
    AMBIGUOUS,
    COMMON,
    HESITATIONS,
    NAMES,
    PLAIN_GIVEN,
    PLAIN_NAMES,
    word_set,
)
from .numbers import NUMBER_WORDS
from .words import Words

_RELATION = (
    r"(?:husband|wife|son|daughter|mother|father|mom|dad|brother|sister|roommate"
    r"|boyfriend|girlfriend|fianc[e]+|grandmother|grandfather|grandson|uncle|aunt"
    r"|neighbor|landlord|friend|partner|agent|technician|rep)"
)
_STRONG = re.compile(
    r"\b(?:"
    r"(?:my|the|his|her|their|our|full|legal|maiden|middle|first|last|family|sur) ?"
    r"(?:(?:full|first|last|legal|maiden|middle|family) )?names?(?:'s| is| was|:)"
    r"|(?:first|last|middle|maiden|full) name(?: on (?:the|my) \w+)?"
    r"|names?(?:'s| is|:)"
    r"|name (?:on|for|of) (?:the|this|my|that|our) (?:\w+ )?"
    r"(?:account|card|bill|contract|file|policy|line|order|holder)"
    r"(?: is| would be| should be| was| says)?"
    r"|under (?:the name(?: of)?|my \w+'s name)|in the name of"
    r"|account(?: is|'s)? (?:under|holder(?: is|'s)?|belongs to)"
    r"|(?:they|you can|please|just|everyone|people|friends) calls? me|call me"
    r"|i go by|goes by|i am called|i'm called|name'?s spelled"
    r"|spell(?:ed|ing)? (?:it|that)"
    r"|mr|mrs|ms|mister|missus"
    r")(?![\w])[.:,]?"
)
_WEAK = re.compile(
    r"\b(?:this is|i'?m|i am|it'?s|it is|here is|speaking (?:to|with)|spoke (?:to|with)"
    r"|talk(?:ed|ing)? (?:to|with)|named|miss|doctor|dr|hi|hello|thanks|thank you"
    r"|ask for|regards,?|sincerely,?|cheers,?|signed"
    rf"|my {_RELATION}(?:'s name is)?|{_RELATION} named)(?![\w'])"
)
_IS_MY_NAME = re.compile(
    r"\bis (?:my|the|his|her) (?:(?:full|first|last|legal|maiden|sur) ?)?name\b"
)
_AFTER = word_set("speaking calling here")
_SKIPPED = HESITATIONS | word_set(
    "it's its is it that's thats the my name spelled yes yeah sure and"
)
_CONNECTED = word_set("o van von de la del da di st mc mac al el bin ibn junior jr")
_NOT_BEFORE_NAME = word_set("my the a an your this that our to")
_BARE_GAPS = ("", " ", "-", " - ", ". ", ", ", "'")
MAX_NAME_WORDS = 4
MAX_SKIPPED = 4
MIN_SPELLED = 3
MIN_SPELLED_WITHOUT_CUE = 7
SPELL_REACH = 8  # words between a name or "spell" and the letters

_TRIGGERS = word_set(
    "name names name's under call calls go goes spell spelled spelling mr mrs ms"
    " mister missus this i'm im am it's its is named miss doctor dr hi hello thanks"
    " thank ask regards sincerely cheers signed speaking calling here talk talking"
    " talked spoke my account"
)


_STRONG_TRIGGERS = word_set(
    "name names name's names's surname under call calls called go goes spell spelled"
    " spelling mr mrs ms mister missus account in"
)
_BEFORE_TRIGGERS = word_set("speaking calling name surname")


def may_hold(words: Words, expected: str | None) -> bool:
    """A quick look that lets most texts pass by."""
    return (
        expected == NAME
        or not _TRIGGERS.isdisjoint(words.words)
        or len(words) <= 3
        or _has_letters(words)
    )


def _has_letters(words: Words) -> bool:
    return sum(len(word) == 1 for word in words.words) >= MIN_SPELLED


def find(words: Words, expected: str | None) -> list[Candidate]:
    """People's names in the text; `expected` is what the bot just asked for."""
    spans = [*_after_cues(words), *_before_cues(words)]
    if expected == NAME:
        spans += _answer(words)
    elif not spans and _is_bare_name(words):
        spans.append((0, len(words) - 1))
    if _has_letters(words):
        spans += _spelled(words, spans, expected)
    return [_candidate(words, first, last) for first, last in spans]


def _candidate(words: Words, first: int, last: int) -> Candidate:
    value = " ".join(words.words[first : last + 1])
    return Candidate(words.starts[first], words.ends[last], NAME, value)


def _after_cues(words: Words) -> list[tuple[int, int]]:
    spans = []
    patterns = []
    if not _STRONG_TRIGGERS.isdisjoint(words.words):
        patterns.append((_STRONG, True))
    # After a weak cue only a listed name counts, or whoever is "speaking".
    if "speaking" in words.words or not NAMES.isdisjoint(words.words):
        patterns.append((_WEAK, False))
    for pattern, is_strong in patterns:
        for match in pattern.finditer(words.text):
            first = words.at(match.end())
            span = _name_from(words, first, is_strong=is_strong)
            if span is not None:
                spans.append(span)
    return spans


def _name_from(words: Words, first: int, *, is_strong: bool) -> tuple[int, int] | None:
    if is_strong:
        limit = first + MAX_SKIPPED
        while first < min(limit, len(words)) and words.words[first] in _SKIPPED:
            first += 1
    if first >= len(words):
        return None
    last = _name_end(words, first)
    if last is None:
        return None
    if is_strong or _is_vouched_for(words, first, last):
        return first, last
    return None


def _name_end(words: Words, first: int) -> int | None:
    """The last word of the name that begins at `first`; None where none does."""
    if not _may_begin(words.words[first]):
        return None
    last = first
    while last + 1 < len(words) and last + 1 - first < MAX_NAME_WORDS:
        if words.gap(last) not in _BARE_GAPS or not _may_go_on(words, last + 1):
            break
        last += 1
    while last > first and words.words[last] in _CONNECTED:
        last -= 1
    return last


def _may_begin(word: str) -> bool:
    if not word[0].isalpha() or len(word) < 2 or word in NUMBER_WORDS:
        return False
    return word in NAMES or word not in COMMON


def _may_go_on(words: Words, index: int) -> bool:
    word = words.words[index]
    if not word[0].isalpha() or word in NUMBER_WORDS:
        return False
    if "," in words.gap(index - 1):
        return word in PLAIN_NAMES
    if len(word) == 1:  # an initial: "john q public"
        following = words.words[index + 1] if index + 1 < len(words) else ""
        return word not in "ai" and following in NAMES
    if word in AMBIGUOUS:
        return words.words[index - 1] in PLAIN_NAMES and word not in ("may", "will")
    return word in NAMES or word not in COMMON or word in _CONNECTED


def _is_vouched_for(words: Words, first: int, last: int) -> bool:
    """Whether a weak cue ("this is …") is enough for these words."""
    said = words.words[first : last + 1]
    if said[0] in PLAIN_GIVEN:
        return True
    following = words.words[last + 1] if last + 1 < len(words) else ""
    if following in _AFTER and any(word in NAMES for word in said):
        return True
    if following == "speaking":
        return True
    return said[0] in NAMES and any(word in PLAIN_NAMES for word in said[1:])


def _before_cues(words: Words) -> list[tuple[int, int]]:
    """ "john smith speaking", "hi maria calling about …" """
    spans: list[tuple[int, int]] = []
    if _BEFORE_TRIGGERS.isdisjoint(words.words):
        return spans
    for index, word in enumerate(words.words):
        if word not in ("speaking", "calling") or index == 0:
            continue
        first = index
        while first > 0 and index - first < MAX_NAME_WORDS:
            before = words.words[first - 1]
            if words.gap(first - 1) != " " or not _may_begin(before):
                break
            first -= 1
        if any(w in PLAIN_NAMES for w in words.words[first:index]):
            spans.append((first, index - 1))
    for match in _IS_MY_NAME.finditer(words.text):
        last = words.at(match.start()) - 1
        first = last + 1
        while first > 0 and last + 1 - first < 3 and _may_begin(words.words[first - 1]):
            first -= 1
        if first <= last:
            spans.append((first, last))
    return spans


def _answer(words: Words) -> list[tuple[int, int]]:
    """The bot asked for a name: what is no everyday word is the name."""
    spans: list[tuple[int, int]] = []
    for index, word in enumerate(words.words):
        is_letter = len(word) == 1 and word.isalpha() and _beside_letter(words, index)
        if not is_letter and not _may_begin(word) and word not in _CONNECTED:
            continue
        if spans and spans[-1][1] == index - 1:
            spans[-1] = (spans[-1][0], index)
        else:
            spans.append((index, index))
    return [span for span in spans if _answers(words, *span)]


def _answers(words: Words, first: int, last: int) -> bool:
    said = words.words[first : last + 1]
    if all(word in AMBIGUOUS for word in said):
        before = words.words[first - 1] if first else ""
        return len(words) - len(said) <= 3 and before not in _NOT_BEFORE_NAME
    return len(words) <= 12 or any(word in NAMES for word in said)


def _beside_letter(words: Words, index: int) -> bool:
    around = words.words[max(0, index - 1) : index] + words.words[index + 1 : index + 2]
    return any(len(word) == 1 for word in around) or len(words) == 1


def _is_bare_name(words: Words) -> bool:
    """A turn that is a given name and a surname and nothing else."""
    said = words.words
    return (
        2 <= len(said) <= 3
        and said[0] in PLAIN_GIVEN
        and all(word in PLAIN_NAMES for word in said)
    )


def _spelled(
    words: Words, names: list[tuple[int, int]], expected: str | None
) -> list[tuple[int, int]]:
    """Letters said one by one, near a name or where spelling was announced."""
    spans = []
    for first, last, letters in _letter_runs(words):
        before = words.words[max(0, first - SPELL_REACH) : first]
        cued = expected == NAME or any(w.startswith("spell") for w in before)
        cued = cued or "name" in before or "name's" in before
        cued = cued or any(0 <= first - end <= SPELL_REACH for _, end in names)
        if letters >= (MIN_SPELLED if cued else MIN_SPELLED_WITHOUT_CUE):
            spans.append((first, last))
    return spans


def _letter_runs(words: Words) -> list[tuple[int, int, int]]:
    """(first word, last word, letters) of each run of single letters.

    "double l" and "b as in boy" belong to a run.
    """
    runs = []
    index = 0
    while index < len(words):
        last, letters = index - 1, 0
        while True:
            taken = _letter(words, last + 1)
            if taken == 0:
                break
            last += taken
            letters += 1
        if letters >= MIN_SPELLED:
            runs.append((index, last, letters))
        index = max(last, index) + 1
    return runs


def _letter(words: Words, index: int) -> int:
    """How many words the letter at `index` takes: l, double l, b as in boy."""
    said = words.words[index : index + 4]
    if not said:
        return 0
    if len(said) > 1 and said[0] in ("double", "capital") and _is_letter(said[1]):
        return 2
    if not _is_letter(said[0]):
        return 0
    if said[1:3] == ["as", "in"] and len(said) == 4:
        return 4
    if len(said) > 2 and said[1] in ("like", "for") and said[2].startswith(said[0]):
        return 3
    return 1


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word.isalpha()
