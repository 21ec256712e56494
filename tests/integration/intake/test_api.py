"""Batches over HTTP: by file, by lines, by JSON; whatever comes, never a 500."""

import gzip
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotations.models import IntakeBatch, RejectedRow, Utterance
from annotations.services import bronze_files, intake, tokens
from tests.factories import cast
from tests.unit.annotations.intake.malformed import FILES, LINES

from .conftest import lines

pytestmark = pytest.mark.django_db
URL = "/api/v1/utterances/batches"
GOOD = b'{"text": "why is my bill so high"}'


@pytest.fixture
def api() -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(cast.person("boris", "admin"))
    return client


@pytest.fixture(autouse=True)
def bells(monkeypatch, django_capture_on_commit_callbacks):
    """Tasks rung are done at once, as a worker would."""
    rung = []
    monkeypatch.setattr(
        "annotations.tasks_intake.process_batch.apply_async",
        lambda args, **_: rung.append(args[0]),
    )
    return rung


def post(api: Client, body: bytes, kind: str = "application/x-ndjson", query: str = ""):
    return api.post(f"{URL}{query}", body, content_type=kind)


def processed(response) -> dict:
    """The batch of a 202 after a worker read it, as the API shows it."""
    assert response.status_code == 202, response.content
    batch = IntakeBatch.objects.get(pk=response.json()["id"])
    intake.process(batch.pk)
    batch.refresh_from_db()
    return {
        "status": batch.status,
        "received": batch.received,
        "accepted": batch.accepted,
        "duplicate": batch.duplicate,
        "rejected": batch.rejected,
    }


def test_lines_become_a_batch_that_a_worker_is_told_of(
    api, bells, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = post(api, GOOD, query="?source=kore")

    body = response.json()
    assert response.status_code == 202
    assert response["Location"] == body["url"] == f"{URL}/{body['id']}"
    assert (body["status"], body["source"]) == ("received", "kore")
    assert bells == [body["id"]]
    assert Utterance.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (json.dumps([{"text": "a"}, {"text": "b"}]).encode(), "application/json"),
        (json.dumps({"utterances": [{"text": "a"}, {"text": "b"}]}).encode(),
         "application/json; charset=utf-8"),
        (lines("a", "b"), "application/x-ndjson"),
        (lines("a", "b"), "application/jsonl"),
        (gzip.compress(lines("a", "b"), mtime=0), "application/x-ndjson"),
        (b"text\na\nb\n", "text/csv"),
    ],
)  # fmt: skip
def test_each_kind_of_body_is_read(api, body, kind):
    assert processed(post(api, body, kind))["accepted"] == 2


def test_a_file_of_a_form_is_read(api):
    file = SimpleUploadedFile("voc.csv", b"Verbatim\nno signal\nslow\n")

    response = api.post(URL, {"file": file, "map": "text=Verbatim", "source": "voc"})

    assert processed(response)["accepted"] == 2
    assert response.json()["file_name"] == "voc.csv"


def test_a_batch_tells_how_far_it_is_and_why_rows_were_rejected(api):
    response = post(api, GOOD + b"\n{\n=1\n")
    processed(response)

    body = api.get(response.json()["url"]).json()
    rejects = api.get(body["rejects_url"])

    assert body["status"] == "closed"
    assert (body["received"], body["accepted"], body["rejected"]) == (3, 1, 2)
    assert rejects["Content-Type"] == "text/csv"
    assert rejects.getvalue().decode().splitlines() == [
        "line,code,reason",
        "2,bad_json,The line is not valid JSON.",
        "3,bad_json,The line is not valid JSON.",
    ]


def test_the_same_body_again_is_the_same_batch(api):
    first = post(api, GOOD)
    processed(first)

    again = post(api, GOOD)

    assert again.status_code == 202
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["status"] == "closed"
    assert Utterance.objects.get().count == 1


@pytest.mark.parametrize(("line", "code"), LINES, ids=[c for _, c in LINES])
def test_a_malformed_line_is_a_rejected_row_and_its_neighbors_are_stored(
    api, line, code
):
    counts = processed(post(api, GOOD + b"\n" + line + b"\n" + b'{"text": "last"}\n'))

    assert counts == {
        "status": "closed",
        "received": 3,
        "accepted": 2,
        "duplicate": 0,
        "rejected": 1,
    }
    assert RejectedRow.objects.get().code == code


