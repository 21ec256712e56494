"""Word lists that recognizers look things up in."""

from functools import cache
from pathlib import Path


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FOLDER = Path(__file__).with_name("data")

MONTHS = word_set(
    "january february march april may june july august september october november"
    " december jan feb mar apr jun jul aug sep sept oct nov dec"
)
ORDINALS = word_set(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh"
    " twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth"
    " nineteenth twentieth thirtieth"
)
# How callers spell over the telephone.
SPELLING = word_set(
    "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo"
    " lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey"
    " whisky xray yankee zulu apple boy cat dog edward frank george henry nancy peter"
    " queen robert sam tom victor zebra"
)
HESITATIONS = word_set("uh um er erm ah hmm mm eh well like so okay ok")


@cache
def load(name: str) -> frozenset[str]:
    """The words of `data/NAME.txt`, one a line, `#` begins a comment."""
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


GIVEN = load("given_names")
SURNAMES = load("surnames")
NAMES = GIVEN | SURNAMES
AMBIGUOUS = load("ambiguous_names")
COMMON = load("common_words") - NAMES
PLAIN_NAMES = NAMES - AMBIGUOUS
PLAIN_GIVEN = GIVEN - AMBIGUOUS
