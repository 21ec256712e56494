"""What a version holds beside its text: renames and examples, checked against it."""

from typing import Any

from django.utils.translation import gettext as _

from annotations.errors import InvalidError
from annotations.functions import arguments
from annotations.functions.schema import Node, SchemaError, read
from annotations.language import translated
from annotations.models import SchemaVersion

MOST_EXAMPLES = 40


def read_body(text: str) -> Node:
    """The tree of a schema's text; InvalidError with every fault it has."""
    try:
        return read(text)
    except SchemaError as refused:
        faults = told(refused)
        raise InvalidError(" ".join(faults), faults=faults) from refused


def told(refused: SchemaError) -> list[str]:
    """Each fault with its path, in the language of the page."""
    return [
        f"{fault.path or '/'}: {translated(fault.reason)}" for fault in refused.faults
    ]


def checked_renames(
    live: SchemaVersion | None, node: Node, renames: dict[str, str]
) -> dict[str, str]:
    """The renames, if each leads from a parameter that is gone to one that is new."""
    known = read(live.canonical).properties if live else {}
    for old, new in renames.items():
        if old not in known or new not in node.properties or old in node.properties:
            raise InvalidError(
                _(
                    "“%(old)s” cannot become “%(new)s”: name a parameter that "
                    "is gone and one that is new."
                )
                % {"old": old, "new": new}
            )
    return dict(renames)


def checked_examples(
    node: Node, examples: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The examples, each an argument object and whether it must pass."""
    if len(examples) > MOST_EXAMPLES:
        raise InvalidError(
            _("At most %(most)s examples are kept.") % {"most": MOST_EXAMPLES}
        )
    for example in examples:
        given = isinstance(example, dict) and example.get("arguments")
        if not isinstance(given, dict) or not isinstance(example.get("valid"), bool):
            raise InvalidError(
                _("An example has “arguments”, an object, and “valid”, true or false.")
            )
    return [{"arguments": e["arguments"], "valid": e["valid"]} for e in examples]


def failing_examples(version: SchemaVersion) -> list[str]:
    """Sentences for the examples that do not do what they promise."""
    node = read(version.canonical)
    return [
        fault
        for position, example in enumerate(version.examples, start=1)
        if (fault := _example_fault(node, position, example))
    ]


def _example_fault(node: Node, position: int, example: dict[str, Any]) -> str:
    found = arguments.problems(node, example["arguments"])
    if example["valid"] and found:
        words = "; ".join(f"{p.path.strip('/')} {translated(p.message)}" for p in found)
        return _("Example %(number)s must pass but does not: %(problems)s.") % {
            "number": position,
            "problems": words,
        }
    if not example["valid"] and not found:
        return _("Example %(number)s must fail but passes.") % {"number": position}
    return ""
