"""Parameter schemas: a declared subset of JSON Schema 2020-12, read into a tree.

What is not declared here is refused, with its path and the reason: an open object, a
remote reference, a keyword nobody checks. Regular expressions are RE2's, so that no
pattern can take longer than its text is long.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import re2

from annotations.functions.sentences import sentence as _

MAX_BYTES = 64 * 1024
MAX_DEPTH = 12
MAX_PARAMETERS = 50
MAX_ENUM = 500
MAX_PATTERN = 500

TYPES = ("string", "integer", "number", "boolean", "array", "object")
FORMATS = ("date", "date-time", "time", "month", "email", "phone", "zip")
_FORMATS = ", ".join(FORMATS)

ANNOTATIONS = frozenset({"title", "description", "examples", "default", "$comment"})
HINTS = frozenset(
    {
        "x-placeholder",  # which typed placeholder may stand for it
        "x-normalizer",  # how the spoken value is read
        "x-synonyms",  # {value: [ways to say it]}
        "x-say",  # how callers say it
        "x-prompt",  # how the bot asks for it
        "x-carry-over",  # whether an earlier turn may have given it
    }
)
BY_TYPE: Mapping[str, frozenset[str]] = {
    "string": frozenset({"pattern", "format", "minLength", "maxLength"}),
    "integer": frozenset(
        {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    ),
    "number": frozenset(
        {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    ),
    "boolean": frozenset(),
    "array": frozenset({"items", "minItems", "maxItems", "uniqueItems"}),
    "object": frozenset({"properties", "required", "additionalProperties"}),
}
ANYWHERE = ANNOTATIONS | HINTS | {"type", "enum", "const", "$ref"}
COUNTS = frozenset({"minLength", "maxLength", "minItems", "maxItems"})
NUMBERS = BY_TYPE["number"]


@dataclass(frozen=True)
class Fault:
    """Why a schema is refused, and where: `path` is a JSON pointer."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path or '/'}: {self.reason}"


class SchemaError(ValueError):
    """A schema outside the declared subset."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class Node:
    """One schema with its references followed. `kind` is the type beside null."""

    kind: str
    nullable: bool = False
    enum: tuple[Any, ...] | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)
    items: "Node | None" = None
    properties: Mapping[str, "Node"] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    notes: Mapping[str, Any] = field(default_factory=dict)

    def limit(self, keyword: str) -> Any:
        return self.limits.get(keyword)


def read(text: str | bytes) -> Node:
    """The tree of a schema document. Raises SchemaError with every fault found."""
    return build(parse(text))


def parse(text: str | bytes) -> dict[str, Any]:
    """The JSON object in `text`: bounded, without double keys, NaN or surrogates."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        raise _refused(_("the document is longer than %(most)s bytes", most=MAX_BYTES))
    try:
        document = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_pairs, parse_constant=_constant
        )
    except UnicodeDecodeError as error:
        raise _refused(_("the document is not valid UTF-8")) from error
    except RecursionError as error:
        raise _refused(
            _("the document is nested deeper than %(most)s", most=MAX_DEPTH)
        ) from error
    except ValueError as error:
        raise _refused(
            _("the document is not valid JSON: %(fault)s", fault=error.args[0])
        ) from error
    if not isinstance(document, dict):
        raise _refused(_("a schema is a JSON object"))
    return document


def build(document: Mapping[str, Any]) -> Node:
    """The tree of a parsed document. Raises SchemaError with every fault found."""
    reader = _Reader(document)
    node = reader.root()
    if reader.faults:
        raise SchemaError(reader.faults)
    return node


