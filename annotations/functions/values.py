"""From what was said to what a function is called with.

`kind` is the type or format of the parameter's schema. A value nobody can make out is
None, never a guess; a placeholder stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from annotations.functions import spoken
from annotations.intake.redaction.entities import PLACEHOLDER

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
YES = {"yes", "yeah", "yep", "yup", "sure", "true", "correct", "right", "ok", "okay"}
NO = {"no", "nope", "nah", "false", "not", "never"}
POLITE = {"please", "thanks", "thank", "you"}
# Beside a word of NO these are no answer: "yes, not a problem", "not sure".
UNSURE = {"yes", "yeah", "yep", "yup", "sure", "mind"}
# Days counted from another one, which nobody here counts.
COUNTED = {"week", "weeks", "days", "fortnight", "ago"}
YEAR_WORDS = 5  # "two thousand and twenty five"
PRONOUNS = {"i", "we", "you", "it"}


@dataclass(frozen=True)
class Rule:
    """What is known about a parameter.

    synonyms: what callers say -> the listed value. today: for "yesterday" and for
    years left out; without it such values are None.
    """

    kind: str = "string"
    enum: Sequence[str] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict)
    today: date | None = None


def value_of(text: str, rule: Rule) -> str | None:
    """The value said, in the form the function takes; None if it cannot be told."""
    said = " ".join(text.split())
    if not said:
        return None
    if PLACEHOLDER.fullmatch(said):
        return said
    if rule.enum:
        return _listed(said, rule)
    reader = _READERS.get(rule.kind)
    return reader(said, rule) if reader else said


def _listed(said: str, rule: Rule) -> str | None:
    """The listed value that was said: as it stands, by synonym, or by its words."""
    wanted = _plain(said)
    by_name = {_plain(value): value for value in rule.enum}
    by_name.update({_plain(k): v for k, v in rule.synonyms.items() if v in rule.enum})
    if wanted in by_name:
        return by_name[wanted]
    words = set(wanted.split())
    inside = {v for name, v in by_name.items() if set(name.split()) <= words}
    if not inside:
        inside = {v for name, v in by_name.items() if words <= set(name.split())}
    return inside.pop() if len(inside) == 1 else None


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold().replace("_", " ")))


def _digits(said: str, rule: Rule) -> str | None:
    return spoken.digits(said)


def _integer(said: str, rule: Rule) -> str | None:
    value = spoken.number(said)
    return str(int(value)) if value is not None and value == int(value) else None


def _number(said: str, rule: Rule) -> str | None:
    value = spoken.number(said)
    return None if value is None else format(value.normalize(), "f")


def _money(said: str, rule: Rule) -> str | None:
    value = spoken.money(said)
    return None if value is None else str(value.quantize(Decimal("0.01")))


def _boolean(said: str, rule: Rule) -> str | None:
    words = set(_plain(said).split())
    if words & NO:
        return None if words & UNSURE else "false"
    return "true" if words & YES else None


def says_yes_or_no(text: str) -> bool:
    """Whether the words are a yes or a no, politely or not, and nothing else."""
    words = set(_plain(text).split()) - POLITE - spoken.PAUSES
    return bool(words) and words <= YES | NO


def _date(said: str, rule: Rule) -> str | None:
    found = _written_date(said) or _relative_date(said, rule) or _said_date(said, rule)
    return found.isoformat() if found else None


def _month(said: str, rule: Rule) -> str | None:
    """A month as YYYY-MM: named, written, or "last month" counted from today."""
    written = re.fullmatch(r"(\d{4})-(\d{1,2})", said)
    if written and 1 <= int(written.group(2)) <= 12:
        return f"{int(written.group(1)):04d}-{int(written.group(2)):02d}"
    words = _plain(said).split()
    if rule.today and "month" in words:
        return _counted_month(words, rule.today)
    months = _months_in(words)
    if len(set(months.values())) != 1:
        return None
    month = next(iter(months.values()))
    year = _year([word for i, word in enumerate(words) if i not in months], rule, month)
    return f"{year:04d}-{month:02d}" if year else None


def _counted_month(words: Sequence[str], today: date) -> str | None:
    if {"before", "last"} <= set(words):
        return _months_from(today, -2)
    step = {"last": -1, "previous": -1, "this": 0, "current": 0, "next": 1}
    steps = {by for word, by in step.items() if word in words}
    return _months_from(today, steps.pop()) if len(steps) == 1 else None


def _written_date(said: str) -> date | None:
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", said)
    if iso:
        return _safe(*(int(part) for part in iso.groups()))
    american = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", said)
    if american:
        month, day, year = (int(part) for part in american.groups())
        return _safe(year, month, day)
    return None


def _relative_date(said: str, rule: Rule) -> date | None:
    if rule.today is None:
        return None
    words = _plain(said).split()
    if COUNTED & set(words):
        return None
    steps = {"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1}
    further = {"yesterday": "before", "tomorrow": "after"}
    found = set()
    for word, step in steps.items():
        if word in words:
            times = 2 if further.get(word) in words[: words.index(word)] else 1
            found.add(rule.today + timedelta(days=step * times))
    for index, name in enumerate(WEEKDAYS):
        if name in words:
            ahead = (index - rule.today.weekday()) % 7
            days = ahead - 7 if "last" in words else ahead
            found.add(rule.today + timedelta(days=days))
    return found.pop() if len(found) == 1 else None


def _said_date(said: str, rule: Rule) -> date | None:
    """A day and a named month: "may third", "the 3rd of may twenty twenty five"."""
    words = _plain(said).split()
    months = _months_in(words)
    if len(months) != 1:
        return None
    [(at, month)] = months.items()
    before = [w for w in words[:at] if w not in ("the", "of", "on")]
    after = [w for w in words[at + 1 :] if w not in ("the", "of", "in")]
    for source in (before, after):
        for n in (2, 1):
            near = source[-n:] if source is before else source[:n]
            day = spoken.ordinal(" ".join(near)) or _small(near)
            if day:
                rest = after[n:] if source is after else after
                year = _year(rest, rule, month)
                return _safe(year, month, day) if year else None
    return None


def _small(words: Sequence[str]) -> int | None:
    value = spoken.number(" ".join(words)) if words else None
    return int(value) if value is not None and 1 <= value <= 31 else None


def _year(words: Sequence[str], rule: Rule, month: int) -> int | None:
    """The year among the words; left out, the latest one that is not ahead."""
    for begin in range(len(words)):
        for end in range(min(len(words), begin + YEAR_WORDS), begin, -1):
            year = _written_year(" ".join(words[begin:end]))
            if year is not None:
                return year
    if rule.today is None:
        return None
    if "year" in words:
        step = {"last": -1, "previous": -1, "this": 0, "next": 1}
        for word, by in step.items():
            if word in words:
                return rule.today.year + by
    return rule.today.year - (1 if month > rule.today.month else 0)


def _written_year(said: str) -> int | None:
    for year in (spoken.digits(said), spoken.number(said)):
        if re.fullmatch(r"[0-9]{4}", str(year)) and "1900" <= str(year) <= "2100":
            return int(str(year))
    return None


def _months_in(words: Sequence[str]) -> dict[int, int]:
    """{place: month} of the months named; "may i" names none."""
    found = {}
    for place, word in enumerate(words):
        month = _month_number(word)
        asks = word == "may" and words[place + 1 : place + 2]
        if month and not (asks and asks[0] in PRONOUNS):
            found[place] = month
    return found


def _month_number(word: str) -> int | None:
    for number, name in enumerate(MONTHS, start=1):
        if word in (name, name[:3]) or (word == "sept" and number == 9):
            return number
    return None


def _months_from(today: date, step: int) -> str:
    months = today.year * 12 + today.month - 1 + step
    return f"{months // 12:04d}-{months % 12 + 1:02d}"


def _safe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


_READERS: dict[str, Callable[[str, Rule], str | None]] = {
    "digits": _digits,
    "integer": _integer,
    "number": _number,
    "money": _money,
    "boolean": _boolean,
    "date": _date,
    "month": _month,
}
