"""What the declared subset refuses, with path and reason."""

import json
import random

import pytest

from annotations.functions import schema
from annotations.functions.schema import SchemaError
from tests.unit.annotations.functions.pairs import fn, many, s


def faults(document):
    text = document if isinstance(document, str | bytes) else json.dumps(document)
    with pytest.raises(SchemaError) as caught:
        schema.read(text)
    return [str(fault) for fault in caught.value.faults]


def nested(depth):
    document = s()
    for _ in range(depth):
        document = many(document)
    return fn(a=document)


def test_a_schema_of_every_keyword_is_read():
    node = schema.read(
        json.dumps(
            fn(
                "a",
                a={"$ref": "#/$defs/account", "description": "which account"},
                b=many({"type": ["integer", "null"], "minimum": 1}, maxItems=3),
            )
            | {"$defs": {"account": s(pattern=r"^\d{8}$", **{"x-placeholder": "A"})}}
        )
    )

    assert node.properties["a"].limit("pattern") == r"^\d{8}$"
    assert node.properties["a"].notes["description"] == "which account"
    assert node.properties["a"].notes["x-placeholder"] == "A"
    assert node.properties["b"].items.nullable


@pytest.mark.parametrize(
    ("document", "path", "words"),
    [
        ({"type": "string"}, "/", "of type"),
        ({**fn(), "additionalProperties": True}, "/additionalProperties", "closed"),
        (fn(a={"type": "object"}), "/properties/a/additionalProperties", "closed"),
        (fn("b", a=s()), "/required", "“b” is not a parameter"),
        (fn(a={}), "/properties/a/type", "one of"),
        (fn(a={"type": ["string", "integer"]}), "/properties/a/type", "one of"),
        (fn(a=s(patternProperties={})), "/properties/a/patternProperties", "not supp"),
        (fn(a=s(minimum=3)), "/properties/a/minimum", "does not apply to string"),
        (fn(a=s(pattern="(")), "/properties/a/pattern", "RE2"),
        (fn(a=s(pattern="(?=x)")), "/properties/a/pattern", "RE2"),
        (fn(a=s(pattern="x" * 501)), "/properties/a/pattern", "500"),
        (fn(a=s(format="uri")), "/properties/a/format", "one of"),
        (fn(a=s(enum=[])), "/properties/a/enum", "1 to 500"),
        (fn(a=s(enum=["x", "x"])), "/properties/a/enum", "twice"),
        (fn(a=s(minLength=-1)), "/properties/a/minLength", "count"),
        (fn(a={"type": "array"}), "/properties/a/items", "items"),
        (fn(a={"$ref": "https://example.com/x"}), "/properties/a/$ref", "only ref"),
        (fn(a={"$ref": "#/$defs/none"}), "/properties/a/$ref", "there is no"),
        (fn(**{"a b": s()}), "/properties", "letters"),
        (fn(**{f"p{n}": s() for n in range(51)}), "/properties", "more than 50"),
        (nested(20), "/properties/a" + "/items" * 11, "deeper"),
    ],
)
def test_a_refusal_names_the_path_and_the_reason(document, path, words):
    found = faults(document)

    assert any(f.startswith(f"{path}: ") and words in f for f in found), found


def test_a_reference_to_itself_is_refused():
    loop = {"type": "array", "items": {"$ref": "#/$defs/loop"}}

    assert (
        "refers to itself"
        in faults(fn(a={"$ref": "#/$defs/loop"}) | {"$defs": {"loop": loop}})[0]
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"type": NaN}',
        '{"type":"object","type":"object"}',
        b'\xff{"type":"object"}',
        '"\ud800"',
        "[" * 30_000,
        '{"a":' * 10_000,
        '{"type": "object", "x": "' + "x" * 70_000 + '"}',
        '{"n": ' + "9" * 5_000 + "}",
    ],
)
def test_what_is_no_bounded_json_object_is_refused(text):
    assert faults(text)


def hostile(seed):
    """Patterns and shapes that exhaust naive engines, varied by a seed."""
    rng = random.Random(seed)
    size = rng.choice([10, 50, 200, 1000])
    return rng.choice(
        [
            fn(a=s(pattern="(a+)+" * rng.randrange(1, 40) + "$")),
            fn(a=s(pattern="(a|aa)+$" * rng.randrange(1, 30))),
            fn(a=s(pattern="(" * size + ")" * size)),
            fn(a=s(pattern=f"(x{{1,{size}}}){{1,{size}}}")),
            fn(a=s(pattern="(.*)*" * rng.randrange(1, 60))),
            fn(a=s(pattern=r"(\w+\s?)*" * rng.randrange(1, 20) + "$")),
            fn(a=s(pattern="[" * size)),
            fn(a=s(pattern=r"\1" * rng.randrange(1, 50))),
            fn(a=s(pattern="(?i)" * rng.randrange(1, 60))),
            fn(a={"$ref": "#/$defs/d0"})
            | {
                "$defs": {
                    f"d{k}": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            "l": {"$ref": f"#/$defs/d{k + 1}"},
                            "r": {"$ref": f"#/$defs/d{k + 1}"},
                        },
                    }
                    for k in range(size)
                }
            },
            nested(min(size, 300)),  # deeper than that, json.dumps gives up first
            fn(a=s(enum=[str(k) for k in range(size * 2)])),
        ]
    )


@pytest.mark.parametrize("seed", range(500))
def test_a_hostile_schema_is_answered_one_way_or_the_other(seed):
    """The time that each takes is held to its bar in benchmarks/schemas.py."""
    text = json.dumps(hostile(seed))
    try:
        node = schema.read(text)
    except SchemaError as refused:
        assert refused.faults
        return
    pattern = node.properties["a"].limit("pattern")
    if pattern:
        schema.compile_pattern(pattern).search("a" * 10_000 + "!")