def walk(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """Every node below and with `node`, with its path among the arguments."""
    yield path, node
    for name, child in node.properties.items():
        yield from walk(child, f"{path}/{name}")
    if node.items:
        yield from walk(node.items, f"{path}/[]")


def _refused(reason: str) -> SchemaError:
    return SchemaError([Fault("", reason)])


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(_("a key stands twice in one object"))
    return found


def _constant(name: str) -> Any:
    raise ValueError(_("%(name)s is not a JSON number", name=name))


class _Reader:
    """One pass over a document, collecting faults instead of stopping at the first."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.faults: list[Fault] = []
        self.n_parameters = 0

    def root(self) -> Node:
        document = dict(self.document)
        for keyword in ("$schema", "$id"):
            document.pop(keyword, None)
        definitions = document.pop("$defs", {})
        if not isinstance(definitions, dict):
            self.fault("/$defs", _("$defs is an object of named schemas"))
            definitions = {}
        self.definitions = definitions
        if document.get("type") != "object":
            self.fault("", _('the parameters of a function are of type "object"'))
            return Node("object")
        return self.node(document, "", 1, ())

    def fault(self, path: str, reason: str) -> None:
        self.faults.append(Fault(path, reason))

    def node(self, raw: Any, path: str, depth: int, seen: tuple[str, ...]) -> Node:
        empty = Node("string")
        if depth > MAX_DEPTH:
            self.fault(path, _("nested deeper than %(most)s", most=MAX_DEPTH))
            return empty
        if not isinstance(raw, dict):
            self.fault(path, _("a schema is an object"))
            return empty
        if "$ref" in raw:
            return self.reference(raw, path, depth, seen)
        kind, nullable = self.type_of(raw, path)
        if not kind:
            return empty
        self.check_keywords(raw, kind, path)
        return Node(
            kind=kind,
            nullable=nullable,
            enum=self.enum(raw, path),
            limits=self.limits(raw, kind, path),
            items=self.items(raw, kind, path, depth, seen),
            properties=self.properties(raw, kind, path, depth, seen),
            required=self.required(raw, kind, path),
            notes={k: v for k, v in raw.items() if k in ANNOTATIONS | HINTS},
        )

    def reference(
        self, raw: dict[str, Any], path: str, depth: int, seen: tuple[str, ...]
    ) -> Node:
        target = raw["$ref"]
        prefix = "#/$defs/"
        if not isinstance(target, str) or not target.startswith(prefix):
            self.fault(f"{path}/$ref", _("only references to #/$defs/… are followed"))
            return Node("string")
        name = target.removeprefix(prefix)
        if name in seen:
            self.fault(f"{path}/$ref", _("“%(name)s” refers to itself", name=name))
            return Node("string")
        if name not in self.definitions:
            self.fault(f"{path}/$ref", _("there is no #/$defs/%(name)s", name=name))
            return Node("string")
        for keyword in raw.keys() - ANNOTATIONS - HINTS - {"$ref"}:
            self.fault(f"{path}/{keyword}", _("nothing but notes stands beside $ref"))
        found = self.node(self.definitions[name], path, depth + 1, (*seen, name))
        own = {k: v for k, v in raw.items() if k in ANNOTATIONS | HINTS}
        return Node(**{**vars(found), "notes": {**found.notes, **own}})

    def type_of(self, raw: dict[str, Any], path: str) -> tuple[str, bool]:
        given = raw.get("type")
        named = given if isinstance(given, list) else [given]
        kinds = [kind for kind in named if kind != "null"]
        if len(kinds) != 1 or kinds[0] not in TYPES or len(named) > 2:
            known = ", ".join(TYPES)
            reason = _("one of %(types)s, alone or in a list with null", types=known)
            self.fault(f"{path}/type", reason)
            return "", False
        return kinds[0], "null" in named

    def check_keywords(self, raw: dict[str, Any], kind: str, path: str) -> None:
        for keyword in sorted(raw.keys() - ANYWHERE - BY_TYPE[kind]):
            known = any(keyword in keywords for keywords in BY_TYPE.values())
            reason = (
                _("%(keyword)s does not apply to %(kind)s", keyword=keyword, kind=kind)
                if known
                else _("%(keyword)s is not supported", keyword=keyword)
            )
            self.fault(f"{path}/{keyword}", reason)

    def enum(self, raw: dict[str, Any], path: str) -> tuple[Any, ...] | None:
        if "const" in raw:
            return (raw["const"],)
        if "enum" not in raw:
            return None
        listed = raw["enum"]
        if not isinstance(listed, list) or not 0 < len(listed) <= MAX_ENUM:
            self.fault(
                f"{path}/enum", _("a list of 1 to %(most)s values", most=MAX_ENUM)
            )
            return None
        if any(isinstance(value, list | dict) for value in listed):
            self.fault(f"{path}/enum", _("only single values can be listed"))
            return None
        if len({json.dumps(value) for value in listed}) != len(listed):
            self.fault(f"{path}/enum", _("a value stands twice"))
        return tuple(listed)

    def limits(self, raw: dict[str, Any], kind: str, path: str) -> dict[str, Any]:
        keywords = BY_TYPE[kind] - {
            "items",
            "properties",
            "required",
            "additionalProperties",
        }
        found = {k: raw[k] for k in sorted(keywords & raw.keys())}
        for keyword, value in found.items():
            reason = _limit_fault(keyword, value)
            if reason:
                self.fault(f"{path}/{keyword}", reason)
        return found

    def items(
        self,
        raw: dict[str, Any],
        kind: str,
        path: str,
        depth: int,
        seen: tuple[str, ...],
    ) -> Node | None:
        if kind != "array":
            return None
        if "items" not in raw:
            self.fault(f"{path}/items", _("an array says what its items are"))
            return None
        return self.node(raw["items"], f"{path}/items", depth + 1, seen)

    def properties(
        self,
        raw: dict[str, Any],
        kind: str,
        path: str,
        depth: int,
        seen: tuple[str, ...],
    ) -> dict[str, Node]:
        if kind != "object":
            return {}
        if raw.get("additionalProperties") is not False:
            self.fault(
                f"{path}/additionalProperties",
                _("an object is closed: set additionalProperties to false"),
            )
        given = raw.get("properties", {})
        if not isinstance(given, dict):
            self.fault(f"{path}/properties", _("an object of named schemas"))
            return {}
        self.n_parameters += len(given)
        if self.n_parameters > MAX_PARAMETERS:
            self.fault(
                f"{path}/properties",
                _("more than %(most)s parameters in all", most=MAX_PARAMETERS),
            )
            return {}
        return {
            name: self.node(value, f"{path}/properties/{name}", depth + 1, seen)
            for name, value in given.items()
            if self.name_is_fit(name, path)
        }

    def name_is_fit(self, name: str, path: str) -> bool:
        fit = name.isidentifier() and name.isascii() and len(name) <= 64
        if not fit:
            self.fault(
                f"{path}/properties",
                _("a parameter's name has letters, digits and underscores, 64 at most"),
            )
        return fit

    def required(self, raw: dict[str, Any], kind: str, path: str) -> frozenset[str]:
        named = raw.get("required", []) if kind == "object" else []
        given = raw.get("properties", {})
        if not isinstance(named, list) or not all(isinstance(n, str) for n in named):
            self.fault(f"{path}/required", _("a list of parameter names"))
            return frozenset()
        for name in named:
            if not isinstance(given, dict) or name not in given:
                self.fault(
                    f"{path}/required", _("“%(name)s” is not a parameter", name=name)
                )
        return frozenset(named)


def _limit_fault(keyword: str, value: Any) -> str:
    """Why `value` is no value of `keyword`; empty where it is one."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if keyword in COUNTS:
        return "" if is_number and value == int(value) >= 0 else _("a count")
    if keyword in NUMBERS:
        if not is_number:
            return _("a number")
        return _("above zero") if keyword == "multipleOf" and value <= 0 else ""
    if keyword == "uniqueItems":
        return "" if isinstance(value, bool) else _("true or false")
    if keyword == "format":
        return "" if value in FORMATS else _("one of %(values)s", values=_FORMATS)
    return _pattern_fault(value)


def _pattern_fault(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_PATTERN:
        return _(
            "a regular expression of at most %(most)s characters", most=MAX_PATTERN
        )
    try:
        compile_pattern(value)
    except re2.error as error:
        return _("not an RE2 expression: %(fault)s", fault=str(error))
    return ""


def compile_pattern(pattern: str) -> Any:
    """An RE2 expression with bounded memory; re2.error where RE2 refuses it."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    return re2.compile(pattern, options)
