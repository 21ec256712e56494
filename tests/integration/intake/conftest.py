"""Files taken in on a database of their own, with a full pass that loads no model."""

import io
import json
import re

import pytest

from annotations.intake.redaction import light
from annotations.intake.redaction.entities import Candidate
from annotations.intake.redaction.full import RedactionFailedError
from annotations.models import IntakeBatch
from annotations.services import intake, scrub


class FakeRedactor:
    """Knows the name Zorro, and cannot read a text that says "unreadable"."""

    def redact_batch(self, items):
        return [self._redact(item) for item in items]

    def _redact(self, item):
        if "unreadable" in item.text:
            return RedactionFailedError("no")
        found = [
            Candidate(m.start(), m.end(), "NAME", "zorro")
            for m in re.finditer("zorro", item.text)
        ]
        return light.apply(item.text, found, item.context, item.numbering)


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.EXAM_SHARE = 0.1


@pytest.fixture
def full_pass(monkeypatch):
    monkeypatch.setattr(scrub, "load", FakeRedactor)
    return scrub.scrub


def lines(*rows) -> bytes:
    """Rows as JSON lines; a string is a record of just that text."""
    records = [{"text": row} if isinstance(row, str) else row for row in rows]
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def receive(data: bytes, name: str = "calls.jsonl", **more) -> IntakeBatch:
    more.setdefault("source", "calls")
    return intake.receive(io.BytesIO(data), file_name=name, by=None, **more)


def take_in(data: bytes, name: str = "calls.jsonl", **more) -> IntakeBatch:
    """The batch, read to its end."""
    batch = receive(data, name, **more)
    intake.process(batch.pk)
    batch.refresh_from_db()
    return batch


def counters(batch: IntakeBatch) -> tuple[int, int, int, int]:
    return batch.received, batch.accepted, batch.duplicate, batch.rejected
