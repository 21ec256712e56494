"""Strings that match a regular expression, built from its parsed form.

Python's parser reads the expression; RE2 has the last word, since the two differ in
corners. What Python cannot read gives no samples.
"""

import random
import re
import string
from collections.abc import Iterator, Sequence
from typing import Any

from annotations.functions.schema import compile_pattern

_parser = re._parser  # type: ignore[attr-defined]  # the only parser of `re` syntax
_TRIES = 60
_REPEAT = 6  # how far an open repetition goes beyond its minimum
_CATEGORIES = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_SPACE": " ",
    "CATEGORY_WORD": string.ascii_letters + string.digits + "_",
    "CATEGORY_NOT_DIGIT": string.ascii_letters,
    "CATEGORY_NOT_SPACE": string.ascii_letters + string.digits,
    "CATEGORY_NOT_WORD": " -.",
}
_PRINTABLE = string.ascii_letters + string.digits + " -_.:/+@#"


def matching(
    pattern: str, rng: random.Random, low: int = 0, high: int = 10_000
) -> Iterator[str]:
    """Distinct strings found by `pattern`, of low to high characters where possible."""
    try:
        tree = _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError):
        return
    compiled = compile_pattern(pattern)
    seen: set[str] = set()
    for attempt in range(_TRIES):
        # The first tries take every repetition at its least, the next at its most.
        stretch = {0: 0.0, 1: 1.0}.get(attempt, rng.random())
        text = _build(tree, rng, stretch)
        if low <= len(text) <= high and text not in seen and compiled.search(text):
            seen.add(text)
            yield text


def _build(tree: Sequence[Any], rng: random.Random, stretch: float) -> str:
    return "".join(_piece(str(op), arg, rng, stretch) for op, arg in tree)


def _piece(op: str, arg: Any, rng: random.Random, stretch: float) -> str:
    match op:
        case "LITERAL":
            return chr(arg)
        case "NOT_LITERAL":
            return rng.choice([c for c in _PRINTABLE if c != chr(arg)])
        case "ANY":
            return rng.choice(_PRINTABLE)
        case "IN":
            return _one_of(arg, rng)
        case "BRANCH":
            return _build(rng.choice(arg[1]), rng, stretch)
        case "SUBPATTERN":
            return _build(arg[3], rng, stretch)
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, inner = arg
            most = min(int(most), int(least) + _REPEAT)
            times = int(least) + round(stretch * (most - int(least)))
            return "".join(_build(inner, rng, stretch) for _ in range(times))
        case "CATEGORY":
            return rng.choice(_CATEGORIES.get(str(arg), string.ascii_letters))
    return ""  # anchors and look-around consume nothing


def _one_of(members: Sequence[Any], rng: random.Random) -> str:
    negated = str(members[0][0]) == "NEGATE"
    allowed = "".join(_characters(str(op), arg) for op, arg in members)
    if negated:
        allowed = "".join(c for c in _PRINTABLE if c not in allowed)
    return rng.choice(allowed) if allowed else ""


def _characters(op: str, arg: Any) -> str:
    match op:
        case "LITERAL":
            return chr(arg)
        case "RANGE":
            low, high = arg
            return "".join(chr(code) for code in range(low, min(high, low + 200) + 1))
        case "CATEGORY":
            return _CATEGORIES.get(str(arg), "")
    return ""
