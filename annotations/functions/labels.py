"""Whether a label satisfies a function's parameter schema. No Django.

Only what a label can break is looked at here: names, required parameters and listed
values. A schema is the JSON Schema object of the parameters.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotations.functions.sentences import sentence as _


@dataclass(frozen=True)
class Parameter:
    """One parameter as an annotator needs to know it."""

    name: str
    type: str
    required: bool
    description: str = ""
    enum: tuple[str, ...] = ()
    # Which typed placeholder may stand for it, e.g. "ACCOUNT_NUMBER".
    placeholder: str = ""
    # How the bot asks for it.
    prompt: str = ""


def parameters(schema: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """The parameters in the schema's order, required ones first."""
    required = set(schema.get("required", ()))
    listed = [
        Parameter(
            name=name,
            type=_type(rule),
            required=name in required,
            description=str(rule.get("description", "")),
            enum=tuple(str(value) for value in rule.get("enum", ())),
            placeholder=str(rule.get("x-placeholder", "")),
            prompt=str(rule.get("x-prompt", "")),
        )
        for name, rule in schema.get("properties", {}).items()
    ]
    return tuple(sorted(listed, key=lambda parameter: not parameter.required))


def problems(
    known: Sequence[Parameter], marked: Collection[str], not_spoken: Collection[str]
) -> list[str]:
    """What keeps a label from being stored, as sentences; empty where nothing does.

    marked: names of the parameters with a span. not_spoken: names that the annotator
    declared absent.
    """
    names = {parameter.name for parameter in known}
    found: list[str] = [
        _("“%(name)s” is not a parameter of this function.", name=name)
        for name in sorted((set(marked) | set(not_spoken)) - names)
    ]
    found += [
        _("%(name)s is marked in the text and also set to “not spoken”.", name=name)
        for name in sorted(set(marked) & set(not_spoken))
    ]
    found += [
        _(
            "%(name)s is required: mark it in the text or say “not spoken”.",
            name=parameter.name,
        )
        for parameter in known
        if parameter.required
        and parameter.name not in marked
        and parameter.name not in not_spoken
    ]
    return found


def _type(rule: Mapping[str, Any]) -> str:
    kind = rule.get("type", "string")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "string")
    return str(rule.get("format", kind))
