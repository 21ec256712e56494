"""Who may call what: the table in `access.yaml`, enforced on every request.

A route or a method without a row is closed to everybody. The services behind the
routes decide about single objects (whose lease, whose answer).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.utils.translation import gettext as _

from annotations.errors import NotAllowedError
from annotations.models import ApiToken, Role, Scope, User
from annotations.services import tokens

from . import failures, http

TABLE = Path(__file__).with_name("access.yaml")
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
ANYONE = "anyone"
SIGNED_IN = "signed_in"
GetResponse = Callable[[HttpRequest], HttpResponseBase]


@dataclass(frozen=True)
class Rule:
    """Who may use one method of one route. Without a scope, no token may."""

    roles: frozenset[str]
    scope: str = ""

    @property
    def is_open(self) -> bool:
        return ANYONE in self.roles

    def admits(self, user: User, token: ApiToken | None) -> bool:
        if token is not None and (not self.scope or self.scope not in token.scopes):
            return False
        return SIGNED_IN in self.roles or user.has_role(*self.roles)


Table = Mapping[str, Mapping[str, Rule]]


@cache
def table() -> Table:
    """The rules by route name and method, as read once from the file."""
    return parse(yaml.safe_load(TABLE.read_text(encoding="utf-8")))


def parse(document: Any) -> dict[str, dict[str, Rule]]:
    """Read the table; an unknown word anywhere in it stops the start.

    document: {"groups": {name: [role, …]}, "routes": {route: {method: who}}} where
    `who` is a word, a list of words, or {"roles": …, "scope": …}.
    """
    groups = document.get("groups", {})
    return {
        route: {
            method: _rule(route, method, who, groups) for method, who in row.items()
        }
        for route, row in document["routes"].items()
    }


def _rule(route: str, method: str, who: Any, groups: Mapping[str, list[str]]) -> Rule:
    if method not in METHODS:
        raise ImproperlyConfigured(f"access.yaml: {route}: no method {method!r}.")
    scope = ""
    if isinstance(who, dict):
        scope, who = who["scope"], who["roles"]
        if scope not in Scope.values:
            raise ImproperlyConfigured(f"access.yaml: {route}: no scope {scope!r}.")
    roles: set[str] = set()
    for word in [who] if isinstance(who, str) else who:
        roles.update(groups.get(word, [word]))
    unknown = roles - {ANYONE, SIGNED_IN, *Role.values}
    if unknown or not roles:
        raise ImproperlyConfigured(f"access.yaml: {route}: no role {sorted(unknown)}.")
    return Rule(frozenset(roles), scope)


def rule_for(route: str, method: str) -> Rule | None:
    """The rule of a route's method; HEAD is a GET without its body."""
    return table().get(route, {}).get("GET" if method == "HEAD" else method)


class TokenMiddleware:
    """`Authorization: Bearer …` makes the token's user the one who asks.

    The session, if there is one, does not count then. A token that is not valid is a
    401 even where anyone may come in: the program should learn of it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.api_token = None
        kind, __, raw = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if kind.lower() == "bearer":
            token = tokens.authenticate(raw.strip())
            if token is None:
                return _unauthorized(_("This token is not valid, or no longer."))
            request.api_token = token
            request.user = token.user
        return self.get_response(request)


class AccessMiddleware:
    """Refuses, before the view runs, whatever the table does not allow."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        route = request.resolver_match.view_name
        rule = rule_for(route, request.method)
        if rule is not None and rule.is_open:
            request.access_checked = True
            return None
        if not request.user.is_authenticated:
            return _ask_to_sign_in(request)
        if rule is None:
            return failures.wrong_method(request, _methods(route))
        if not rule.admits(request.user, request.api_token):
            return http.error_response(request, _refusal(rule, request.api_token))
        request.access_checked = True
        return None


def _methods(route: str) -> list[str]:
    listed = set(table().get(route, {}))
    return sorted(listed | {"HEAD"} if "GET" in listed else listed)


def _refusal(rule: Rule, token: ApiToken | None) -> NotAllowedError:
    if token is not None and not rule.scope:
        return NotAllowedError(_("A token cannot be used here; sign in as a person."))
    if token is not None and rule.scope not in token.scopes:
        return NotAllowedError(
            _("This token lacks the scope “%(scope)s”.") % {"scope": rule.scope},
            scope=rule.scope,
        )
    names = sorted(str(Role(role).label) for role in rule.roles)
    return NotAllowedError(_("This is for: %(roles)s.") % {"roles": ", ".join(names)})


def _unauthorized(message: str) -> JsonResponse:
    body = {"code": "not_signed_in", "message": message}
    return JsonResponse(body, status=401, headers={"WWW-Authenticate": "Bearer"})


def _ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    if getattr(request, "htmx", False):
        # A redirect would be followed by the script and land inside the page.
        page = urlsplit(request.headers.get("HX-Current-URL", "/"))
        target = _sign_in_url(page.path or "/")
        return HttpResponse(status=401, headers={"HX-Redirect": target})
    if http.wants_json(request):
        return _unauthorized(_("Sign in, or send a token: Authorization: Bearer …"))
    is_page = request.method in ("GET", "HEAD")
    return HttpResponseRedirect(
        _sign_in_url(request.get_full_path() if is_page else "/")
    )


def _sign_in_url(target: str) -> str:
    return f"{settings.LOGIN_URL}?{urlencode({'next': target})}"
