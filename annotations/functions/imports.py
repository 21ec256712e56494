"""Function descriptions of others as documents of our subset. No Django.

Three shapes are read: `function_schema.json`, an OpenAPI document's operations, and the
services of the Schema-Guided Dialogue data. What has no counterpart in the subset is
refused by the registry with its path, not dropped here in silence.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from annotations.functions.sentences import sentence as _

METHODS = ("get", "post", "put", "patch", "delete")
MOST_VALUES = 500


@dataclass(frozen=True)
class Described:
    """One function as a file describes it. `place` says where in the file."""

    name: str
    description: str
    body: dict[str, Any]
    place: str = ""
    domain: str = "imported"
    notes: tuple[str, ...] = field(default=())  # what the file says and we leave out


def described(document: Any) -> Iterator[Described]:
    """The functions in a parsed JSON document. ValueError where it is none of these."""
    if isinstance(document, list) and document and _is_service(document[0]):
        for service in document:
            yield from _of_service(service)
    elif isinstance(document, dict) and "openapi" in document:
        yield from _of_openapi(document)
    elif isinstance(document, dict) and isinstance(document.get("parameters"), dict):
        yield _of_function_schema(document)
    else:
        raise ValueError(
            _(
                "neither a function schema (name, description, parameters), nor an "
                "OpenAPI document, nor a list of dialogue services"
            )
        )


def snake(name: str) -> str:
    """`CheckBillStatus`, `check-bill-status` and such as `check_bill_status`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", name)
    return spaced.strip("_").lower()[:80]


def _of_function_schema(document: Mapping[str, Any]) -> Described:
    return Described(
        name=snake(str(document.get("name", ""))),
        description=str(document.get("description", "")),
        body=dict(document["parameters"]),
        domain=snake(str(document.get("domain", "imported"))) or "imported",
    )


def _of_openapi(document: Mapping[str, Any]) -> Iterator[Described]:
    paths = document.get("paths", {})
    components = document.get("components", {}).get("schemas", {})
    for path, operations in paths.items():
        for method in METHODS:
            if method in operations:
                yield _of_operation(path, method, operations[method], components)


def _of_operation(
    path: str, method: str, operation: Mapping[str, Any], components: Mapping[str, Any]
) -> Described:
    properties: dict[str, Any] = {}
    required: list[str] = []
    notes: list[str] = []
    for parameter in operation.get("parameters", ()):
        name = snake(str(parameter.get("name", "")))
        if parameter.get("in") in ("header", "cookie"):
            place = parameter.get("in")
            notes.append(
                _("%(place)s parameter %(name)s is left out", place=place, name=name)
            )
            continue
        properties[name] = _closed(parameter.get("schema", {"type": "string"}))
        if parameter.get("description"):
            properties[name]["description"] = parameter["description"]
        if parameter.get("required"):
            required.append(name)
    sent = _json_body(operation)
    if "$ref" in sent:
        sent = components.get(sent["$ref"].rsplit("/", 1)[-1], {})
    for name, rule in sent.get("properties", {}).items():
        properties[snake(name)] = _closed(rule)
    required += [snake(name) for name in sent.get("required", ())]
    body = _object(properties, required)
    if "#/$defs/" in str(properties):
        body["$defs"] = {name: _closed(rule) for name, rule in components.items()}
    tags = operation.get("tags") or ["imported"]
    return Described(
        name=snake(str(operation.get("operationId") or f"{method} {path}")),
        description=str(operation.get("description") or operation.get("summary", "")),
        body=body,
        place=f"{method.upper()} {path}",
        domain=snake(str(tags[0])),
        notes=tuple(notes),
    )


def _json_body(operation: Mapping[str, Any]) -> Mapping[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    found: Mapping[str, Any] = content.get("application/json", {}).get("schema", {})
    return found


def _closed(rule: Any) -> Any:
    """The rule with references to #/$defs and every object closed."""
    if isinstance(rule, list):
        return [_closed(item) for item in rule]
    if not isinstance(rule, dict):
        return rule
    found = {key: _closed(value) for key, value in rule.items()}
    if isinstance(found.get("$ref"), str):
        found["$ref"] = found["$ref"].replace("#/components/schemas/", "#/$defs/")
    if found.get("type") == "object":
        found["additionalProperties"] = False
    return found


def _is_service(value: Any) -> bool:
    return isinstance(value, dict) and {"service_name", "slots", "intents"} <= {*value}


def _of_service(service: Mapping[str, Any]) -> Iterator[Described]:
    slots = {slot["name"]: slot for slot in service["slots"]}
    prefix = snake(str(service["service_name"]))
    for intent in service["intents"]:
        needed = list(intent.get("required_slots", ()))
        optional = [n for n in intent.get("optional_slots", {}) if n not in needed]
        properties = {n: _slot(slots.get(n, {})) for n in (*needed, *optional)}
        yield Described(
            # Services share names of intents, so the service is part of the name.
            name=f"{prefix}_{snake(str(intent['name']))}",
            description=str(intent.get("description", "")),
            body=_object(properties, needed),
            place=f"{service['service_name']}.{intent['name']}",
            domain=prefix,
        )


def _slot(slot: Mapping[str, Any]) -> dict[str, Any]:
    rule: dict[str, Any] = {"type": "string"}
    if slot.get("description"):
        rule["description"] = slot["description"]
    values = slot.get("possible_values") or []
    if slot.get("is_categorical") and values:
        rule["enum"] = list(dict.fromkeys(str(v) for v in values))[:MOST_VALUES]
    return rule


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": list(dict.fromkeys(required)),
    }
