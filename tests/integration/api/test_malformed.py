"""Nothing that is sent makes the server fail, and nothing else is lost by it."""

import json

import pytest

from annotations.models import (
    Annotation,
    AuditEvent,
    IntakeBatch,
    QueueItem,
    Utterance,
)
from tests.cases.payloads import ADDRESSES, BODIES, ITEM, MACHINES, Case
from tests.factories import cast
from training.models import Round

from .conftest import client_of, label, post, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(api, billing, plain) -> dict:
    cast.item(cast.utterance("hello for account 5 5 5"))
    return take(api)


def send(client, case: Case, item: dict):
    body = case.body.replace(str(ITEM).encode(), str(item["id"]).encode())
    return client.generic(
        case.method,
        f"/api/v1/{case.path}",
        body,
        content_type=case.content_type,
        headers=case.headers,
    )


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c.name) for c in BODIES + ADDRESSES]
)
def test_it_is_refused_in_words_and_changes_nothing(api, item, case):
    api.raise_request_exception = False
    before = AuditEvent.objects.count()

    response = send(api, case, item)

    assert response.status_code in case.status, response.content[:300]
    if response.status_code >= 400 and "json" in response["Content-Type"]:
        problem = json.loads(response.content)
        assert problem["code"] and problem["message"]
    if response.status_code != 201:
        assert not Annotation.objects.exists()
        assert AuditEvent.objects.count() == before
        assert QueueItem.objects.get().status == QueueItem.Status.LEASED
        assert post(api, "annotations", label(item)).status_code == 201


@pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in MACHINES])
def test_it_is_refused_by_the_machines_too(case, plain):
    program = client_of(cast.person("program", "api_client", "ml_engineer"))
    program.raise_request_exception = False

    response = send(program, case, {"id": 0})

    assert response.status_code in case.status, response.content[:300]
    assert Round.objects.count() == Utterance.objects.count() == 0
    assert IntakeBatch.objects.count() == 0
    if response.status_code >= 400 and "json" in response["Content-Type"]:
        problem = json.loads(response.content)
        assert problem["code"] and problem["message"]


def test_a_long_refusal_does_not_repeat_what_was_sent(api, item):
    response = post(api, "annotations", label(item, intent="a" * 1_000_000))

    assert len(response.content) < 1000


def test_there_are_forty_of_them_at_least():
    assert len(BODIES) + len(ADDRESSES) >= 40
