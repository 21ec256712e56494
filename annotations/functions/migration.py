"""What a new schema version does to a label made under the old one. No Django."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from annotations.functions.arguments import is_valid
from annotations.functions.readings import typed
from annotations.functions.schema import Node
from annotations.functions.sentences import sentence as _


class Fate(StrEnum):
    UNCHANGED = "unchanged"  # valid as it stands
    MIGRATED = "migrated"  # valid after a mechanical change
    REVISIT = "revisit"  # a person has to look


@dataclass(frozen=True)
class MarkedParameter:
    """A parameter in a label: where it stands, what was said, what it means."""

    param: str
    start: int
    end: int
    text: str
    value: str = ""
    turn: int | None = None  # of the context, where an earlier turn said it


@dataclass(frozen=True)
class LabelParameters:
    marked: tuple[MarkedParameter, ...] = ()
    not_spoken: tuple[str, ...] = ()

    @property
    def settled(self) -> set[str]:
        return {m.param for m in self.marked} | set(self.not_spoken)


@dataclass(frozen=True)
class Migrated:
    """The label under the new version, as far as it can be taken over."""

    fate: Fate
    label: LabelParameters
    # Sentences for the person who revisits it.
    reasons: tuple[str, ...] = ()


def migrate(
    label: LabelParameters, old: Node, new: Node, renames: Mapping[str, str]
) -> Migrated:
    """Take a label over, mechanically where that is certain.

    A renamed parameter keeps its marks; a parameter that is gone loses them; a value
    that the new version refuses, or a required parameter nobody settled, needs a
    person.
    """
    moved = _take_over(label, new, renames)
    reasons: list[str] = [
        _("%(name)s is required now", name=name)
        for name in sorted(new.required - moved.settled)
        if name in new.properties
    ]
    reasons += [
        _("“%(text)s” no longer fits %(name)s", text=mark.text, name=mark.param)
        for mark in moved.marked
        if not _still_fits(mark, old, new, renames)
    ]
    if reasons:
        return Migrated(Fate.REVISIT, moved, tuple(reasons))
    fate = Fate.UNCHANGED if moved == label else Fate.MIGRATED
    return Migrated(fate, moved)


def _take_over(
    label: LabelParameters, new: Node, renames: Mapping[str, str]
) -> LabelParameters:
    marked = (replace(m, param=renames.get(m.param, m.param)) for m in label.marked)
    absent = (renames.get(name, name) for name in label.not_spoken)
    return LabelParameters(
        marked=tuple(m for m in marked if m.param in new.properties),
        not_spoken=tuple(name for name in absent if name in new.properties),
    )


def _still_fits(
    mark: MarkedParameter, old: Node, new: Node, renames: Mapping[str, str]
) -> bool:
    """Whether the value that the old version took is one that the new one takes.

    Where the rule of the parameter did not change, nothing is asked; where the old
    rule did not judge the value either, as with words nobody normalized, it is only
    certain if the new rule takes it.
    """
    was = {renames.get(name, name): node for name, node in old.properties.items()}
    before, after = was.get(mark.param), new.properties[mark.param]
    if before is not None and _same_rule(before, after):
        return True
    if after.notes.get("x-placeholder") and mark.text.startswith("["):
        return True
    return is_valid(after, typed(after, mark.value or mark.text))


def _same_rule(before: Node, after: Node) -> bool:
    """Equal but for words: descriptions do not change what a value may be."""
    return replace(before, notes={}) == replace(after, notes={})
