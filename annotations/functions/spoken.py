"""Numbers as people say them: "double five oh two", "forty five dollars"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

DIGITS = {
    "zero": 0,
    "oh": 0,
    "o": 0,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
}
TEENS = {
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
}
TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fourty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
ORDINALS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "eleventh": 11,
    "twelfth": 12,
    "twentieth": 20,
    "thirtieth": 30,
}
REPEATS = {"double": 2, "triple": 3}
PAUSES = frozenset({"uh", "um", "er", "erm", "ah", "hmm"})
ZEROS = frozenset({"zero", "oh", "o"})
MOST = Decimal(10) ** 18  # no quantity, and more digits than Decimal rounds rightly
WORD = re.compile(r"\d[\d,]*(?:\.\d+)?|[a-z]+")


def tokens(text: str) -> list[str]:
    """Words and written numbers, lower case; hyphens part words, pauses are none."""
    found = WORD.findall(text.casefold().replace("-", " "))
    return [word for word in found if word not in PAUSES]


def digits(text: str) -> str | None:
    """A string of digits, said or written: "one oh double two" -> "1022".

    None where a word is no number. "forty two" counts as its digits, 42.
    """
    found: list[str] = []
    repeat = 1
    for word in tokens(text):
        if word in REPEATS:
            repeat = REPEATS[word]
            continue
        part = _digits_of(word, found if repeat == 1 else [])
        if part is None:
            return None
        found.append(part * repeat)
        repeat = 1
    return "".join(found) or None


def number(text: str) -> Decimal | None:
    """A quantity, said or written: "two hundred and five" -> 205; None if it is none.

    Digits said one by one ("two five") are read as one number, 25, and so are two
    numbers in one breath: "four twenty" -> 420.
    """
    if text.lstrip().startswith("-"):
        value = _number(text.lstrip().removeprefix("-"))
        return None if value is None else -value
    return _number(text)


def _number(text: str) -> Decimal | None:
    value = _read(text)
    return value if value is not None and value < MOST else None


def _read(text: str) -> Decimal | None:
    words = [word for word in tokens(text) if word not in ("and", "a", "about")]
    if "point" in words:
        return _decimal(words)
    if len(words) == 1 and words[0][0].isdigit():
        return Decimal(words[0].replace(",", ""))
    if words and all(word in DIGITS for word in words):
        return Decimal("".join(str(DIGITS[word]) for word in words))
    value = _quantity(words)
    if value is None and (halves := _halves(words)) and halves[0] < 100:
        return halves[0] * 100 + halves[1]
    return value


def ordinal(text: str) -> int | None:
    """A position: "twenty third", "23rd" -> 23; None if it is none."""
    written = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", text.casefold().strip())
    if written:
        return int(written.group(1))
    words = tokens(text)
    if not words or words[-1] not in ORDINALS:
        return None
    before = _quantity(words[:-1]) if words[:-1] else Decimal(0)
    return None if before is None else int(before) + ORDINALS[words[-1]]


def money(text: str) -> Decimal | None:
    """An amount in dollars: "twelve fifty", "$12.50", "12 dollars and 50 cents"."""
    plain = text.casefold().replace("$", " ").replace("usd", " ")
    dollars, separator, rest = _split_at(plain, ("dollars", "dollar", "bucks", "buck"))
    if not separator:
        cents, found, _ = _split_at(plain, ("cents", "cent"))
        if found:
            amount = number(cents)
            return None if amount is None else amount / 100
        return _price(plain)
    whole = number(dollars)
    cents_text = _split_at(rest, ("cents", "cent"))[0]
    extra = number(cents_text) if tokens(cents_text.replace("and", " ")) else Decimal(0)
    return None if whole is None or extra is None else whole + extra / 100


def _digits_of(word: str, found: list[str]) -> str | None:
    if word[0].isdigit():
        written = word.replace(",", "").replace(".", "")
        return "".join(str(unicodedata.decimal(digit)) for digit in written)
    if word in DIGITS:
        if found and found[-1] in TENS_SAID and DIGITS[word]:
            return found.pop()[0] + str(DIGITS[word])
        return str(DIGITS[word])
    value = TEENS.get(word, TENS.get(word))
    return None if value is None else str(value)


TENS_SAID = {str(value) for value in TENS.values()}


def _decimal(words: Sequence[str]) -> Decimal | None:
    at = list(words).index("point")
    whole = number(" ".join(words[:at])) if at else Decimal(0)
    part = digits(" ".join(words[at + 1 :]))
    if whole is None or part is None:
        return None
    return Decimal(f"{int(whole)}.{part}")


def _quantity(words: Sequence[str]) -> Decimal | None:
    """What the words come to; None where they are not one number.

    Each part has to fit into the room that the one before leaves: two digits behind a
    hundred, one behind "twenty", none behind a number written.
    """
    if not words:
        return None
    total = Decimal(0)  # of whole thousands
    part: Decimal | None = None  # of what stands behind them
    limit = room = Decimal("Infinity")  # of that part; of the next word
    for word in words:
        if word in SCALES:
            part = (Decimal(1) if part is None else part) * SCALES[word]
            room = Decimal(SCALES[word])
            if part >= (min(limit, Decimal(10_000)) if word == "hundred" else limit):
                return None
            if word != "hundred":
                total, part, limit = total + part, None, room
            continue
        value = _worth(word)
        if value is None or value >= room or (value == 0 and room.is_finite()):
            return None
        part = value if part is None else part + value
        room = Decimal(10 if word in TENS else 0)
    return total + (part or 0)


def _worth(word: str) -> Decimal | None:
    if word[0].isdigit():
        return Decimal(word.replace(",", ""))
    value = DIGITS.get(word, TEENS.get(word, TENS.get(word)))
    return None if value is None else Decimal(value)


def _halves(words: Sequence[str]) -> tuple[Decimal, Decimal] | None:
    """Two numbers in one breath, the second below 100: "twelve fifty" -> 12 and 50,
    "five oh six" -> 5 and 6."""
    for cut in range(1, len(words)):
        begins = words[cut] in TEENS or words[cut] in TENS
        is_small = words[cut] in ZEROS and len(words) == cut + 2
        if words[cut - 1] in SCALES or not (begins or is_small):
            continue
        left = _quantity(words[:cut])
        right = _quantity(words[cut + is_small :])
        if left is not None and right is not None and right < (10 if is_small else 100):
            return left, right
    return None


def _price(text: str) -> Decimal | None:
    """An amount without a unit; "twelve fifty" is twelve dollars fifty."""
    halves = _halves(tokens(text))
    if halves and halves[0] < MOST:
        return halves[0] + halves[1] / 100
    return number(text)


def _split_at(text: str, marks: Sequence[str]) -> tuple[str, str, str]:
    for mark in marks:
        match = re.search(rf"\b{mark}\b", text)
        if match:
            return text[: match.start()], mark, text[match.end() :]
    return text, "", ""
