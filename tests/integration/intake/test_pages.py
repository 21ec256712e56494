"""The page of sources: upload, watch, cancel, download; and what it says when empty."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from annotations.models import IntakeBatch, Utterance, WorkerHeartbeat
from annotations.services import intake
from tests.factories import cast

from .conftest import lines, receive, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def chen() -> Client:
    client = Client()
    client.force_login(cast.person("chen", "ml_engineer"))
    return client


def upload(client: Client, data: bytes = b'{"text": "a"}\n', **fields):
    file = SimpleUploadedFile("calls.jsonl", data)
    return client.post("/sources/upload", {"file": file, "source": "calls", **fields})


def worker() -> None:
    now = timezone.now()
    WorkerHeartbeat.objects.create(
        name="w", queues="default", pid=1, started_at=now, last_seen_at=now
    )


def test_an_empty_page_says_how_to_begin(chen):
    page = chen.get("/sources").content.decode()

    assert "Nothing has been imported" in page
    assert "No worker is alive" in page


def test_the_page_does_not_cry_wolf(chen):
    worker()

    assert "No worker is alive" not in chen.get("/sources").content.decode()


def test_an_upload_becomes_a_batch_and_leads_to_its_page(chen):
    response = upload(chen)

    batch = IntakeBatch.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/sources/{batch.pk}"
    assert batch.created_by.username == "chen"
    assert (batch.file_name, batch.reader) == ("calls.jsonl", "jsonl")
    assert "calls.jsonl" in chen.get("/sources").content.decode()


def test_the_same_upload_again_says_so(chen):
    take_in(b'{"text": "a"}\n', options={"labels": "import"})

    response = upload(chen, labels="import")

    page = chen.get(response["Location"]).content.decode()
    assert "nothing was added" in page
    assert IntakeBatch.objects.count() == 1


def test_a_refused_upload_shows_why_and_keeps_what_was_entered(chen):
    response = upload(chen, source="Bad Name")

    page = response.content.decode()
    assert response.status_code == 422
    assert "A source is a name" in page
    assert 'value="Bad Name"' in page


def test_an_upload_needs_its_token(db):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.person("chen", "ml_engineer"))

    assert upload(client).status_code == 403
    assert IntakeBatch.objects.count() == 0


def test_a_batch_page_counts_and_lists_rejects_without_their_text(chen):
    batch = take_in(b'{"text": "fine"}\n{"text": "<b>secret</b>"\n')

    page = chen.get(f"/sources/{batch.pk}").content.decode()

    assert "The line is not valid JSON." in page
    assert "bad_json: 1" in page
    assert "secret" not in page
    assert "hx-trigger" not in page.split('id="batch"')[1]


def test_a_batch_that_moves_is_asked_after(chen):
    batch = receive(lines("a"))

    page = chen.get(f"/sources/{batch.pk}").content.decode()
    fragment = chen.get(f"/sources/{batch.pk}", headers={"HX-Request": "true"})

    assert 'hx-trigger="every 1s"' in page
    assert "<html" not in fragment.content.decode()
    assert "Cancel" in fragment.content.decode()


def test_cancelling_stops_the_batch(chen):
    batch = receive(lines("a"))

    response = chen.post(f"/sources/{batch.pk}/cancel")

    batch.refresh_from_db()
    assert response.status_code == 302
    assert batch.status == IntakeBatch.Status.CANCELLED
    assert intake.process(batch.pk) is False


def test_a_broken_file_shows_its_sentence(chen):
    batch = take_in(b"PK\x03\x04", "book.xlsx")

    assert "a ZIP archive" in chen.get(f"/sources/{batch.pk}").content.decode()


def test_rows_that_wait_or_failed_are_not_hidden_from_view(chen):
    take_in(lines("a", "b"))
    cast.utterance("c", redaction=Utterance.Redaction.FAILED)

    page = chen.get("/sources/state").content.decode()

    assert "2 rows wait for the full redaction pass" in page
    assert "1 row" in page
    assert "could not be read" in page


def test_rejects_can_be_downloaded(chen):
    batch = take_in(b"{\n")

    response = chen.get(f"/sources/{batch.pk}/rejects.csv")

    assert "attachment" in response["Content-Disposition"]
    assert response.getvalue().decode().splitlines()[1].startswith("1,bad_json,")


@pytest.mark.parametrize("roles", [["annotator"], ["auditor"], ["api_client"]])
def test_others_have_no_access(db, roles):
    batch = receive(lines("a"))
    client = Client()
    client.force_login(cast.person("ana", *roles))

    assert client.get("/sources").status_code == 403
    assert client.post(f"/sources/{batch.pk}/cancel").status_code == 403
    assert upload(client).status_code == 403
