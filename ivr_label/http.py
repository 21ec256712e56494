"""Errors as responses: the one table of status codes.

The API answers `{"code", "message", …details}`, htmx gets a fragment, a browser a
page. Wired by the settings, so that no app imports the roof.
"""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from annotations.errors import (
    ConflictError,
    DomainError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    TooLargeError,
)

from .requests import NOT_STORABLE, is_for_programs, is_unstorable_text

logger = logging.getLogger(__name__)

STATUS_CODES: tuple[tuple[type[DomainError], int], ...] = (
    (NotAllowedError, 403),
    (NotFoundError, 404),
    (ConflictError, 409),
    (TooLargeError, 413),
    (InvalidError, 422),
    (DomainError, 422),
)


def status_of(error: DomainError) -> int:
    return next(status for kind, status in STATUS_CODES if isinstance(error, kind))


def error_body(error: DomainError) -> dict[str, object]:
    return {**error.details, "code": error.code, "message": error.message}


def error_response(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Return what this client can show: JSON, an htmx fragment or a page."""
    status = status_of(error)
    logger.info(
        "request refused",
        extra={"code": error.code, "status": status, "path": request.path},
    )
    if wants_json(request):
        return JsonResponse(error_body(error), status=status)
    template = "errors/_message.html" if _is_htmx(request) else "errors/page.html"
    context = {"error": error, "status": status, "back": _came_from(request)}
    response = render(request, template, context, status=status)
    response["Vary"] = "HX-Request, Accept"
    return response


class DomainErrorMiddleware:
    """A DomainError that leaves a view becomes a response."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        if isinstance(error, DomainError):
            return error_response(request, error)
        if isinstance(error, RequestDataTooBig):
            return error_response(
                request, TooLargeError(_("The request is too large."))
            )
        return None


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's handler: ours for DomainError, one shape for everything else."""
    if isinstance(error, RequestDataTooBig):
        error = TooLargeError(_("The request is too large."))
    if isinstance(error, DomainError):
        return Response(error_body(error), status=status_of(error))
    if is_unstorable_text(error):
        error = ParseError(str(NOT_STORABLE))
    response = exception_handler(error, context)
    if response is not None:
        response.data = _api_error_body(error, response.data)
    return response


def _api_error_body(error: Exception, data: Any) -> dict[str, Any]:
    if isinstance(data, dict) and set(data) == {"detail"}:
        code = error.default_code if isinstance(error, APIException) else "error"
        return {
            "code": getattr(data["detail"], "code", code),
            "message": str(data["detail"]),
        }
    return {
        "code": "invalid",
        "message": _("Some fields are not valid; see `fields`."),
        "fields": data,
    }


def _came_from(request: HttpRequest) -> str:
    """The page of ours whose form was refused, so that nobody has to find it again."""
    before = urlsplit(request.headers.get("Referer", ""))
    if request.method != "POST" or before.netloc != request.get_host():
        return ""
    return before._replace(scheme="", netloc="", fragment="").geturl()


def _is_htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def wants_json(request: HttpRequest) -> bool:
    return is_for_programs(request) or (
        not _is_htmx(request) and not request.accepts("text/html")
    )
