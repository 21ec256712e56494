"""A schema in the forms that others want, each derived from the canonical one."""

import keyword
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotations.functions.schema import HINTS, Node

# What strict function calling refuses; our own validator keeps checking it.
NOT_STRICT = frozenset(
    {
        "minLength",
        "maxLength",
        "pattern",
        "format",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minItems",
        "maxItems",
        "uniqueItems",
        "default",
        "examples",
        "title",
        "$comment",
    }
)
PYTHON_TYPES = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "object": "dict",
}


@dataclass(frozen=True)
class NamedSchema:
    """A function as the forms need it: its name, what it is for, its parameters."""

    name: str
    description: str
    node: Node


def function_schema(function: NamedSchema) -> dict[str, Any]:
    """`function_schema.json`: the canonical form with its references followed."""
    return {
        "name": function.name,
        "description": function.description,
        "parameters": _canonical(function.node),
    }


def openai_tool(function: NamedSchema, *, strict: bool = False) -> dict[str, Any]:
    """A chat-completions tool. Strict: all required, what was optional nullable."""
    parameters = _strict(function.node) if strict else _plain(function.node)
    described: dict[str, Any] = {
        "name": function.name,
        "description": function.description,
        "parameters": parameters,
    }
    if strict:
        described["strict"] = True
    return {"type": "function", "function": described}


def kore_tool(function: NamedSchema) -> dict[str, Any]:
    """A tool of a Kore.ai agent node: JSON Schema parameters without our hints."""
    return {
        "name": function.name,
        "description": function.description,
        "parameters": _plain(function.node),
    }


def python_signature(function: NamedSchema) -> str:
    """`name(account_number: str, bill_month: str | None = None)`, required first."""
    node = function.node
    ordered = sorted(node.properties.items(), key=lambda p: p[0] not in node.required)
    written = [
        _python_parameter(name, child, name in node.required) for name, child in ordered
    ]
    return f"{function.name}({', '.join(written)})"


def from_strict(node: Node, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a strict call as the canonical schema wants them.

    A null stands for "not given" wherever the parameter was optional.
    """
    return {
        name: _value_from_strict(node.properties.get(name), value)
        for name, value in arguments.items()
        if value is not None or name in node.required
    }


def to_strict(node: Node, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The other way round: every parameter is present, null where it was absent."""
    return {
        name: _value_to_strict(child, arguments.get(name))
        for name, child in node.properties.items()
    }


def _value_from_strict(node: Node | None, value: Any) -> Any:
    if node and node.kind == "object" and isinstance(value, dict):
        return from_strict(node, value)
    if node and node.kind == "array" and isinstance(value, list):
        return [_value_from_strict(node.items, item) for item in value]
    return value


def _value_to_strict(node: Node | None, value: Any) -> Any:
    if node and node.kind == "object" and isinstance(value, dict):
        return to_strict(node, value)
    if node and node.kind == "array" and isinstance(value, list):
        return [_value_to_strict(node.items, item) for item in value]
    return value


def _canonical(node: Node) -> dict[str, Any]:
    return _written(node, nullable=node.nullable, inner=_canonical) | {
        k: v for k, v in node.notes.items() if k in HINTS
    }


def _plain(node: Node) -> dict[str, Any]:
    return _written(node, nullable=node.nullable, inner=_plain)


def _strict(node: Node, *, optional: bool = False) -> dict[str, Any]:
    written = _written(node, nullable=node.nullable or optional, inner=_strict)
    if node.kind == "object":
        written["properties"] = {
            name: _strict(child, optional=name not in node.required)
            for name, child in node.properties.items()
        }
        written["required"] = list(node.properties)
    if optional and node.enum is not None and None not in node.enum:
        written["enum"] = [*node.enum, None]
    return {k: v for k, v in written.items() if k not in NOT_STRICT}


def _written(node: Node, *, nullable: bool, inner: Any) -> dict[str, Any]:
    """One node as JSON Schema, without hints."""
    found: dict[str, Any] = {"type": [node.kind, "null"] if nullable else node.kind}
    found |= {k: v for k, v in node.notes.items() if k not in HINTS}
    found |= dict(node.limits)
    if node.enum is not None:
        found["enum"] = list(node.enum)
    if node.items:
        found["items"] = inner(node.items)
    if node.kind == "object":
        found["properties"] = {n: inner(c) for n, c in node.properties.items()}
        found["required"] = [n for n in node.properties if n in node.required]
        found["additionalProperties"] = False
    return found


def _python_parameter(name: str, node: Node, is_required: bool) -> str:
    safe = f"{name}_" if keyword.iskeyword(name) else name
    kind = _python_type(node)
    if is_required:
        return f"{safe}: {kind}"
    return f"{safe}: {kind if kind.endswith('None') else f'{kind} | None'} = None"


def _python_type(node: Node) -> str:
    if node.enum is not None:
        kind = f"Literal[{', '.join(repr(value) for value in node.enum)}]"
    elif node.items:
        kind = f"list[{_python_type(node.items)}]"
    else:
        kind = PYTHON_TYPES[node.kind]
    return f"{kind} | None" if node.nullable else kind
