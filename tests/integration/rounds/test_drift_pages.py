"""What the pages of drift say while a check runs, and after another model serves."""

import pytest
from django.test import Client

from tests.factories import cast
from tests.factories import drift as factory
from tests.factories import rounds as rounds_factory
from training.models import DriftCheck
from training.services import drift, promotion

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia():
    client = Client()
    client.force_login(cast.person("mia", "ml_engineer"))
    return client


def text_of(answer) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize(
    ("status", "sentence"),
    [("requested", "Requested: a worker takes it"), ("running", "Running: the model")],
)
def test_an_open_check_is_followed_and_says_what_is_done(mia, status, sentence):
    check = factory.check()
    DriftCheck.objects.filter(pk=check.pk).update(status=status)

    page = text_of(mia.get(f"/drift/{check.pk}"))

    assert sentence in page and 'hx-trigger="every 3s"' in page
    listed = text_of(mia.get("/drift"))
    assert f'<a href="/drift/{check.pk}">Check {check.pk}</a> is {status}.' in listed


def test_a_check_that_is_over_is_not_asked_for_again(mia):
    check = drift.run(factory.check().pk)

    page = text_of(mia.get(f"/drift/{check.pk}"))

    assert "every 3s" not in page and "No alarm." in page


def test_a_check_of_a_model_that_no_longer_serves_says_so(mia, tmp_path):
    check = drift.run(factory.check(changed=True).pk)
    assert "serves-instead" not in text_of(mia.get("/drift"))
    newer = rounds_factory.checkpoint(
        "newer", tmp_path / "newer", rounds_factory.SAYINGS
    )
    promotion.promote(
        checkpoint=newer, reason="it learned the storm", by=None,
        instead_of=check.checkpoint,
    )  # fmt: skip

    for address in ("/drift", f"/drift/{check.pk}"):
        page = text_of(mia.get(address))
        assert f"All of it is about {check.checkpoint.name}. newer serves now" in page


def test_a_small_change_beyond_chance_is_not_told_as_none(mia):
    check = drift.run(factory.check().pk)
    tests = check.tests
    tests[0] |= {"effect": 0.09, "matters_from": 0.1, "changed": False}
    tests[0] |= {"persists": False, "p_value": 0.01}
    DriftCheck.objects.filter(pk=check.pk).update(tests=tests)

    page = text_of(mia.get(f"/drift/{check.pk}"))

    assert page.count("changed, but too little to matter") == 1


def test_callers_words_on_the_list_are_covered_like_those_on_a_checks_page(mia):
    check = drift.run(factory.check(changed=True).pk)

    for address in ("/drift", f"/drift/{check.pk}"):
        page = text_of(mia.get(address))
        assert factory.INTERNET in page and "js/covered" in page
