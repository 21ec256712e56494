"""Middleware for every request: its id, its security headers, text we can store."""

import re
import uuid
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.translation import gettext_lazy as _

from . import logs

GetResponse = Callable[[HttpRequest], HttpResponseBase]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
FOR_PROGRAMS = ("/api/", "/v1/")
METRICS = "/metrics"
NOT_STORABLE = _("The request holds a NUL or half a surrogate pair; remove it.")


class RequestIdMiddleware:
    """Each response and each log line carries the request's id."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        sent = request.headers.get("X-Request-ID", "")
        current = sent if REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
        request.request_id = current
        token = logs.request_id.set(current)
        try:
            response = self.get_response(request)
        finally:
            logs.request_id.reset(token)
        response["X-Request-ID"] = current
        return response


class SecurityHeadersMiddleware:
    """Nothing inline runs, no cache keeps a caller's words."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        response.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=()"
        )
        response.setdefault("Cache-Control", "no-store")  # static files set their own
        return response


class StorableTextMiddleware:
    """PostgreSQL stores no NUL and no lone surrogate: such a request is a 400."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        query = request.META.get("QUERY_STRING", "")
        if "\0" in request.path or b"\0" in unquote_to_bytes(query):
            return _not_storable(request)
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        """Answer for text that came in a body and met the database's refusal."""
        if is_unstorable_text(error):
            raise BadRequest(str(NOT_STORABLE)) from error
        return None


def _not_storable(request: HttpRequest) -> HttpResponse:
    if is_for_programs(request):
        body = {"code": "bad_request", "message": str(NOT_STORABLE)}
        return JsonResponse(body, status=400)
    return HttpResponse(NOT_STORABLE, status=400, content_type="text/plain")


def is_for_programs(request: HttpRequest) -> bool:
    """Tell whether programs alone call this address: refusals there are JSON."""
    return request.path.startswith(FOR_PROGRAMS) or request.path == METRICS


def is_unstorable_text(error: BaseException) -> bool:
    """Tell whether `error` is a refusal of NUL or of a lone surrogate."""
    if isinstance(error, UnicodeEncodeError):
        return error.reason == "surrogates not allowed"
    return isinstance(error, ValueError) and "NUL (0x00)" in str(error)
