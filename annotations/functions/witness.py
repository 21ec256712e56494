"""A concrete argument object that one version accepts and the other refuses."""

import json
import random
from dataclasses import dataclass
from typing import Any

from annotations.functions.arguments import is_valid
from annotations.functions.diff import Change
from annotations.functions.samples import smallest, valid_values
from annotations.functions.schema import Node


@dataclass(frozen=True)
class Witness:
    """`arguments` are valid under one version only: `accepted_by` is old or new."""

    arguments: dict[str, Any]
    accepted_by: str

    @property
    def as_json(self) -> str:
        return json.dumps(self.arguments, ensure_ascii=False)


def for_change(old: Node, new: Node, change: Change, seed: int = 0) -> Witness | None:
    """A witness for a change that breaks, backward first; None where none was found."""
    if change.breaks_backward:
        found = _search(old, new, change.path, seed)
        if found is not None:
            return Witness(found, "old")
    if change.breaks_forward:
        found = _search(new, old, change.path, seed)
        if found is not None:
            return Witness(found, "new")
    return None


def _search(
    accepting: Node, refusing: Node, path: str, seed: int
) -> dict[str, Any] | None:
    """Vary the value at `path` in an otherwise least object, else that object."""
    rng = random.Random(seed)
    base = smallest(accepting, rng)
    if base is None:
        return None
    steps = path.strip("/").split("/") if path else []
    for candidate in _varied(accepting, base, steps, rng):
        if is_valid(accepting, candidate) and not is_valid(refusing, candidate):
            return dict(candidate)
    return None if is_valid(refusing, base) else base


def _varied(node: Node, value: Any, steps: list[str], rng: random.Random) -> list[Any]:
    """Copies of `value` with other valid values at the place that `steps` lead to."""
    if not steps:
        return valid_values(node, rng)
    step, rest = steps[0], steps[1:]
    if step == "[]" and node.items:
        length = max(int(node.limit("minItems") or 0), 1)
        inner = value[0] if value else next(iter(valid_values(node.items, rng)), None)
        return [[v] * length for v in _varied(node.items, inner, rest, rng)]
    child = node.properties.get(step)
    if child is None:
        return []
    inner = value.get(step) if isinstance(value, dict) else None
    if inner is None and rest:
        inner = next((v for v in valid_values(child, rng) if v is not None), None)
    base = value if isinstance(value, dict) else {}
    varied: list[Any] = [{**base, step: v} for v in _varied(child, inner, rest, rng)]
    if step not in node.required:
        varied.append({k: v for k, v in base.items() if k != step})
    return varied
