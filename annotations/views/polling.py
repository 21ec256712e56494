"""Fragments that a page asks for every few seconds: sent again only when changed."""

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

# Masked anew on every rendering, though the secret behind them is the same.
CSRF_TOKEN = re.compile(rb'("X-CSRFToken": "|name="csrfmiddlewaretoken" value=")[^"]*')


def polled(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view answers a poll with 304 and no body while what it shows is the same.

    The tag is of what was rendered, so it can never be older than the rows are.
    """

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        is_poll = request.method == "GET" and "HX-Request" in request.headers
        if not is_poll or response.status_code != 200:
            return response
        etag = etag_of(response.content)
        response["ETag"] = etag
        answered = get_conditional_response(request, etag=etag, response=response)
        return answered or response

    return asked


def etag_of(content: bytes) -> str:
    """A tag that equal fragments share, whatever their form tokens are."""
    stable = CSRF_TOKEN.sub(rb"\1", content)
    return quote_etag(hashlib.sha256(stable).hexdigest()[:32])
