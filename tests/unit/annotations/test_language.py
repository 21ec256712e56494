from datetime import date

import pytest

from annotations.functions import arguments, diff, imports, labels, readings
from annotations.functions.labels import Parameter
from annotations.functions.schema import SchemaError, build, read
from annotations.functions.sentences import Sentence, sentence
from annotations.language import translated
from tests.pseudo_locale import left_in_english, pseudo_locale

LIMITS = {
    "text": {"type": "string", "minLength": 3, "maxLength": 5},
    "code": {"type": "string", "pattern": "^[A-Z]+$"},
    "day": {"type": "string", "format": "date"},
    "month": {"type": "string", "format": "month"},
    "amount": {"type": "number", "minimum": 1, "maximum": 9, "multipleOf": 0.5},
    "share": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "lines": {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
    "plan": {"type": "string", "enum": ["basic", "full"]},
    "is_urgent": {"type": "boolean"},
}
WRONG = {
    "text": ["a", "abcdef", 3, None],
    "code": ["abc"],
    "day": ["soon"],
    "month": ["soon"],
    "amount": [0, 10, 1.3, "many"],
    "share": [0, 1],
    "lines": [[1, 1], ["x"], 7],
    "plan": ["gold"],
    "is_urgent": ["perhaps"],
    "unheard_of": [1],
}
REFUSED = (
    "[]",
    "{",
    "not json",
    '{"type": "object", "type": "object"}',
    '{"type": "object", "properties": {"a b": {}}, "required": ["c"]}',
    """{"type": "object", "additionalProperties": false, "properties": {
        "a": {"type": "text"}, "b": {"type": "string", "minimum": 1, "color": 2},
        "c": {"type": "string", "enum": []}, "d": {"type": "array"},
        "e": {"$ref": "http://x"}, "f": {"type": "string", "pattern": "("},
        "g": {"type": "string", "format": "uuid"}, "h": {"type": "number",
        "multipleOf": 0}, "i": {"type": "string", "minLength": "x"}}}""",
)


def closed(properties, required=()):
    return build(
        {
            "type": "object",
            "additionalProperties": False,
            "properties": properties,
            "required": list(required),
        }
    )


@pytest.fixture
def pseudo(settings):
    with pseudo_locale(settings):
        yield


def is_told(said):
    """Whether nothing of it would be left in English."""
    return isinstance(said, Sentence) and left_in_english(translated(said)) == []


def test_a_sentence_in_a_sentence_is_translated_too(pseudo):
    said = sentence("%(problem)s; it may be %(n)s", problem=sentence("is not it"), n=2)

    assert translated(said) == "⟦⟦ís ñöt ít····⟧; ít máý bé 2···········⟧"


def test_text_that_is_no_sentence_stays_as_it_is(pseudo):
    assert translated("check_bill 100 %") == "check_bill 100 %"


def test_everything_said_of_arguments_can_be_translated(pseudo):
    node = closed(LIMITS, required=["text"])

    said = [
        problem.message
        for name, values in WRONG.items()
        for value in values
        for problem in arguments.problems(node, {name: value})
    ]

    assert len(set(said)) > 15
    assert [message for message in said if not is_told(message)] == []


def test_everything_said_of_words_at_the_desk_can_be_translated(pseudo):
    node = closed(LIMITS)

    said = {
        name: readings.read(node.properties[name], "hm", date(2026, 5, 3)).problem
        for name in LIMITS
        if name != "text"
    }

    assert [name for name, problem in said.items() if not is_told(problem)] == []


def test_everything_said_of_a_label_can_be_translated(pseudo):
    known = [Parameter("bill", "string", True), Parameter("day", "string", True)]

    said = labels.problems(known, ["day", "plan"], ["day"])

    assert len(said) == 3
    assert all(map(is_told, said))


@pytest.mark.parametrize("source", REFUSED)
def test_everything_said_of_a_schema_can_be_translated(pseudo, source):
    with pytest.raises(SchemaError) as refused:
        read(source)

    faults = refused.value.faults
    assert [fault for fault in faults if not is_told(fault.reason)] == []


def test_everything_said_of_a_change_can_be_translated(pseudo):
    old = closed(LIMITS, required=["text", "day"])
    new = closed(
        LIMITS
        | {
            "text": {"type": ["string", "null"], "minLength": 4, "description": "x"},
            "plan": {"type": "string", "enum": ["basic", "gold"]},
            "code": {"type": "string", "enum": ["A"]},
            "month": {"type": "integer"},
            "new": {"type": "string"},
        },
        required=["plan", "day"],
    )

    for one, other in ((old, new), (new, old)):
        changes = diff.diff(one, other)
        assert len(changes) > 8
        assert [each for each in changes if not is_told(each.sentence)] == []


def test_what_is_said_of_a_file_can_be_translated(pseudo):
    with pytest.raises(ValueError, match="neither a function schema") as refused:
        list(imports.described({}))

    assert is_told(refused.value.args[0])
