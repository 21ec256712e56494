"""What a parameter's schema makes of the words said for it: a value, or what is wrong.

The one reading of values: what the desk shows beside a mark, what the server stores
with a label and what a function is called with are the same.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from annotations.functions import arguments, samples
from annotations.functions.schema import Node
from annotations.functions.sentences import sentence as _
from annotations.functions.values import Rule, value_of
from annotations.intake.redaction.entities import PLACEHOLDER

# Of strings with a pattern nobody says what they stand for: what fits is taken.
_BY_FIT = ("digits", "money", "month", "date")
_BY_KIND = ("integer", "number", "boolean")
_BY_FORMAT = {"date": "date", "month": "month", "phone": "digits", "zip": "digits"}
# Placeholders of what is made of digits; account numbers are read out one by one.
DIGIT_PLACEHOLDERS = frozenset({"ACCOUNT_NUMBER", "CARD", "PHONE", "SSN", "ZIP"})
_MOST_LISTED = 8


@dataclass(frozen=True)
class Reading:
    """A value in the form the function takes, as text; problem: why it is none.

    Where words were read but break a limit, the value is what was read.
    """

    value: str
    problem: str = ""


def read(node: Node, said: str, today: date | None) -> Reading:
    """The first way to read the words that the schema accepts.

    node: the parameter's schema, of a list that of its items. today: the day of the
    call, from which "yesterday" counts. A value already in its form reads as itself.
    """
    value = accepted(node, said, today)
    if value is not None:
        return Reading(value)
    said = " ".join(said.split())
    node = node.items if node.kind == "array" and node.items else node
    candidates = list(_candidates(node, said, today))
    meant = candidates[0] if len(_kinds(node)) == 1 else said
    return Reading(meant, complaint(node, meant, today))


def accepted(node: Node, said: str, today: date | None) -> str | None:
    """The value that `read` finds; None where it would complain.

    To say what would fit costs many times what reading does.
    """
    said = " ".join(said.split())
    node = node.items if node.kind == "array" and node.items else node
    if node.kind == "object":
        return said  # made by a program, not read from words
    stands_for = _placeholder_in(said, node)
    if stands_for:
        return stands_for
    candidates = _candidates(node, said, today)
    fits = (v for v in candidates if arguments.is_valid(node, typed(node, v)))
    return next(fits, None)


def typed(node: Node, value: str) -> Any:
    """The value as JSON has it; the text itself where it is no such thing."""
    node = node.items if node.kind == "array" and node.items else node
    if node.kind == "integer" and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    if node.kind == "number" and re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,9})?", value):
        return float(value)
    if node.kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


def problems(node: Node, values: Sequence[str]) -> list[str]:
    """What the schema says against one parameter's values, each in its form.

    A placeholder stands for a value that nobody sees, so nothing is said of it.
    """
    known = [value for value in values if not PLACEHOLDER.fullmatch(value)]
    if node.kind == "object" or not known:
        return []
    found = [complaint(node, value, None) for value in known]
    if node.kind == "array" and len(known) == len(values) and not any(found):
        whole = [typed(node, value) for value in known]
        found = [problem.message for problem in arguments.problems(node, whole)]
    return [message for message in found if message]


def complaint(node: Node, value: str, today: date | None) -> str:
    """Why the schema refuses the value, in words, with one that it takes; "" if not."""
    node = node.items if node.kind == "array" and node.items else node
    found = arguments.problems(node, typed(node, value))
    if not found:
        return ""
    if node.enum is not None:
        return _("is one of: %(values)s", values=_listed(node.enum))
    message = _plain(found[0].message)
    if " such as " in message:
        return message
    shown = example(node, today)
    if not shown:
        return message
    if message.startswith("needs"):
        return _("%(needed)s, such as %(example)s", needed=message, example=shown)
    return _("%(problem)s; it may be %(example)s", problem=message, example=shown)


def example(node: Node, today: date | None = None) -> str:
    """A value that the schema accepts, as text; "" where none is found."""
    told = node.notes.get("examples")
    plausible = [str(one) for one in told] if isinstance(told, list) else []
    year = today.year if today else 2026
    plausible += ["12", "12.00", f"{year}-03", f"{year}-03-25", "true"]
    for value in plausible:
        if arguments.is_valid(node, typed(node, value)):
            return value
    found = samples.valid_values(node, random.Random(0))
    return str(found[0]) if found else ""


def is_free(node: Node) -> bool:
    """Whether the schema takes any words as they are."""
    return (
        node.kind == "string"
        and node.enum is None
        and not {"format", "pattern"} & node.limits.keys()
    )


def _rule(node: Node, kind: str, today: date | None) -> Rule:
    said = node.notes.get("x-synonyms")
    ways = said if isinstance(said, Mapping) else {}
    return Rule(
        kind=kind,
        enum=tuple(str(value) for value in node.enum or ()),
        synonyms={
            str(way): str(value)
            for value, names in ways.items()
            if isinstance(names, list)
            for way in names
        },
        today=today,
    )


def _candidates(node: Node, said: str, today: date | None) -> Iterator[str]:
    """The words read in every way that may be meant, the likeliest first."""
    if arguments.is_valid(node, typed(node, said)) and not is_free(node):
        yield said  # in its form already: no reader may change it
    for kind in _kinds(node):
        value = value_of(said, _rule(node, kind, today))
        if value is not None:
            yield value
    yield said


def _kinds(node: Node) -> list[str]:
    hint = node.notes.get("x-normalizer")
    if isinstance(hint, str):
        return [hint]
    if node.enum is not None:
        return ["string"]
    if node.kind in _BY_KIND:
        return [node.kind]
    named = _BY_FORMAT.get(str(node.limit("format")))
    if named:
        return [named]
    if node.limit("pattern"):
        return list(_BY_FIT)
    digits = node.notes.get("x-placeholder") in DIGIT_PLACEHOLDERS
    return ["digits"] if digits and not node.limit("format") else []


def _placeholder_in(said: str, node: Node) -> str:
    """The placeholder that is the value: alone, or of the right kind among words."""
    if PLACEHOLDER.fullmatch(said):
        return said
    kind = node.notes.get("x-placeholder")
    for found in PLACEHOLDER.finditer(said) if kind else ():
        if found[0].startswith(f"[{kind}_"):
            return found[0]
    return ""


_PLAIN = {
    "needs an integer": _("needs a whole number"),
    "needs a boolean": _("needs true or false"),
    "needs an array": _("needs a list"),
}


def _plain(message: str) -> str:
    """The validator's sentence as people say it; a pattern is told by example."""
    if message.startswith("does not match"):
        return _("needs a value")
    return _PLAIN.get(message, message)


def _listed(values: Sequence[Any]) -> str:
    names = [str(value) for value in values]
    more = "" if len(names) <= _MOST_LISTED else ", …"
    return ", ".join(names[:_MOST_LISTED]) + more
