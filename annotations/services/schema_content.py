"""What a version holds beside its text: renames and examples, checked against it."""

from typing import Any

from annotations.errors import InvalidError
from annotations.functions import arguments
from annotations.functions.schema import Node, SchemaError, read
from annotations.models import SchemaVersion

MOST_EXAMPLES = 40


def read_body(text: str) -> Node:
    """The tree of a schema's text; InvalidError with every fault it has."""
    try:
        return read(text)
    except SchemaError as refused:
        faults = [str(fault) for fault in refused.faults]
        raise InvalidError(" ".join(faults), faults=faults) from refused


def checked_renames(
    live: SchemaVersion | None, node: Node, renames: dict[str, str]
) -> dict[str, str]:
    """The renames, if each leads from a parameter that is gone to one that is new."""
    known = read(live.canonical).properties if live else {}
    for old, new in renames.items():
        if old not in known or new not in node.properties or old in node.properties:
            raise InvalidError(
                f"“{old}” cannot become “{new}”: name a parameter that is gone and "
                "one that is new."
            )
    return dict(renames)


def checked_examples(
    node: Node, examples: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The examples, each an argument object and whether it must pass."""
    if len(examples) > MOST_EXAMPLES:
        raise InvalidError(f"At most {MOST_EXAMPLES} examples are kept.")
    for example in examples:
        given = isinstance(example, dict) and example.get("arguments")
        if not isinstance(given, dict) or not isinstance(example.get("valid"), bool):
            raise InvalidError(
                "An example has “arguments”, an object, and “valid”, true or false."
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
        words = "; ".join(f"{p.path.strip('/')} {p.message}" for p in found)
        return f"Example {position} must pass but does not: {words}."
    if not example["valid"] and not found:
        return f"Example {position} must fail but passes."
    return ""
