"""Valid argument objects for a schema: the edges first, then seeded random ones."""

import random
import string
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Any

from annotations.functions.arguments import is_valid
from annotations.functions.pattern_samples import matching
from annotations.functions.schema import Node

_EDGE = 40  # how many candidates a node contributes at most


def valid_values(node: Node, rng: random.Random) -> list[Any]:
    """Distinct values that satisfy `node`, edges first; may be short, never wrong."""
    found: list[Any] = []
    for value in islice(_candidates(node, rng), 4 * _EDGE):
        if len(found) < _EDGE and is_valid(node, value) and _is_new(value, found):
            found.append(value)
    return found


def smallest(node: Node, rng: random.Random) -> dict[str, Any] | None:
    """An object with the required parameters alone; None where none was found."""
    built = {}
    for name in sorted(node.required):
        values = valid_values(node.properties[name], rng)
        if not values:
            return None
        built[name] = values[0]
    return built


def _is_new(value: Any, found: list[Any]) -> bool:
    return not any(value == old and type(value) is type(old) for old in found)


def _candidates(node: Node, rng: random.Random) -> Iterator[Any]:
    if node.enum is not None:
        yield from node.enum
    else:
        yield from _BY_KIND[node.kind](node, rng)
    if node.nullable:
        yield None


def _strings(node: Node, rng: random.Random) -> Iterator[str]:
    low = int(node.limit("minLength") or 0)
    high = int(node.limit("maxLength") or low + 12)
    pattern = node.limit("pattern")
    if node.limit("format"):
        yield from _formatted(str(node.limit("format")), rng)
    if pattern:
        yield from matching(pattern, rng, low, high)
    letters = string.ascii_lowercase
    for length in sorted({low, low + 1, (low + high) // 2, high - 1, high}):
        if 0 <= length <= 10_000:
            yield "".join(rng.choice(letters) for _ in range(length))
            yield "".join(rng.choice(string.digits) for _ in range(length))
            yield "".join(rng.choice(letters + " ") for _ in range(length))


def _formatted(name: str, rng: random.Random) -> Iterator[str]:
    day = date(2026, 1, 1)
    for _ in range(4):
        day += timedelta(days=rng.randrange(1, 90))
        digits = "".join(rng.choice("23456789") for _ in range(7))
        yield {
            "date": day.isoformat(),
            "date-time": f"{day.isoformat()}T10:00:00+00:00",
            "time": f"{rng.randrange(10, 24)}:30",
            "month": day.isoformat()[:7],
            "email": f"{digits}@example.com",
            "phone": f"555{digits}",
            "zip": digits[:5],
        }[name]


def _numbers(node: Node, rng: random.Random) -> Iterator[float]:
    step = node.limit("multipleOf") or (1 if node.kind == "integer" else 0.5)
    low = _first_given(node.limit("minimum"), node.limit("exclusiveMinimum"))
    high = _first_given(node.limit("maximum"), node.limit("exclusiveMaximum"))
    anchors = [edge for edge in (low, high) if edge is not None] or [0]
    for anchor in anchors:
        nearest = round(anchor / step)
        for offset in (0, 1, -1, 2, -2, 5, -5, 10, -10):
            value = (nearest + offset) * step
            yield int(value) if float(value).is_integer() else value
        if node.kind == "number":
            yield from (anchor, anchor + 0.25, anchor - 0.25)
    if low is not None and high is not None:
        for _ in range(10):
            value = round(rng.uniform(low, high) / step) * step
            yield int(value) if float(value).is_integer() else value


def _first_given(*limits: Any) -> Any:
    return next((limit for limit in limits if limit is not None), None)


def _booleans(node: Node, rng: random.Random) -> Iterator[bool]:
    yield from (True, False)


def _arrays(node: Node, rng: random.Random) -> Iterator[list[Any]]:
    if node.items is None:
        return
    low = int(node.limit("minItems") or 0)
    high = min(int(node.limit("maxItems") or low + 3), low + 40)
    values = valid_values(node.items, rng)
    for length in sorted({low, low + 1, high - 1, high, 1, 2}):
        if length >= 0 and (values or not length):
            yield [values[i % len(values)] for i in range(length)]
    for value in values:  # each item once by itself, then repeated
        yield [value] * max(low, 1)
    for value in values[:3]:
        yield [value] * max(low, 2)


def _objects(node: Node, rng: random.Random) -> Iterator[dict[str, Any]]:
    base = smallest(node, rng)
    if base is None:
        return
    yield base
    for name, child in node.properties.items():
        for value in valid_values(child, rng):
            yield {**base, name: value}


_BY_KIND = {
    "string": _strings,
    "integer": _numbers,
    "number": _numbers,
    "boolean": _booleans,
    "array": _arrays,
    "object": _objects,
}
