import pytest
from django.test import Client

from tests.factories import cast


@pytest.fixture
def signed_in(db):
    """A client of a new person with these roles; `.person` is who it is."""

    def sign(name: str = "ana", *roles: str) -> Client:
        client = Client()
        client.person = cast.person(name, *(roles or ("annotator",)))
        client.force_login(client.person)
        return client

    return sign


@pytest.fixture
def ana(signed_in):
    return signed_in("ana", "annotator")


@pytest.fixture
def bill():
    return cast.intent("check_bill")
