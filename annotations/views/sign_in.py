"""Signing in by a link, and out."""

from django.contrib.auth import login, logout
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from annotations.errors import LinkNotValidError
from annotations.models import User
from annotations.services import sign_in as service

# A cookie, not the session: visitors who never sign in leave no row behind.
NEXT = "ivr_next"
NEXT_SECONDS = 3600


def sign_in(request: HttpRequest) -> HttpResponse:
    """Says how to get a link; remembers where the person wanted to go."""
    target = request.GET.get("next", "")
    if request.user.is_authenticated:
        return HttpResponseRedirect(_safe(request, target))
    response = render(request, "annotations/sign_in/ask.html")
    if target:
        response.set_cookie(
            NEXT,
            _safe(request, target),
            max_age=NEXT_SECONDS,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    return response


def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """Signs in at once when a person opened the link, else after a button.

    Programs that look at links in mails and chats must not use them up, and another
    site must not sign a person in under a name that is not theirs.
    """
    if request.method == "POST" or _is_opened_by_a_person(request):
        return _sign_in(request, token)
    user = service.look_up(token)
    if user is None:
        return _not_valid(
            request, LinkNotValidError(_("This sign-in link is not valid."))
        )
    return render(request, "annotations/sign_in/confirm.html", {"person": user})


def _is_opened_by_a_person(request: HttpRequest) -> bool:
    sent = request.headers
    return (
        sent.get("Sec-Fetch-Mode") == "navigate"
        and sent.get("Sec-Fetch-Dest") == "document"
        and sent.get("Sec-Fetch-Site") in ("none", "same-origin")
        and "Sec-Purpose" not in sent
        and request.method == "GET"
        and not request.user.is_authenticated
    )


def _sign_in(request: HttpRequest, token: str) -> HttpResponse:
    try:
        user = service.consume(token, origin=request.META.get("REMOTE_ADDR", ""))
    except LinkNotValidError as error:
        return _not_valid(request, error)
    _open_session(request, user)
    response = HttpResponseRedirect(_safe(request, request.COOKIES.get(NEXT, "")))
    response.delete_cookie(NEXT)
    return response


def _open_session(request: HttpRequest, user: User) -> None:
    # Nothing of whoever sat here before, and a key nobody could have planted.
    request.session.flush()
    login(request, user)
    request.session.set_expiry(timezone.now() + service.SESSION_LIFE)


def session(request: HttpRequest) -> JsonResponse:
    """Who is signed in, and a token for forms: asked once a sign-in has ended."""
    by = request.user
    told = {"person": by.pk, "name": by.name, "csrf": get_token(request)}
    return JsonResponse(told, headers={"Cache-Control": "no-store"})


def sign_out(request: HttpRequest) -> HttpResponse:
    service.record_sign_out(by=request.user)
    logout(request)
    response = HttpResponseRedirect("/sign-in")
    response["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


def _not_valid(request: HttpRequest, error: LinkNotValidError) -> HttpResponse:
    return render(request, "annotations/sign_in/ask.html", {"error": error}, status=403)


def _safe(request: HttpRequest, target: str) -> str:
    """`target` where it is a page of ours, else the start page."""
    is_ours = url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else "/"
