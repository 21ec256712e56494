"""Each form says the same as the canonical schema, and arguments survive the trip."""

import random

import jsonschema
import pytest

from annotations.functions import forms, schema
from annotations.functions.arguments import is_valid, problems
from annotations.functions.forms import NamedSchema
from annotations.functions.samples import valid_values
from tests.unit.annotations.functions.pairs import PAIRS, enum, fn, i, many, maybe, s

BILL = fn(
    "account_number",
    account_number=s(pattern=r"^\d{8}$", **{"x-placeholder": "ACCOUNT_NUMBER"}),
    bill_month=s(format="month", description="which bill"),
    lines=many(i(minimum=1), maxItems=3),
    channel=enum("mail", "paper"),
    address=fn("zip", zip=s(format="zip"), unit=maybe(s())),
)


def named(document):
    return NamedSchema("check_bill_status", "Says a bill.", schema.build(document))


def everything():
    return [pytest.param(row[1], id=row[0]) for row in PAIRS] + [BILL]


@pytest.mark.parametrize("document", everything())
def test_generated_arguments_satisfy_every_form(document):
    function = named(document)
    plain = forms.openai_tool(function)["function"]["parameters"]
    strict = forms.openai_tool(function, strict=True)["function"]["parameters"]

    for arguments in valid_values(function.node, random.Random(3)):
        jsonschema.validate(arguments, plain)
        jsonschema.validate(arguments, forms.kore_tool(function)["parameters"])
        sent = forms.to_strict(function.node, arguments)
        jsonschema.validate(sent, strict)
        assert is_valid(function.node, forms.from_strict(function.node, sent))


@pytest.mark.parametrize("document", everything())
def test_our_validator_agrees_with_the_standard_one(document):
    """On generated arguments and on spoiled copies of them."""
    node = schema.build(document)
    standard = jsonschema.Draft202012Validator(document)
    rng = random.Random(5)

    for arguments in valid_values(node, rng):
        for spoiled in (arguments, {**arguments, "nope": 1}, *_spoiled(arguments)):
            ours = is_valid(node, spoiled)
            if not _has_format(document):  # formats are only asserted by ours
                assert ours == standard.is_valid(spoiled), spoiled


def _spoiled(arguments):
    for name in arguments:
        for value in (None, True, "", 1.5, [], {}, -(10**9), "x" * 5000):
            yield {**arguments, name: value}
        yield {k: v for k, v in arguments.items() if k != name}


def _has_format(document):
    return "format" in str(document)


def test_the_canonical_form_reads_back_as_the_same_schema():
    function = named(BILL)

    again = schema.build(forms.function_schema(function)["parameters"])

    assert again == function.node


def test_strict_requires_everything_and_makes_the_optional_nullable():
    strict = forms.openai_tool(named(BILL), strict=True)["function"]

    assert strict["strict"] is True
    parameters = strict["parameters"]
    assert parameters["required"] == list(BILL["properties"])
    assert parameters["properties"]["bill_month"]["type"] == ["string", "null"]
    assert parameters["properties"]["channel"]["enum"] == ["mail", "paper", None]
    assert "pattern" not in parameters["properties"]["account_number"]
    assert "x-placeholder" not in str(strict)


def test_the_signature_puts_required_parameters_first():
    document = fn("b", a=maybe(s()), b=i(), c=enum("x", "y"), d=many(s()))

    assert forms.python_signature(named(document)) == (
        "check_bill_status(b: int, a: str | None = None, "
        "c: Literal['x', 'y'] | None = None, d: list[str] | None = None)"
    )


def test_a_problem_names_the_path_and_what_to_do():
    node = schema.build(BILL)

    found = problems(node, {"bill_month": "May", "address": {"zip": "1"}, "x": 1})

    assert {(p.path, p.message) for p in found} == {
        ("/account_number", "is required"),
        ("/bill_month", "needs a month such as 2026-05"),
        ("/address/zip", "needs a ZIP code such as 10001"),
        ("/x", "is not a parameter of this function"),
    }
