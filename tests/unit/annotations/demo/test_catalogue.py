import re

import pytest

from annotations.demo import catalogue, grammar
from annotations.demo.catalogue import function_schema
from annotations.functions import schema
from annotations.intake.redaction import entities

KNOWN = catalogue.load()
# What a caller says about themselves or in passing, bound to no parameter.
SPOKEN_ONLY = {"card_number", "caller_name"}


def every_pattern():
    return [
        (intent, pattern)
        for intent in KNOWN.intents
        for pattern in (*intent.requests, *intent.statements, *intent.topics)
    ]


def test_there_are_twelve_domains_and_the_promised_numbers():
    in_scope = [intent for intent in KNOWN.intents if not intent.is_out_of_scope]
    with_function = [intent for intent in in_scope if intent.parameters]

    assert len(KNOWN.domains) == 12
    assert len(in_scope) >= 95
    assert len(with_function) >= 44
    assert {intent.iteration for intent in in_scope} == {1, 2, 3}


def test_names_are_snake_case_and_unique():
    names = [intent.name for intent in KNOWN.intents]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)


def test_exactly_one_intent_is_out_of_scope():
    assert [i.name for i in KNOWN.intents if i.is_out_of_scope] == ["oos"]


def test_each_description_is_one_line_saying_when_to_choose_it():
    for intent in KNOWN.intents:
        assert intent.description.startswith("Choose this when ")
        assert "\n" not in intent.description


def test_confusable_intents_exist_and_are_others():
    for intent in KNOWN.intents:
        assert set(intent.confusable) <= set(KNOWN.by_name)
        assert intent.name not in intent.confusable


def test_the_thirty_most_frequent_have_eight_patterns_and_all_have_four():
    frequent = KNOWN.requests_by_popularity[:30]
    n_patterns = {
        i.name: len(i.requests) + len(i.statements) + len(i.topics)
        for i in KNOWN.intents
    }

    assert [i.name for i in frequent if n_patterns[i.name] < 8] == []
    assert [name for name, n in n_patterns.items() if n < 4] == []


def test_check_bill_status_takes_account_and_month():
    body = function_schema(KNOWN, KNOWN.by_name["check_bill_status"])

    assert body["required"] == ["account_number", "bill_month"]
    assert body["properties"]["account_number"]["x-placeholder"] == "ACCOUNT_NUMBER"
    assert body["properties"]["bill_month"]["pattern"]


def test_every_schema_is_a_closed_object_of_described_typed_properties():
    for intent in KNOWN.intents:
        if intent.parameters is None:
            continue
        body = function_schema(KNOWN, intent)
        assert body["type"] == "object"
        assert body["additionalProperties"] is False
        assert set(body["required"]) <= set(body["properties"])
        for rule in body["properties"].values():
            assert rule["type"] in ("string", "integer")
            assert rule["description"]


def test_every_schema_is_one_the_registry_accepts():
    for intent in KNOWN.intents:
        if intent.parameters is None:
            continue
        node = schema.build(function_schema(KNOWN, intent))
        assert set(node.properties) == set(intent.parameters)


def test_placeholders_are_types_that_redaction_writes():
    used = {p.placeholder for p in KNOWN.parameters.values()} - {""}

    assert "ACCOUNT_NUMBER" in used
    assert used <= set(entities.TYPES)


def test_schemas_do_not_share_what_a_caller_may_change():
    bill, balance = KNOWN.by_name["check_bill_status"], KNOWN.by_name["check_balance"]
    changed = function_schema(KNOWN, bill)
    changed["properties"]["account_number"]["type"] = "integer"

    unchanged = function_schema(KNOWN, balance)

    assert unchanged["properties"]["account_number"]["type"] == "string"


def test_an_intent_without_a_function_has_no_schema():
    with pytest.raises(ValueError, match="oos"):
        function_schema(KNOWN, KNOWN.by_name["oos"])


def test_every_slot_can_be_filled_and_every_parameter_is_said_somewhere():
    slots = {slot for _, pattern in every_pattern() for slot in pattern.slots}

    assert slots <= set(KNOWN.parameters) | SPOKEN_ONLY


def test_an_intent_with_a_function_only_says_parameters_it_has():
    strangers = [
        (intent.name, slot)
        for intent, pattern in every_pattern()
        if intent.parameters is not None
        for slot in pattern.slots
        if slot not in intent.parameters and slot not in SPOKEN_ONLY
    ]

    assert strangers == []


def test_the_bot_can_take_each_answer_it_asks_for():
    asked = {name for intent in KNOWN.intents for name in intent.required}

    assert asked <= set(KNOWN.by_name["provide_details"].parameters) | {
        "phone_model",
        "data_gb",
    }


def test_frequent_intents_come_before_repair_and_the_long_tail():
    iterations = [intent.iteration for intent in KNOWN.requests_by_popularity]

    assert iterations == sorted(iterations)


@pytest.mark.parametrize("source", ["(a|b", "a|b", "a)", "{open", "a}"])
def test_a_pattern_with_loose_brackets_is_refused(source):
    with pytest.raises(ValueError):
        grammar.parse(source)
