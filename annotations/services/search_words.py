"""What somebody typed into the search, as a question to the index of terms.

    bill                 the word, in any case
    bill roaming         both words
    "my last bill"       the words in this order, next to each other
    roam*                every word that begins so

The index holds each text's words and each pair of neighbours (migration 0012), in
whatever language: a phrase is found by its pairs without reading a text.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from django.db import connection
from django.utils.translation import gettext as _

from annotations.errors import InvalidError

MOST_LETTERS = 200
MOST_PARTS = 16
LEAST_PREFIX = 2  # a single letter begins a third of all words
LONGEST_WORD = 60  # as the index cuts them
PART = re.compile(r'"([^"]*)"?|(\S+)')
LETTERS = "[^\\W_]"
# What the index takes for words of their own, whatever stands beside them.
UNSPACED = re.compile("[぀-ヿ㐀-鿿가-힣]")


@dataclass(frozen=True)
class Question:
    """terms: a tsquery over the index. runs: regular expressions that a lower-case
    text has to match as well, one for each phrase of three words or more. longest: a
    word that stands in every text that fits."""

    terms: str
    longest: str
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    said: str
    is_prefix: bool = False


def query(typed: str) -> Question:
    """What was typed, as a question. InvalidError where it holds no word."""
    parts = [_part(match) for match in PART.finditer(typed[:MOST_LETTERS])]
    parts = parts[:MOST_PARTS]
    terms: dict[str, None] = {}
    runs = []
    longest = ""
    for part, words in zip(parts, _words(parts), strict=True):
        terms |= dict.fromkeys(_terms(part, words))
        longest = max([longest, *words], key=len)
        if len(words) > 2:
            runs.append(_run(part, words))
    if not terms:
        raise InvalidError(_("Type at least one letter or digit to search for."))
    return Question(" & ".join(terms), longest, tuple(runs))


def marks(typed: str) -> re.Pattern[str] | None:
    """What to point out in a found text; None where nothing was typed.

    The database decides what is found. This follows its rules closely enough to show
    where, and misses a word that normalizing changes.
    """
    shown = [
        shape
        for match in PART.finditer(unicodedata.normalize("NFKC", typed[:MOST_LETTERS]))
        for shape in _shapes(_part(match))
    ]
    return re.compile("|".join(shown), re.IGNORECASE) if shown else None


def _shapes(part: Part) -> list[str]:
    """A regular expression for each word of it."""
    cut = UNSPACED.sub(r" \g<0> ", part.said)
    words = re.findall(f"{LETTERS}+", cut)
    shapes = [
        word
        if UNSPACED.match(word)
        else f"(?<!{LETTERS}){re.escape(word)}(?!{LETTERS})"
        for word in words
    ]
    if part.is_prefix and words:
        shapes[-1] = f"(?<!{LETTERS}){re.escape(words[-1])}{LETTERS}*"
    return shapes


def _part(match: re.Match[str]) -> Part:
    phrase, word = match.groups()
    if word is None:
        return Part(phrase)
    is_prefix = word.endswith("*") and len(word.rstrip("*")) >= LEAST_PREFIX
    return Part(word, is_prefix)


def _words(parts: list[Part]) -> list[list[str]]:
    """Cut into words by the database, exactly as the indexed texts were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT annotations_words(said) FROM unnest(%s::text[])"
            " WITH ORDINALITY AS parts (said, place) ORDER BY place",
            [[part.said for part in parts]],
        )
        return [row[0] for row in cursor.fetchall()]


def _terms(part: Part, words: list[str]) -> list[str]:
    words = [word[:LONGEST_WORD] for word in words]
    terms = [f"'{word}'" for word in words]
    if part.is_prefix and terms:
        terms[-1] += ":*"
    pairs = list(pairwise(words))
    if part.is_prefix and pairs:
        # The last word is only begun, and so is the pair that it ends.
        first, last = pairs.pop()
        terms.append(f"'+{first} {last}':*")
    return terms + [f"'+{first} {second}'" for first, second in pairs]


def _run(part: Part, words: list[str]) -> str:
    """The words one after the other: their pairs may stand in different places."""
    between = "[^[:alnum:]]*"
    return r"\m" + between.join(words) + ("" if part.is_prefix else r"\M")
