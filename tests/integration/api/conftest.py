import uuid

import pytest
from django.test import Client

from tests.factories import cast


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def ana(db):
    return cast.ana()


@pytest.fixture
def ben(db):
    return cast.ben()


@pytest.fixture
def api(ana) -> Client:
    """Ana's session."""
    return client_of(ana)


@pytest.fixture
def billing(db):
    """An intent whose function wants an account number."""
    intent = cast.intent("check_bill")
    cast.live_schema(intent)
    return intent


@pytest.fixture
def plain(db):
    """An intent without a function."""
    return cast.intent("say_hello")


def post(client: Client, path: str, body: object):
    return client.post(f"/api/v1/{path}", body, content_type="application/json")


def take(client: Client) -> dict:
    """The next item, leased to the client's user."""
    return post(client, "queue/next", {}).json()["item"]


def label(item: dict, **fields: object) -> dict:
    return {
        "id": str(uuid.uuid4()),
        "kind": "label",
        "item": item["id"],
        "intent": "say_hello",
        **fields,
    }
