"""Pairs of schema versions: what changed, and which direction breaks."""

from typing import Any


def fn(required: str = "", **properties: Any) -> dict[str, Any]:
    """A closed object; `required` names its required parameters, space-separated."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": required.split(),
    }


S = {"type": "string"}
I = {"type": "integer"}  # noqa: E741 - a column of a table
N = {"type": "number"}
B = {"type": "boolean"}


def s(**more: Any) -> dict[str, Any]:
    return {**S, **more}


def i(**more: Any) -> dict[str, Any]:
    return {**I, **more}


def n(**more: Any) -> dict[str, Any]:
    return {**N, **more}


def enum(*values: Any) -> dict[str, Any]:
    return s(enum=list(values))


def maybe(node: dict[str, Any]) -> dict[str, Any]:
    return {**node, "type": [node["type"], "null"]}


def many(item: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": item, **more}


# fmt: off
# (name, old, new, breaks backward, breaks forward)
PAIRS: list[tuple[str, dict[str, Any], dict[str, Any], bool, bool]] = [
    ("nothing", fn(a=S), fn(a=S), False, False),
    ("order of parameters", fn(a=S, b=I), fn(b=I, a=S), False, False),
    ("description", fn(a=S), fn(a=s(description="the account")), False, False),
    ("title", fn(a=s(title="A")), fn(a=s(title="B")), False, False),
    ("example", fn(a=S), fn(a=s(examples=["x"])), False, False),
    ("hint", fn(a=S), fn(a=s(**{"x-placeholder": "PHONE"})), False, False),
    ("order of an enum", fn(a=enum("x", "y")), fn(a=enum("y", "x")), False, False),
    ("optional added", fn(a=S), fn(a=S, b=S), False, True),
    ("optional integer added", fn("a", a=S), fn("a", a=S, b=I), False, True),
    ("required added", fn(a=S), fn("b", a=S, b=S), True, True),
    ("required enum added", fn(), fn("b", b=enum("x")), True, True),
    ("optional removed", fn(a=S, b=S), fn(a=S), True, False),
    ("required removed", fn("b", a=S, b=S), fn(a=S), True, True),
    ("renamed optional", fn(a=S), fn(b=S), True, True),
    ("renamed required", fn("a", a=S), fn("b", b=S), True, True),
    ("becomes required", fn(a=S), fn("a", a=S), True, False),
    ("becomes optional", fn("a", a=S), fn(a=S), False, True),
    ("string to integer", fn(a=S), fn(a=I), True, True),
    ("integer to string", fn("a", a=I), fn("a", a=S), True, True),
    ("integer to number", fn(a=I), fn(a=N), False, True),
    ("number to integer", fn(a=N), fn(a=I), True, False),
    ("boolean to string", fn(a=B), fn(a=S), True, True),
    ("string to list", fn(a=S), fn(a=many(S)), True, True),
    ("list to string", fn("a", a=many(S)), fn("a", a=S), True, True),
    ("object to string", fn(a=fn(x=S)), fn(a=S), True, True),
    ("becomes nullable", fn(a=S), fn(a=maybe(S)), False, True),
    ("no longer nullable", fn(a=maybe(S)), fn(a=S), True, False),
    ("nullable integer", fn("a", a=I), fn("a", a=maybe(I)), False, True),
    ("enum gains", fn(a=enum("x")), fn(a=enum("x", "y")), False, True),
    ("enum loses", fn(a=enum("x", "y")), fn(a=enum("x")), True, False),
    ("enum swaps", fn(a=enum("x", "y")), fn(a=enum("x", "z")), True, True),
    ("enum introduced", fn(a=S), fn(a=enum("x")), True, False),
    ("enum dropped", fn(a=enum("x")), fn(a=S), False, True),
    (
        "required enum loses",
        fn("a", a=enum("x", "y")),
        fn("a", a=enum("y")),
        True,
        False,
    ),
    ("integer enum gains", fn(a=i(enum=[1])), fn(a=i(enum=[1, 2])), False, True),
    ("pattern introduced", fn(a=S), fn(a=s(pattern=r"^\d{8}$")), True, False),
    ("pattern dropped", fn(a=s(pattern=r"^\d{8}$")), fn(a=S), False, True),
    (
        "pattern longer",
        fn(a=s(pattern=r"^\d{8}$")),
        fn(a=s(pattern=r"^\d{10}$")),
        True,
        True,
    ),
    (
        "pattern other letters",
        fn(a=s(pattern="^[a-f]+$")),
        fn(a=s(pattern="^[c-z]+$")),
        True,
        True,
    ),
    (
        "pattern prefix",
        fn("a", a=s(pattern="^AB[0-9]+$")),
        fn("a", a=s(pattern="^CD[0-9]+$")),
        True,
        True,
    ),
    ("format introduced", fn(a=S), fn(a=s(format="date")), True, False),
    ("format dropped", fn(a=s(format="month")), fn(a=S), False, True),
    ("date to month", fn(a=s(format="date")), fn(a=s(format="month")), True, True),
    (
        "e-mail to phone",
        fn("a", a=s(format="email")),
        fn("a", a=s(format="phone")),
        True,
        True,
    ),
    ("shorter at most", fn(a=s(maxLength=10)), fn(a=s(maxLength=5)), True, False),
    ("longer at most", fn(a=s(maxLength=5)), fn(a=s(maxLength=10)), False, True),
    ("least length raised", fn(a=s(minLength=1)), fn(a=s(minLength=4)), True, False),
    ("least length lowered", fn(a=s(minLength=4)), fn(a=s(minLength=1)), False, True),
    ("least length introduced", fn(a=S), fn(a=s(minLength=3)), True, False),
    ("minimum raised", fn(a=i(minimum=0)), fn(a=i(minimum=5)), True, False),
    ("minimum lowered", fn(a=i(minimum=5)), fn(a=i(minimum=0)), False, True),
    ("minimum introduced", fn(a=I), fn(a=i(minimum=0)), True, False),
    ("maximum lowered", fn(a=n(maximum=100)), fn(a=n(maximum=50)), True, False),
    ("maximum raised", fn(a=n(maximum=50)), fn(a=n(maximum=100)), False, True),
    ("maximum dropped", fn("a", a=i(maximum=9)), fn("a", a=I), False, True),
    (
        "exclusive bound raised",
        fn(a=n(exclusiveMinimum=0)),
        fn(a=n(exclusiveMinimum=2)),
        True,
        False,
    ),
    ("coarser step", fn(a=i(multipleOf=5)), fn(a=i(multipleOf=10)), True, False),
    ("finer step", fn(a=i(multipleOf=10)), fn(a=i(multipleOf=5)), False, True),
    ("other step", fn(a=i(multipleOf=4)), fn(a=i(multipleOf=6)), True, True),
    ("step introduced", fn(a=I), fn(a=i(multipleOf=2)), True, False),
    ("list gains a least", fn(a=many(S)), fn(a=many(S, minItems=1)), True, False),
    (
        "list shorter at most",
        fn(a=many(S, maxItems=3)),
        fn(a=many(S, maxItems=2)),
        True,
        False,
    ),
    (
        "list longer at most",
        fn(a=many(S, maxItems=2)),
        fn(a=many(S, maxItems=3)),
        False,
        True,
    ),
    ("list of distinct", fn(a=many(S)), fn(a=many(S, uniqueItems=True)), True, False),
    ("list may repeat", fn(a=many(S, uniqueItems=True)), fn(a=many(S)), False, True),
    ("items to integers", fn(a=many(S)), fn(a=many(I)), True, True),
    (
        "items' enum loses",
        fn(a=many(enum("x", "y"))),
        fn(a=many(enum("x"))),
        True,
        False,
    ),
    (
        "items' enum gains",
        fn("a", a=many(enum("x"))),
        fn("a", a=many(enum("x", "y"))),
        False,
        True,
    ),
    ("nested optional added", fn(a=fn(x=S)), fn(a=fn(x=S, y=S)), False, True),
    ("nested required added", fn(a=fn(x=S)), fn(a=fn("y", x=S, y=S)), True, True),
    ("nested removed", fn(a=fn(x=S, y=I)), fn(a=fn(x=S)), True, False),
    (
        "nested enum loses",
        fn("a", a=fn("x", x=enum("p", "q"))),
        fn("a", a=fn("x", x=enum("p"))),
        True,
        False,
    ),
    (
        "nested becomes required",
        fn("a", a=fn(x=S)),
        fn("a", a=fn("x", x=S)),
        True,
        False,
    ),
    ("two changes", fn(a=enum("x"), b=S), fn(a=enum("x", "y")), True, True),
]
# fmt: on