@pytest.mark.parametrize(("data", "code"), FILES, ids=[c for _, c in FILES])
def test_a_malformed_file_fails_its_batch_with_a_sentence(api, data, code):
    form = {"file": SimpleUploadedFile("../../a.jsonl.gz", data), "source": "calls"}

    counts = processed(api.post(URL, form))

    batch = IntakeBatch.objects.get()
    assert counts["status"] == "failed"
    assert batch.error.endswith(".")
    assert batch.file_name == "a.jsonl.gz"
    received = counts["accepted"] + counts["duplicate"] + counts["rejected"]
    assert counts["received"] == received


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 422),
        (b"{", "application/json", 400),
        (b"null", "application/json", 422),
        (b"{}", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'"text"', "application/json", 422),
        (b'{"utterances": {}}', "application/json", 422),
        (b'{"utterances": [], "source": 5}', "application/json", 422),
        (b'[{"text": "a\0b"}]', "application/json", 400),
        (b'[{"text": "a\\u0000b"}]', "application/json", 400),
        (b'[{"text": "\\ud800"}]', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"\xff\xfe[", "application/json", 400),
        (b"[{}" + b",{}" * 10_000 + b"]", "application/json", 413),
        (b'{"source": "NOT ONE", "utterances": [{"text": "a"}]}', "application/json",
         422),
        (GOOD, "application/octet-stream", 415),
        (GOOD, "text/plain", 415),
        (GOOD, "application/xml", 415),
        (b"--x\r\n", "multipart/form-data", 400),
        (b"rubbish", "multipart/form-data; boundary=x", 422),
    ],
)  # fmt: skip
def test_a_malformed_body_is_a_clear_refusal(api, body, kind, status):
    response = post(api, body, kind)

    assert response.status_code == status, response.content
    assert response.json()["message"]
    assert IntakeBatch.objects.count() == 0
    folder = bronze_files.folder()
    assert not folder.exists() or list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "query",
    ["?source=A%20B", "?source=%00", "?reader=excel", "?labels=perhaps",
     "?source=" + "x" * 300],
)  # fmt: skip
def test_a_malformed_option_is_a_clear_refusal(api, query):
    response = post(api, GOOD, query=query)

    assert response.status_code in (400, 422)
    assert IntakeBatch.objects.count() == 0


def test_a_form_without_a_file_is_a_clear_refusal(api):
    response = api.post(URL, {"source": "calls", "other": io.BytesIO(b"x")})

    assert response.status_code == 422
    assert response.json()["code"] == "no_file"
    assert list(bronze_files.folder().iterdir()) == []


def test_long_json_is_sent_as_lines_instead(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    response = post(api, json.dumps([{"text": "x" * 1100}]).encode(),
                    "application/json")  # fmt: skip

    assert response.status_code == 413
    assert "JSON lines" in response.json()["message"]


@pytest.mark.parametrize("as_file", [True, False])
def test_too_large_an_upload_is_refused_and_leaves_nothing(api, settings, as_file):
    settings.UPLOAD_LIMIT_BYTES = 100_000
    body = GOOD * 10_000

    if as_file:
        response = api.post(URL, {"file": SimpleUploadedFile("a.jsonl", body)})
    else:
        response = post(api, body)

    assert response.status_code == 413
    assert list(bronze_files.folder().iterdir()) == []


def test_markup_in_text_is_stored_as_it_is(api):
    text = "<script>alert(1)</script> my bill"

    processed(post(api, lines(text)))

    assert Utterance.objects.get().text == text


def test_a_token_needs_the_scope(db):
    person = cast.person("program", "api_client")
    _, may = tokens.issue(user=person, name="in", scopes=["ingest"], days=1, by=None)
    _, may_not = tokens.issue(user=person, name="x", scopes=["read"], days=1, by=None)

    def status(raw: str) -> int:
        return (
            Client()
            .post(
                URL,
                GOOD,
                content_type="application/x-ndjson",
                headers={"Authorization": f"Bearer {raw}"},
            )
            .status_code
        )

    assert status(may) == 202
    assert status(may_not) == 403


def test_a_session_has_to_show_its_token(db):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.person("boris", "admin"))

    assert post(client, GOOD).status_code == 403
    assert IntakeBatch.objects.count() == 0


def test_an_unknown_batch_is_not_found(api):
    assert api.get(f"{URL}/{cast.new_id()}").status_code == 404
    assert api.get(f"{URL}/{cast.new_id()}/rejects").status_code == 404
