"""Pages for what went wrong before or outside a view."""

from django.http import HttpRequest, HttpResponse
from django.template import loader

SENTENCES = {
    400: "The request could not be understood.",
    403: "This page is not open to you.",
    404: "There is nothing at this address.",
    500: "Something failed on our side. What you had submitted before is safe.",
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400, str(exception) or SENTENCES[400])


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, SENTENCES[403])


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, SENTENCES[404])


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500, SENTENCES[500])


def _page(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    """No context processor runs, no query is made: the database may be what failed."""
    context = {
        "request": request,
        "request_id": getattr(request, "request_id", ""),
        "status": status,
        "sentence": sentence,
    }
    body = loader.get_template("errors/plain.html").render(context)
    return HttpResponse(body, status=status)
