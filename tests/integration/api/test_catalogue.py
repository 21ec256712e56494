import pytest

from .conftest import post

pytestmark = pytest.mark.django_db


def test_intents_come_with_the_parameters_of_their_function(api, billing, plain):
    intents = {intent["name"]: intent for intent in api.get("/api/v1/intents").json()}

    assert intents["say_hello"]["parameters"] == []
    assert intents["check_bill"]["function"] == "check_bill"
    assert [p["name"] for p in intents["check_bill"]["parameters"]] == [
        "account_number",
        "bill_month",
    ]


def test_an_intent_is_found_by_name(api, plain):
    assert api.get("/api/v1/intents/say_hello").json()["title"] == "Say hello"
    assert api.get("/api/v1/intents/no_such").status_code == 404


def test_functions_come_with_their_live_schema(api, billing):
    (function,) = api.get("/api/v1/functions").json()

    assert function["version"] == 1
    assert function["parameters"]["required"] == ["account_number"]
    assert api.get("/api/v1/functions/check_bill").json() == function
    assert api.get("/api/v1/functions/no_such").status_code == 404


def test_arguments_are_compared_with_the_live_schema(api, billing):
    def check(arguments: dict) -> dict:
        body = {"arguments": arguments}
        return post(api, "functions/check_bill/validate", body).json()

    assert check({"account_number": "12345"}) == {
        "valid": True,
        "version": 1,
        "missing": [],
        "errors": [],
    }
    assert check({"bill_month": "may"})["missing"] == ["account_number"]
    wrong = check({"account_number": 12345})
    assert wrong["valid"] is False
    assert wrong["errors"][0]["path"] == "/account_number"
    assert check({"account_number": "1", "colour": "red"})["valid"] is False


def test_a_function_without_a_live_schema_cannot_be_compared(api, billing):
    from annotations.models import SchemaVersion

    SchemaVersion.objects.update(status=SchemaVersion.Status.RETIRED)

    response = post(api, "functions/check_bill/validate", {"arguments": {}})

    assert response.status_code == 409
