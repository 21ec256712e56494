"""What a label can break in a parameter schema."""

from annotations.functions import labels

SCHEMA = {
    "type": "object",
    "properties": {
        "note": {"type": ["string", "null"], "description": "free text"},
        "plan": {"type": "string", "enum": ["basic", "plus"]},
        "account": {"type": "string", "x-placeholder": "ACCOUNT_NUMBER"},
        "due": {"type": "string", "format": "date"},
    },
    "required": ["account"],
}
KNOWN = labels.parameters(SCHEMA)


def test_required_parameters_come_first_and_the_rest_keep_their_order():
    assert [p.name for p in KNOWN] == ["account", "note", "plan", "due"]


def test_a_parameter_knows_its_type_values_and_placeholder():
    by_name = {p.name: p for p in KNOWN}

    assert by_name["account"].placeholder == "ACCOUNT_NUMBER"
    assert by_name["plan"].enum == ("basic", "plus")
    assert by_name["note"].type == "string"
    assert by_name["due"].type == "date"


def test_a_complete_label_has_no_problems():
    assert labels.problems(KNOWN, ["account", "plan"], []) == []


def test_a_required_parameter_may_be_declared_not_spoken():
    assert labels.problems(KNOWN, [], ["account"]) == []


def test_a_missing_required_parameter_is_named():
    (problem,) = labels.problems(KNOWN, [], [])

    assert problem.startswith("account is required")


def test_an_unknown_parameter_is_named_whether_marked_or_declared_absent():
    assert len(labels.problems(KNOWN, ["account", "x"], ["y"])) == 2


def test_a_parameter_cannot_be_both_marked_and_not_spoken():
    (problem,) = labels.problems(KNOWN, ["account"], ["account"])

    assert "also set" in problem


def test_an_intent_without_a_schema_takes_no_parameters():
    assert labels.problems((), ["account"], []) != []
    assert labels.problems((), [], []) == []
