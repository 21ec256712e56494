import logging

import pytest
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.test import RequestFactory

from ivr_label import logs
from ivr_label.requests import (
    RequestIdMiddleware,
    SecurityHeadersMiddleware,
    StorableTextMiddleware,
)


def ok(request):
    return HttpResponse("fine")


def test_a_request_keeps_the_id_its_sender_gave_it():
    request = RequestFactory().get("/", headers={"X-Request-ID": "call-2026-11.7"})

    assert RequestIdMiddleware(ok)(request)["X-Request-ID"] == "call-2026-11.7"


@pytest.mark.parametrize("sent", ["", "short", "a b c d e f", "x" * 65, "evil\nline"])
def test_an_id_that_could_forge_a_log_line_is_replaced(sent):
    request = RequestFactory().get("/", headers={"X-Request-ID": sent})

    given = RequestIdMiddleware(ok)(request)["X-Request-ID"]

    assert given != sent
    assert len(given) == 32


def test_log_lines_carry_the_id_while_the_request_lasts():
    seen = []

    def view(request):
        record = logging.makeLogRecord({"msg": "hello"})
        logs.RequestIdFilter().filter(record)
        seen.append(record.request_id)
        return HttpResponse()

    request = RequestFactory().get("/", headers={"X-Request-ID": "abcdefgh"})
    RequestIdMiddleware(view)(request)

    assert seen == ["abcdefgh"]
    assert logs.request_id.get() == ""


def test_no_page_runs_inline_code_or_lies_in_a_cache():
    response = SecurityHeadersMiddleware(ok)(RequestFactory().get("/"))

    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("query", ["q=%00", "a=1&q=x%00y", "%00=1"])
def test_a_nul_in_the_query_is_a_bad_request(query):
    request = RequestFactory().get("/search", QUERY_STRING=query)

    assert StorableTextMiddleware(ok)(request).status_code == 400


def test_a_nul_in_the_path_is_a_bad_request():
    assert StorableTextMiddleware(ok)(RequestFactory().get("/a%00b")).status_code == 400


def test_text_that_met_the_databases_refusal_is_a_bad_request():
    middleware = StorableTextMiddleware(ok)
    request = RequestFactory().post("/label")

    with pytest.raises(BadRequest):
        middleware.process_exception(
            request,
            ValueError("A string literal cannot contain NUL (0x00) characters."),
        )
    with pytest.raises(BadRequest):
        try:
            "\ud800".encode()
        except UnicodeEncodeError as error:
            middleware.process_exception(request, error)
    assert middleware.process_exception(request, ValueError("a bug")) is None
