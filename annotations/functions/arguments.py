"""Whether an argument object satisfies a schema, in words and by path."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from annotations.functions.schema import Node, compile_pattern
from annotations.functions.sentences import sentence as _

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,}")
_PHONE = re.compile(r"\+?[0-9][0-9 .()-]{5,18}", re.ASCII)
_ZIP = re.compile(r"\d{5}(-\d{4})?", re.ASCII)


@dataclass(frozen=True)
class Problem:
    """What is wrong with one argument; `path` names it among the arguments."""

    path: str
    message: str


def problems(node: Node, value: Any, path: str = "") -> list[Problem]:
    """Everything that keeps `value` from being valid; empty where it is."""
    return list(_problems(node, value, path))


def is_valid(node: Node, value: Any) -> bool:
    return next(_problems(node, value, ""), None) is None


def _problems(node: Node, value: Any, path: str) -> Iterator[Problem]:
    if value is None:
        if not node.nullable:
            yield Problem(path, _("needs a value"))
        return
    if not _has_kind(node.kind, value):
        yield Problem(path, _NEEDED[node.kind])
        return
    if node.enum is not None and not _is_listed(value, node.enum):
        listed = ", ".join(str(known) for known in node.enum)
        yield Problem(path, _("is not one of: %(values)s", values=listed))
    for keyword, limit in node.limits.items():
        message = _broken(keyword, limit, value)
        if message:
            yield Problem(path, message)
    if node.kind == "array" and node.items:
        for position, item in enumerate(value):
            yield from _problems(node.items, item, f"{path}/{position}")
    if node.kind == "object":
        yield from _object_problems(node, value, path)


def _object_problems(node: Node, value: dict[str, Any], path: str) -> Iterator[Problem]:
    for name in sorted(node.required - value.keys()):
        yield Problem(f"{path}/{name}", _("is required"))
    for name in value:
        if name not in node.properties:
            unknown = _("is not a parameter of this function")
            yield Problem(f"{path}/{name}", unknown)
        else:
            yield from _problems(node.properties[name], value[name], f"{path}/{name}")


def _has_kind(kind: str, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind == "integer":
        # JSON Schema counts 3.0 as an integer.
        return isinstance(value, int) or (
            isinstance(value, float) and value.is_integer()
        )
    return isinstance(value, _PYTHON[kind])


_PYTHON: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "number": (int, float),
    "array": list,
    "object": dict,
}


def _is_listed(value: Any, enum: tuple[Any, ...]) -> bool:
    # Python takes True for 1; JSON does not.
    return any(
        value == known and isinstance(value, bool) == isinstance(known, bool)
        for known in enum
    )


_NEEDED = {
    "string": _("needs a string"),
    "integer": _("needs an integer"),
    "number": _("needs a number"),
    "boolean": _("needs a boolean"),
    "array": _("needs an array"),
    "object": _("needs an object"),
}


def _broken(keyword: str, limit: Any, value: Any) -> str:
    """The sentence for a limit that `value` breaks, empty where it holds."""
    match keyword:
        case "minLength" | "minItems":
            return "" if len(value) >= limit else _("is shorter than %(n)s", n=limit)
        case "maxLength" | "maxItems":
            return "" if len(value) <= limit else _("is longer than %(n)s", n=limit)
        case "minimum":
            return "" if value >= limit else _("is below %(n)s", n=limit)
        case "maximum":
            return "" if value <= limit else _("is above %(n)s", n=limit)
        case "exclusiveMinimum":
            return "" if value > limit else _("is not above %(n)s", n=limit)
        case "exclusiveMaximum":
            return "" if value < limit else _("is not below %(n)s", n=limit)
        case "multipleOf":
            fits = _divides(limit, value)
            return "" if fits else _("is not a multiple of %(n)s", n=limit)
        case "uniqueItems":
            return _("names an item twice") if limit and _repeats(value) else ""
        case "pattern":
            found = _compiled(limit).search(value)
            return "" if found else _("does not match %(pattern)s", pattern=limit)
        case "format":
            return "" if has_format(limit, value) else _FORMAT_WORDS[limit]
    raise ValueError(f"no rule for the keyword {keyword!r}")


def _divides(step: float, value: float) -> bool:
    quotient = value / step
    return abs(quotient - round(quotient)) < 1e-9


def _repeats(items: list[Any]) -> bool:
    return len({json.dumps(item, sort_keys=True) for item in items}) != len(items)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    return compile_pattern(pattern)


_FORMAT_WORDS = {
    "date": _("needs a day such as 2026-05-03"),
    "date-time": _("needs a date and time such as 2026-05-03T14:30:00Z"),
    "time": _("needs a time such as 14:30"),
    "month": _("needs a month such as 2026-05"),
    "email": _("needs an e-mail address"),
    "phone": _("needs a telephone number"),
    "zip": _("needs a ZIP code such as 10001"),
}


def has_format(name: str, value: str) -> bool:
    """Whether `value` is written in one of the formats that schemas may name."""
    match name:
        case "date":
            return len(value) == 10 and _parses(date.fromisoformat, value)
        case "date-time":
            return "T" in value and _parses(datetime.fromisoformat, value)
        case "time":
            return ":" in value and _parses(time.fromisoformat, value)
        case "month":
            return bool(_MONTH.fullmatch(value))
        case "email":
            return bool(_EMAIL.fullmatch(value))
        case "phone":
            return bool(_PHONE.fullmatch(value))
        case "zip":
            return bool(_ZIP.fullmatch(value))
    raise ValueError(f"no rule for the format {name!r}")


def _parses(parse: Any, value: str) -> bool:
    try:
        parse(value)
    except ValueError:
        return False
    return True
