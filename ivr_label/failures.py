"""What went wrong before or outside a view: JSON for programs, a page for people."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .requests import is_for_programs

SENTENCES = {
    400: _("The request could not be understood."),
    403: _("This page is not open to you."),
    404: _("There is nothing at this address."),
    500: _("Something failed on our side. What you had submitted before is safe."),
}
STALE_FORM = _(
    "This form was not sent from a page of yours that is still open. Go back, load the "
    "page anew and send it again; cookies have to be allowed."
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400, str(exception) or SENTENCES[400])


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403, SENTENCES[403])


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, SENTENCES[404])


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500, SENTENCES[500])


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(request, 403, STALE_FORM)


def wrong_method(request: HttpRequest, methods: list[str]) -> HttpResponse:
    """405, with the methods that this address has."""
    has = gettext("This address takes %(methods)s, not %(method)s.") % {
        "methods": ", ".join(methods),
        "method": request.method,
    }
    response = _answer(request, 405, has if methods else SENTENCES[404])
    response["Allow"] = ", ".join(methods)
    return response


def _answer(request: HttpRequest, status: int, sentence: str | Promise) -> HttpResponse:
    """No context processor runs, no query is made: the database may be what failed."""
    if is_for_programs(request):
        code = HTTPStatus(status).phrase.lower().replace(" ", "_")
        return JsonResponse({"code": code, "message": str(sentence)}, status=status)
    context = {
        "request": request,
        "request_id": getattr(request, "request_id", ""),
        "status": status,
        "sentence": sentence,
    }
    body = loader.get_template("errors/plain.html").render(context)
    return HttpResponse(body, status=status)
