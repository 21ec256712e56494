"""What is done with many search results at once."""

from django.test import Client

from annotations.models import BulkAction, User
from tests.factories import cast


def bulk_draft(client: Client, user: User):
    cast.utterance("same words")
    return client.post("/search/bulk", {"q": "same", "kind": "exclude"})


def bulk_step(client: Client, user: User):
    bulk_draft(client, user)
    return client.post(f"/search/bulk/{BulkAction.objects.get().pk}/confirm")


ACTS = (
    (bulk_draft, "bulk.drafted"),
    (bulk_step, "bulk.exclude"),
)
