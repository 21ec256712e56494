"""What changed between two versions of a schema, as typed changes with verdicts.

Arguments are produced by a model and consumed by a service. `backward`: whatever the
old version accepts, the new one accepts (labels stay valid). `forward`: the other way
round (a service that still runs the old version can be called). What cannot be judged
counts as breaking.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from annotations.functions.schema import Node
from annotations.functions.sentences import sentence as _


class Effect(StrEnum):
    """How the set of accepted arguments changed at one place."""

    SAME = "same"
    WIDER = "wider"
    NARROWER = "narrower"
    OTHER = "other"  # neither contains the other, or nobody can tell


@dataclass(frozen=True)
class Change:
    """One difference. `path` names the parameter ("" is the function as a whole)."""

    kind: str
    path: str
    effect: Effect
    sentence: str
    before: Any = None
    after: Any = None

    @property
    def breaks_backward(self) -> bool:
        return self.effect in (Effect.NARROWER, Effect.OTHER)

    @property
    def breaks_forward(self) -> bool:
        return self.effect in (Effect.WIDER, Effect.OTHER)


def diff(old: Node, new: Node) -> list[Change]:
    """Every change from old to new, in the order of the parameters."""
    return list(_changes(old, new, ""))


def is_backward(changes: list[Change]) -> bool:
    return not any(change.breaks_backward for change in changes)


def is_forward(changes: list[Change]) -> bool:
    return not any(change.breaks_forward for change in changes)


def bump(changes: list[Change]) -> str:
    """The part of the semantic version that these changes raise."""
    if not is_backward(changes):
        return "major"
    return "patch" if is_forward(changes) else "minor"


def next_version(current: tuple[int, int, int], changes: list[Change]) -> str:
    major, minor, patch = current
    match bump(changes):
        case "major":
            return f"{major + 1}.0.0"
        case "minor":
            return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def _changes(old: Node, new: Node, path: str) -> Iterator[Change]:
    if old.kind != new.kind:
        yield _kind_change(old, new, path)
        return
    yield from _nullability(old, new, path)
    yield from _enum(old, new, path)
    yield from _limits(old, new, path)
    yield from _notes(old, new, path)
    yield from _properties(old, new, path)
    if old.items and new.items:
        yield from _changes(old.items, new.items, f"{path}/[]")


def _kind_change(old: Node, new: Node, path: str) -> Change:
    effect = Effect.OTHER
    plain = not (old.limits or new.limits or old.enum or new.enum)
    if plain and old.nullable == new.nullable:
        if (old.kind, new.kind) == ("integer", "number"):
            effect = Effect.WIDER
        elif (old.kind, new.kind) == ("number", "integer"):
            effect = Effect.NARROWER
    sentence = _(
        "%(name)s was %(old)s and is %(new)s",
        name=_name(path),
        old=old.kind,
        new=new.kind,
    )
    return Change("type", path, effect, sentence, old.kind, new.kind)


def _nullability(old: Node, new: Node, path: str) -> Iterator[Change]:
    if old.nullable == new.nullable:
        return
    effect = Effect.WIDER if new.nullable else Effect.NARROWER
    name = _name(path)
    sentence = (
        _("%(name)s may be null now", name=name)
        if new.nullable
        else _("%(name)s may no longer be null", name=name)
    )
    yield Change("nullable", path, effect, sentence, old.nullable, new.nullable)


def _enum(old: Node, new: Node, path: str) -> Iterator[Change]:
    if old.enum == new.enum:
        return
    before, after = _keys(old.enum), _keys(new.enum)
    if before == after:
        return
    name = _name(path)
    sentence: str
    if before is None:
        effect = Effect.NARROWER
        sentence = _("%(name)s is limited to a list now", name=name)
    elif after is None:
        effect = Effect.WIDER
        sentence = _("%(name)s is free now", name=name)
    else:
        effect = _containment(before, after)
        sentence = _gained_and_lost(name, before, after)
    yield Change("enum", path, effect, sentence, old.enum, new.enum)


def _gained_and_lost(
    name: str, before: set[tuple[bool, str]], after: set[tuple[bool, str]]
) -> str:
    gained = ", ".join(value for _is_bool, value in sorted(after - before))
    lost = ", ".join(value for _is_bool, value in sorted(before - after))
    if not lost:
        return _("%(name)s gains %(gained)s", name=name, gained=gained)
    if not gained:
        return _("%(name)s loses %(lost)s", name=name, lost=lost)
    return _(
        "%(name)s gains %(gained)s and loses %(lost)s",
        name=name,
        gained=gained,
        lost=lost,
    )


def _keys(enum: tuple[Any, ...] | None) -> set[tuple[bool, str]] | None:
    # Booleans apart: Python takes True for 1.
    if enum is None:
        return None
    return {(isinstance(v, bool), str(v)) for v in enum}


def _containment(before: set[Any], after: set[Any]) -> Effect:
    if before < after:
        return Effect.WIDER
    return Effect.NARROWER if after < before else Effect.OTHER


# Raising a lower bound narrows; raising an upper bound widens.
LOWER = ("minLength", "minItems", "minimum", "exclusiveMinimum")
UPPER = ("maxLength", "maxItems", "maximum", "exclusiveMaximum")


def _limits(old: Node, new: Node, path: str) -> Iterator[Change]:
    for keyword in sorted(old.limits.keys() | new.limits.keys()):
        before, after = old.limit(keyword), new.limit(keyword)
        if before != after:
            effect = _limit_effect(keyword, before, after)
            if effect is Effect.SAME:
                continue
            sentence = _moved(_name(path), keyword, before, after)
            yield Change(keyword, path, effect, sentence, before, after)


def _limit_effect(keyword: str, before: Any, after: Any) -> Effect:
    if keyword == "uniqueItems":
        return _switch(bool(before), bool(after))
    if before is None:
        return Effect.NARROWER
    if after is None:
        return Effect.WIDER
    if keyword in LOWER:
        return Effect.NARROWER if after > before else Effect.WIDER
    if keyword in UPPER:
        return Effect.NARROWER if after < before else Effect.WIDER
    if keyword == "multipleOf":
        return _step_effect(before, after)
    return Effect.OTHER  # two patterns, two formats: nobody can tell in general


def _switch(before: bool, after: bool) -> Effect:
    if before == after:
        return Effect.SAME
    return Effect.NARROWER if after else Effect.WIDER


def _step_effect(before: float, after: float) -> Effect:
    if _is_multiple(after, before):
        return Effect.NARROWER
    return Effect.WIDER if _is_multiple(before, after) else Effect.OTHER


def _is_multiple(value: float, step: float) -> bool:
    quotient = value / step
    return abs(quotient - round(quotient)) < 1e-9


def _moved(name: str, keyword: str, before: Any, after: Any) -> str:
    told = {"name": name, "keyword": keyword, "before": before, "after": after}
    if before is None:
        return _("%(name)s: %(keyword)s is %(after)s now", **told)
    if after is None:
        return _("%(name)s: %(keyword)s is gone", **told)
    return _("%(name)s: %(keyword)s was %(before)s and is %(after)s", **told)


def _notes(old: Node, new: Node, path: str) -> Iterator[Change]:
    for keyword in sorted(old.notes.keys() | new.notes.keys()):
        before, after = old.notes.get(keyword), new.notes.get(keyword)
        if before != after:
            # The words reach a model's prompt: harmless to validity, not to accuracy.
            sentence = _(
                "%(name)s: %(keyword)s changed",
                name=_name(path),
                keyword=keyword.removeprefix("x-"),
            )
            yield Change(keyword, path, Effect.SAME, sentence, before, after)


def _properties(old: Node, new: Node, path: str) -> Iterator[Change]:
    for name in [
        *old.properties,
        *(n for n in new.properties if n not in old.properties),
    ]:
        where = f"{path}/{name}"
        if name not in new.properties:
            yield Change("removed", where, *_removal(name in old.required, where))
        elif name not in old.properties:
            yield Change("added", where, *_addition(name in new.required, where))
        else:
            yield from _requirement(name in old.required, name in new.required, where)
            yield from _changes(old.properties[name], new.properties[name], where)


def _removal(was_required: bool, path: str) -> tuple[Effect, str]:
    name = _name(path)
    # Objects are closed: what was required is now refused, so nothing overlaps.
    if was_required:
        return Effect.OTHER, _("%(name)s, which was required, is gone", name=name)
    return Effect.NARROWER, _("%(name)s is gone", name=name)


def _addition(is_required: bool, path: str) -> tuple[Effect, str]:
    name = _name(path)
    if is_required:
        return Effect.OTHER, _("%(name)s is new and required", name=name)
    return Effect.WIDER, _("%(name)s is new and optional", name=name)


def _requirement(before: bool, after: bool, path: str) -> Iterator[Change]:
    if before != after:
        effect = Effect.NARROWER if after else Effect.WIDER
        name = _name(path)
        sentence = (
            _("%(name)s is required now", name=name)
            if after
            else _("%(name)s is optional now", name=name)
        )
        yield Change("required", path, effect, sentence, before, after)


def _name(path: str) -> str:
    return path.strip("/").replace("/", ".") or _("The function")
