"""Files become drafts with a report; what exists is shown, never overwritten."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotations.models import Function, Intent, SchemaVersion
from annotations.services import schema_import, schemas
from annotations.services.schema_import import Outcome
from tests.factories import cast
from tests.unit.annotations.functions.pairs import fn, s

pytestmark = pytest.mark.django_db

SGD = Path(__file__).parents[3].parent / "shared" / "data" / "sgd"
OPENAPI = {
    "openapi": "3.1.0",
    "paths": {
        "/bills/{billId}": {
            "get": {
                "operationId": "getBill",
                "summary": "One bill",
                "tags": ["Billing"],
                "parameters": [
                    {
                        "name": "billId",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "string"},
                    },
                    {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
                ],
            },
            "post": {
                "operationId": "payBill",
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/Payment"}
                        }
                    }
                },
            },
        }
    },
    "components": {
        "schemas": {
            "Payment": {
                "type": "object",
                "required": ["amount"],
                "properties": {
                    "amount": {"type": "number"},
                    "from": {"$ref": "#/components/schemas/Account"},
                },
            },
            "Account": {"type": "object", "properties": {"id": {"type": "string"}}},
        }
    },
}


def written(folder, name, document):
    path = folder / name
    path.write_text(json.dumps(document))
    return path


def function_file(name="check_bill", body=None):
    return {
        "name": name,
        "description": "Says a bill.",
        "parameters": body or fn(a=s()),
    }


def test_a_function_schema_becomes_a_draft_with_its_intent(tmp_path, boris):
    written(tmp_path, "check_bill.json", function_file())

    (found,) = schema_import.import_files([tmp_path], by=boris)

    assert found.outcome == Outcome.DRAFTED
    assert SchemaVersion.objects.get().status == "draft"
    assert Function.objects.get().intent == Intent.objects.get(name="check_bill")


def test_the_same_as_live_is_unchanged_and_an_open_draft_a_conflict(tmp_path, boris):
    path = written(tmp_path, "check_bill.json", function_file())
    schema_import.import_files([path], by=boris)

    (again,) = schema_import.import_files([path], by=boris)
    assert again.outcome == Outcome.CONFLICT

    version = SchemaVersion.objects.get()
    schemas.submit(version=version, by=boris)
    dana = cast.person("dana", "product_owner")
    schemas.approve(version=version, by=dana, reason="checked with billing")
    (after,) = schema_import.import_files([path], by=boris)

    assert after.outcome == Outcome.UNCHANGED
    assert SchemaVersion.objects.count() == 1


def test_the_operations_of_an_openapi_document_become_drafts(tmp_path, boris):
    path = written(tmp_path, "api.json", OPENAPI)

    found = schema_import.import_files([path], by=boris)

    assert [(f.name, f.outcome) for f in found] == [
        ("get_bill", Outcome.DRAFTED),
        ("pay_bill", Outcome.DRAFTED),
    ]
    assert found[0].message == "header parameter x_trace is left out"
    get_bill = SchemaVersion.objects.get(function__name="get_bill").body
    assert get_bill["required"] == ["bill_id"]
    pay_bill = SchemaVersion.objects.get(function__name="pay_bill").body
    assert pay_bill["properties"]["from"] == {"$ref": "#/$defs/Account"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ("[]", "neither"),
        ('{"openapi": "3.1.0", "paths": []}', "not of the shape"),
        (json.dumps(function_file(body={"type": "string"})), "of type"),
        (json.dumps(function_file(name="")), "no name"),
        (json.dumps(function_file(body=fn(a=s(pattern="(?=x)")))), "RE2"),
        ("[" * 100_000, "nested"),
    ],
)
def test_what_cannot_be_imported_is_reported_with_the_reason(
    tmp_path, boris, text, words
):
    path = tmp_path / "bad.json"
    path.write_text(text)

    (found,) = schema_import.import_files([path], by=boris)

    assert found.outcome == Outcome.REFUSED
    assert words in found.message
    assert not Function.objects.exists()


def test_one_bad_file_does_not_stop_the_others(tmp_path, boris):
    written(tmp_path, "a.json", {"nonsense": 1})
    written(tmp_path, "b.json", function_file())

    found = schema_import.import_files([tmp_path], by=boris)

    assert [f.outcome for f in found] == [Outcome.REFUSED, Outcome.DRAFTED]


def test_the_command_reports_counts_as_json(tmp_path, boris, capsys):
    written(tmp_path, "check_bill.json", function_file())

    call_command("import_functions", tmp_path, by="boris", json=True)

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["drafted"] == 1
    assert report["functions"][0]["name"] == "check_bill"


def test_the_command_needs_an_author(tmp_path):
    with pytest.raises(CommandError, match="no active person"):
        call_command("import_functions", tmp_path, by="nobody")


@pytest.mark.data
@pytest.mark.skipif(not SGD.exists(), reason="the SGD data set is not beside us")
def test_the_real_dialogue_schemas_import_with_a_report(boris):
    found = schema_import.import_files(sorted(SGD.glob("schema_*.json.gz")), by=boris)

    outcomes = {f.outcome for f in found}
    assert len(found) >= 100
    # The three files repeat services: what was drafted once is a conflict after.
    assert outcomes <= {Outcome.DRAFTED, Outcome.CONFLICT}
    assert SchemaVersion.objects.count() == sum(
        f.outcome == Outcome.DRAFTED for f in found
    )
