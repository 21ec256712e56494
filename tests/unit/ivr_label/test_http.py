import json

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from annotations.errors import (
    ConflictError,
    DomainError,
    InvalidLabelError,
    LeaseLostError,
    NotAllowedError,
    NotFoundError,
    TooLargeError,
)
from ivr_label.http import api_exception_handler, error_response, status_of


def a_request(path: str, **headers: str) -> HttpRequest:
    request = RequestFactory().get(path, headers=headers)
    request.htmx = HtmxDetails(request)
    return request


@pytest.mark.parametrize(
    "kind, status",
    [
        (NotAllowedError, 403),
        (NotFoundError, 404),
        (ConflictError, 409),
        (LeaseLostError, 409),
        (TooLargeError, 413),
        (InvalidLabelError, 422),
        (DomainError, 422),
    ],
)
def test_each_kind_of_error_has_its_status(kind, status):
    assert status_of(kind("no")) == status


def test_a_program_gets_the_code_the_words_and_the_details():
    error = LeaseLostError("Somebody else has it now.", item=7)

    response = error_response(a_request("/api/v1/annotations"), error)

    assert response.status_code == 409
    assert json.loads(response.content) == {
        "code": "lease_lost",
        "message": "Somebody else has it now.",
        "item": 7,
    }


def test_a_browser_gets_a_page_and_htmx_only_a_piece_of_one():
    error = NotFoundError("<b>There is no such item.")

    page = error_response(a_request("/label", Accept="text/html"), error)
    piece = error_response(a_request("/label", **{"HX-Request": "true"}), error)

    assert page.status_code == piece.status_code == 404
    assert b"<html" in page.content
    assert b"<html" not in piece.content
    for response in (page, piece):
        assert b"&lt;b&gt;There is no such item." in response.content
        assert "HX-Request" in response["Vary"]


def test_the_api_answers_a_domain_error_with_the_same_status():
    response = api_exception_handler(LeaseLostError("Gone."), {})

    assert response.status_code == 409
    assert response.data == {"code": "lease_lost", "message": "Gone."}


def test_text_the_database_refused_is_the_senders_fault():
    refused = ValueError("A string literal cannot contain NUL (0x00) characters.")

    response = api_exception_handler(refused, {})

    assert response.status_code == 400
    assert "NUL" in response.data["message"]


def test_an_error_of_our_own_making_is_not_explained_away():
    assert api_exception_handler(ValueError("a bug"), {}) is None
