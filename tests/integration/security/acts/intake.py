"""What brings utterances in."""

import json

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotations.models import IntakeBatch, User


def source_upload(client: Client, user: User):
    file = SimpleUploadedFile("calls.jsonl", b'{"text": "hello"}\n')
    return client.post("/sources/upload", {"source": "calls", "file": file})


def source_cancel(client: Client, user: User):
    source_upload(client, user)
    return client.post(f"/sources/{IntakeBatch.objects.get().pk}/cancel")


def api_batches(client: Client, user: User):
    body = json.dumps([{"text": "hello"}])
    return client.post(
        "/api/v1/utterances/batches", body, content_type="application/json"
    )


ACTS = (
    (source_upload, "batch.received"),
    (source_cancel, "batch.cancelled"),
    (api_batches, "batch.received"),
)
