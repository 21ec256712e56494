"""Everybody who could knock: people of each role, and programs with each key."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from annotations.models import ApiToken, Role, Scope, User
from annotations.services import tokens


def person(username: str, *roles: str) -> User:
    return User.objects.create_user(username, name=username.title(), roles=list(roles))


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def bearer(raw: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {raw}"})


def key_of(user: User, *scopes: str) -> str:
    _, raw = tokens.issue(user=user, name="test", scopes=scopes, days=1, by=None)
    return raw


def expire(raw: str) -> None:
    ApiToken.objects.filter(token_hash=tokens.digest(raw)).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )


@pytest.fixture
def ana(db) -> User:
    return person("ana", Role.ANNOTATOR)


@pytest.fixture
def boris(db) -> User:
    return person("boris", Role.PRODUCT_OWNER)


@pytest.fixture
def chen(db) -> User:
    """Has no role at all."""
    return person("chen")


class Sessions(dict[str, Client]):
    """A signed-in browser per role, opened when it is asked for."""

    def __missing__(self, role: str) -> Client:
        self[role] = client_of(person(f"one-{role}", Role(role)))
        return self[role]


@pytest.fixture
def sessions(db) -> Sessions:
    return Sessions()


@pytest.fixture
def keys(db) -> dict[str, Client]:
    """A program per scope, of a user who has every role."""
    everybody = person("everybody", *Role.values)
    return {scope: bearer(key_of(everybody, scope)) for scope in Scope.values}


@pytest.fixture
def dead_keys(db) -> dict[str, Client]:
    """Programs whose key is good for nothing any more."""
    everybody = person("was-everybody", *Role.values)
    expired, revoked = (key_of(everybody, *Scope.values) for _ in range(2))
    expire(expired)
    token = ApiToken.objects.get(token_hash=tokens.digest(revoked))
    tokens.revoke(token=token, by=None)
    disabled = person("disabled", *Role.values)
    of_disabled = key_of(disabled, *Scope.values)
    User.objects.filter(pk=disabled.pk).update(is_active=False)
    return {
        "expired": bearer(expired),
        "revoked": bearer(revoked),
        "of a disabled person": bearer(of_disabled),
        "made up": bearer("ivr_" + "a" * 43),
        "empty": bearer(""),
    }


@pytest.fixture
def open_doors(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Requests that the table lets in are answered 299 and reach no view."""
    from django.http import HttpResponse

    from ivr_label.access import AccessMiddleware

    decide = AccessMiddleware.process_view

    def process_view(self, request, view, args, kwargs):
        return decide(self, request, view, args, kwargs) or HttpResponse(status=299)

    monkeypatch.setattr(AccessMiddleware, "process_view", process_view)
