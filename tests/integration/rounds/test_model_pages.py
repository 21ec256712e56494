"""The page of a model."""

import pytest
from django.test import Client

from tests.factories import cast
from tests.factories import rounds as factory
from training.services import execution, rounds

pytestmark = pytest.mark.django_db


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner():
    return client_of(cast.person("boris", "product_owner"))


def text_of(answer) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.mark.usefixtures("tiny")
def test_a_model_has_a_page_with_its_report(owner):
    factory.world()
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)
    execution.run(found.pk, worker="here")
    name = rounds.get(found.pk).challenger.name

    page = text_of(owner.get(f"/models/{name}"))

    assert "On the exam" in page and "Calibration" in page
    assert "by the policy" in page and "to now" in page
    assert owner.get("/models/none-such").status_code == 404
    assert client_of(cast.ana()).get(f"/models/{name}").status_code == 403


def test_a_model_that_was_never_measured_says_so(owner, tmp_path):
    factory.checkpoint("one", tmp_path / "one", factory.SAYINGS)

    page = text_of(owner.get("/models/one"))

    assert "This model was not measured on an exam" in page
    assert "It never did." in page
