"""Every list of the API is whole, or says where it goes on."""

from unittest.mock import ANY

import pytest

from annotations.api import paging
from annotations.models import Annotation, Function, Intent
from tests.factories import cast
from tests.factories import rounds as factory
from training.models import Checkpoint, Policy, Round

from .conftest import client_of

pytestmark = pytest.mark.django_db
MORE = paging.SIZE + 3


def annotations(user):
    said = cast.utterance()
    Annotation.objects.bulk_create(
        Annotation(
            id=cast.new_id(), kind="skip", skip_reason="other", utterance=said,
            annotator=user, body_hash="0" * 64,
        )
        for _ in range(MORE)
    )  # fmt: skip


def intents(user):
    domain = cast.intent("one").domain
    Intent.objects.bulk_create(
        Intent(name=f"i{n}", title=f"I {n}", domain=domain) for n in range(MORE - 1)
    )


def functions(user):
    intents(user)
    Function.objects.bulk_create(
        Function(name=f"f_{intent.name}", intent=intent, domain=intent.domain)
        for intent in Intent.objects.all()
    )


def rounds(user):
    factory.policy()
    Round.objects.bulk_create(
        Round(policy=Policy.objects.get(iteration=1), recipe="head", cause="a test",
              status=Round.Status.FAILED, finished_at="2026-01-01T00:00Z")
        for _ in range(MORE)
    )  # fmt: skip


def checkpoints(user):
    Checkpoint.objects.bulk_create(
        Checkpoint(name=f"c{n}", recipe="head", path=f"c{n}", manifest_sha256="0" * 64)
        for n in range(MORE)
    )


WORLDS = {
    "annotations_list": annotations,
    "intents_list": intents,
    "functions_list": functions,
    "rounds_list": rounds,
    "checkpoints_list": checkpoints,
}


@pytest.fixture
def everybody(db):
    return cast.person("everybody", *("annotator", "ml_engineer", "product_owner"))


def lists(client) -> dict[str, str]:
    """The address of every operation that gives a list, as the document says."""
    document = client.get("/api/schema/?format=json").json()
    found = {}
    for path, methods in document["paths"].items():
        content = methods.get("get", {}).get("responses", {}).get("200", {})
        for shape in content.get("content", {}).values():
            name = shape["schema"].get("$ref", "").rsplit("/", 1)[-1]
            named = document["components"]["schemas"].get(name, shape["schema"])
            fields = named.get("properties", {})
            if named.get("type") == "array" or "results" in fields:
                found[methods["get"]["operationId"]] = path
    return found


def test_every_list_of_the_api_is_tried_here(everybody):
    assert set(lists(client_of(everybody))) == set(WORLDS)


@pytest.mark.parametrize("operation", WORLDS)
def test_following_next_gives_every_row_once(operation, everybody):
    client = client_of(everybody)
    path = lists(client)[operation]
    WORLDS[operation](everybody)

    rows, address = [], path
    while address:
        page = client.get(address).json()
        if isinstance(page, list):  # not in pages: it has to be all
            rows, address = page, None
        else:
            rows += page["results"]
            address = page["next"]

    keys = [row.get("id") or row["name"] for row in rows]
    assert len(keys) == len(set(keys)) == MORE


@pytest.mark.parametrize("path", ["/api/v1/rounds", "/api/v1/checkpoints"])
def test_a_page_knows_its_neighbours_and_what_is_no_page_is_the_first(path, everybody):
    client = client_of(everybody)
    rounds(everybody)
    checkpoints(everybody)

    first = client.get(f"{path}?page=1").json()
    last = client.get(first["next"]).json()

    assert first["previous"] is None
    assert last["next"] is None
    assert last["previous"].endswith("page=1")
    for page in ("0", "-1", "two", "1e3", "9" * 30):
        assert client.get(f"{path}?page={page}").json() == {**first, "next": ANY}
