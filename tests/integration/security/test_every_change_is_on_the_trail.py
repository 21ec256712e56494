"""Each route that changes something leaves its event, by whoever called it."""

import pytest

from annotations.models import Annotation, AuditEvent, Role, User
from annotations.services import audit
from ivr_label.access import table
from tests.factories import cast

from .acts import EVERY
from .conftest import client_of

pytestmark = pytest.mark.django_db

ACTS = {act.__name__: (act, action) for act, action in EVERY}
# Leases come and go with each page and say nothing about the data.
WORKING_STATE = {
    "label_renew",
    "label_release",
    "search_open",
    "api_queue_next",
    "api_queue_heartbeat",
    "api_queue_release",
}
NOTHING_CHANGES = {
    "label_value",
    "review_value",
    "api_function_validate",
    "chat_completions",
    "function_check",
    "intent_samples_check",
    "schema_try",
}
# A live turn is data that comes in, as a row of a batch is; the batch has an event.
DATA = {"api_turns"}


def everybody() -> User:
    return cast.person("everybody", *Role.values)


def test_every_route_that_changes_something_has_an_act():
    changing = {route for route, row in table().items() if set(row) - {"GET"}}

    assert changing - WORKING_STATE - NOTHING_CHANGES - DATA == set(ACTS)


@pytest.mark.parametrize("route", ACTS)
def test_the_act_leaves_its_event(route):
    act, action = ACTS[route]
    user = everybody()

    response = act(client_of(user), user)

    assert response.status_code < 400, response.content[:500]
    actors = AuditEvent.objects.filter(action=action).values_list("actor", flat=True)
    assert set(actors) == {f"user:{user.pk}"}


@pytest.mark.parametrize("route", ["label_answer", "label_skip", "api_annotations"])
def test_without_its_event_nothing_is_stored(route, monkeypatch):
    """The event is part of the change's transaction."""
    act, _ = ACTS[route]
    user = everybody()
    client = client_of(user)
    client.raise_request_exception = False

    def broken(**_):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)

    assert act(client, user).status_code == 500
    assert not Annotation.objects.exists()
