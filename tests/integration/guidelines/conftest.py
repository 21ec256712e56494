from types import SimpleNamespace

import pytest
from django.test import Client

from annotations.models import User
from tests.factories import cast
from tests.integration.intake.conftest import full_pass

__all__ = ["bill", "full_pass", "people"]


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def people(db) -> SimpleNamespace:
    """Ana labels, Rita reviews, Boris owns the product."""
    return SimpleNamespace(
        ana=cast.ana(),
        rita=cast.person("rita", "reviewer"),
        boris=cast.person("boris", "product_owner"),
    )


@pytest.fixture
def bill(db):
    return cast.intent("check_bill", description="Asks what is on a bill.")


@pytest.fixture
def pay(db):
    return cast.intent("pay_bill", description="Wants to pay.")
