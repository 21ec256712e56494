"""What every response has, whatever the view."""

import gzip
import json

import pytest
from django.test import Client

from tests.factories import cast


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/no-such-page", "/api/v1/no-such"])
def test_each_response_has_an_id_and_forbids_inline_code(client: Client, path):
    response = client.get(path)

    assert len(response["X-Request-ID"]) == 32
    assert response["Content-Security-Policy"].startswith("default-src 'none'")
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("referer", "leads"),
    [
        ("http://testserver/rounds?page=2", True),
        ("http://elsewhere.example/rounds?page=2", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_a_refused_form_leads_back_to_its_own_page_and_to_no_other(referer, leads):
    client = Client(headers={"Referer": referer})
    client.force_login(cast.person("mia", "ml_engineer"))

    refused = client.post("/rounds/1/decision", {"decision": "neither"})

    assert refused.status_code == 422
    page = refused.content.decode()
    assert ('<a class="button go" href="/rounds?page=2">' in page) is leads
    assert page.count('<a class="button') == 1 + leads


@pytest.mark.django_db
def test_a_nul_in_the_address_is_a_bad_request(client: Client):
    assert client.get("/search?q=a%00b").status_code == 400
    assert client.get("/a%00b").status_code == 400


PROGRAMS = {
    "/api/v1/no-such": 404,
    "/v1/no-such": 404,
    "/api/v1/intents/a%00b": 400,
    "/api/v1/turns": 405,
    "/metrics": 401,
}


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "status"), PROGRAMS.items())
def test_a_program_is_refused_in_json_wherever_the_refusal_is_made(path, status):
    client = Client()
    if status != 401:
        client.force_login(cast.person("mel", "ml_engineer"))

    response = client.get(path)

    assert response.status_code == status
    assert set(response.json()) == {"code", "message"}
    if status == 405:
        assert response["Allow"] == "POST"


@pytest.mark.django_db
def test_a_program_is_told_in_json_that_the_server_failed(monkeypatch):
    def fail(*args):
        raise RuntimeError("a caller's words")

    monkeypatch.setattr("annotations.api.intents.Intents.get", fail)
    client = Client(raise_request_exception=False)
    client.force_login(cast.person("mel", "ml_engineer"))

    response = client.get("/api/v1/intents")

    assert response.status_code == 500
    assert response.json()["code"] == "internal_server_error"
    assert b"words" not in response.content


@pytest.mark.django_db
def test_a_stale_form_is_answered_by_a_page_that_says_what_to_do():
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.ana())

    response = client.post("/label/answer", {})

    assert response.status_code == 403
    assert "send it again" in response.content.decode()
    assert "<style" not in response.content.decode()


def test_static_files_are_collected_small_and_under_names_that_never_change(
    manage, tmp_path
):
    done = manage("collectstatic", "--noinput", "-v0", STATIC_ROOT=str(tmp_path))

    assert done.returncode == 0, done.stderr
    names = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    styles = [tmp_path / v for k, v in names.items() if k.startswith("css/")]
    assert styles
    for path in styles:
        packed = path.with_name(path.name + ".gz").read_bytes()
        assert gzip.decompress(packed) == path.read_bytes()
        assert len(packed) < path.stat().st_size
