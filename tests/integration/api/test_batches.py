"""Whose batches a program may look at."""

import json

import pytest

from tests.factories import cast

from .conftest import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent():
    """A batch of one program, as its answer shows it."""
    sender = client_of(cast.person("sender", "api_client"))
    body = json.dumps([{"text": "why is my bill so high"}])
    response = sender.post(
        "/api/v1/utterances/batches", body, content_type="application/json"
    )
    assert response.status_code == 202, response.content
    return sender, response.json()


def test_a_program_sees_its_own_batch(sent):
    sender, batch = sent

    assert sender.get(batch["url"]).json()["id"] == batch["id"]
    assert sender.get(batch["rejects_url"]).status_code == 200


def test_a_program_does_not_see_anothers_batch(sent):
    _, batch = sent
    other = client_of(cast.person("other", "api_client"))

    assert other.get(batch["url"]).status_code == 404
    assert other.get(batch["rejects_url"]).status_code == 404


@pytest.mark.parametrize("role", ["admin", "ml_engineer"])
def test_who_runs_the_sources_sees_every_batch(sent, role):
    _, batch = sent
    staff = client_of(cast.person("staff", role))

    assert staff.get(batch["url"]).status_code == 200
