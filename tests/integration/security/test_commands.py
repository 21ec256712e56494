"""The commands with which people and programs get in."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from annotations.models import ApiToken, AuditEvent, User

from .conftest import bearer

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_sign_in_links_prints_one_line_per_role():
    lines = run("sign_in_links", "--base-url", "http://h:1").splitlines()

    assert len(lines) == 7
    assert lines[0].startswith("sign in as annotator: http://h:1/sign-in/")


def test_sign_in_links_prints_json():
    links = json.loads(run("sign_in_links", "--json"))["links"]

    assert links["auditor"].startswith("http://127.0.0.1:8000/sign-in/")


def test_create_person_prints_a_link_that_works():
    printed = run("create_person", "dana", "--role", "reviewer", "--role", "admin")
    path = printed.strip().removeprefix("sign in as dana: http://127.0.0.1:8000")
    client = Client()

    client.post(path)

    dana = User.objects.get(username="dana")
    assert client.session["_auth_user_id"] == str(dana.pk)
    assert dana.roles == ["admin", "reviewer"]
    assert AuditEvent.objects.filter(action="person.created").count() == 1


def test_create_person_refuses_a_taken_name(ana):
    with pytest.raises(CommandError, match="taken"):
        run("create_person", "ana", "--role", "reviewer")


def test_api_token_prints_a_key_that_works_and_stores_its_hash_only(ana):
    raw = run("api_token", "ana", "--scope", "read", "--days", "1").strip()

    assert bearer(raw).get("/api/v1/intents").status_code == 200
    stored = ApiToken.objects.get()
    assert raw not in str(stored.__dict__)
    event = AuditEvent.objects.get(action="token.issued")
    assert raw not in event.payload


@pytest.mark.parametrize("days", ["0", "-1", "1000"])
def test_api_token_refuses_a_life_without_bounds(ana, days):
    with pytest.raises(CommandError, match="days"):
        run("api_token", "ana", "--scope", "read", "--days", days)


def test_api_token_refuses_a_stranger():
    with pytest.raises(CommandError, match="nobody"):
        run("api_token", "eve", "--scope", "read")


def test_api_token_revokes_the_keys_of_that_name_and_no_others(ana):
    bot = run("api_token", "ana", "--scope", "read", "--name", "bot").strip()
    report = run("api_token", "ana", "--scope", "read", "--name", "report").strip()

    run("api_token", "ana", "--revoke", "--name", "bot")

    assert bearer(bot).get("/api/v1/intents").status_code == 401
    assert bearer(report).get("/api/v1/intents").status_code == 200
    assert AuditEvent.objects.filter(action="token.revoked").count() == 1


def test_api_token_says_when_there_is_no_key_to_revoke(ana):
    with pytest.raises(CommandError, match="No key of ana"):
        run("api_token", "ana", "--revoke")
