"""OpenAPI and its page: complete, valid, and without a script."""

import re

import pytest
from django.core.management import call_command

from tests.integration.security.routes import patterns

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(api) -> dict:
    return api.get("/api/schema/?format=json").json()


def test_every_api_route_is_described(document):
    described = {re.sub(r"{\w+}", "{}", path) for path in document["paths"]}
    routed = {
        re.sub(r"<[^>]+>", "{}", f"/{pattern.pattern}")
        for name, pattern in patterns()
        if str(pattern.pattern).startswith(("api/v1/", "v1/"))
    }

    # Answered with 501 for now: the address is promised, the dialogue not yet built.
    assert routed - described == {"/v1/chat/completions"}


def test_every_operation_is_named_once_and_says_what_it_gives(document):
    operations = [o for path in document["paths"].values() for o in path.values()]
    names = [operation["operationId"] for operation in operations]

    assert len(set(names)) == len(names)
    assert all(
        any(status.startswith("2") for status in operation["responses"])
        for operation in operations
    )


def test_the_document_is_valid_openapi_without_warnings(capsys):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")


def test_the_page_lists_every_operation_without_script_or_other_hosts(api, document):
    page = api.get("/api/docs/").content.decode()

    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in page
    main = page[page.index("<main") : page.index("</main>")]
    assert "<script" not in main
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page)
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", page)
