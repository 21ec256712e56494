"""The desk as a client of the server meets it: items taken, answers sent."""

import uuid

from annotations.services import queue
from tests.factories import cast

DESK = {"HX-Request": "true"}


def taken(client, of=None, **fields):
    """A new item, leased to the client's person."""
    cast.item(of, **fields)
    return queue.claim_next(by=client.person)


def send(client, of, path="/label/answer", headers=DESK, **fields):
    body = {"uuid": uuid.uuid4(), "item": of.pk, "intent": "check_bill", **fields}
    return client.post(path, body, headers=headers)
