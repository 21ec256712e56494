"""The access table against every route, method and kind of caller."""

from collections import Counter

import pytest
from django.test import Client

from annotations.models import Role, Scope, User
from ivr_label import access

from .conftest import client_of
from .routes import patterns, routes

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST", "DELETE")
SELDOM = ("HEAD", "PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND")
LET_IN = 299


def outcomes(
    client: Client, methods: tuple[str, ...] = METHODS
) -> dict[tuple[str, str], int]:
    """The status of every route and method for this caller."""
    return {
        (route.name, method): client.generic(method, route.path).status_code
        for route in routes()
        for method in methods
    }


def assert_statuses(client: Client, expected_status) -> None:
    wrong = {
        knock: (status, expected_status(*knock))
        for knock, status in outcomes(client).items()
        if status != expected_status(*knock)
    }
    assert wrong == {}


def is_page(route: str) -> bool:
    path = next(r.path for r in routes() if r.name == route)
    return not path.startswith(("/api/", "/v1/", "/metrics"))


def test_every_route_has_a_name_of_its_own():
    names = Counter(name for name, _ in patterns())

    assert "" not in names
    assert [name for name, n in names.items() if n > 1] == []


def test_every_route_has_a_row():
    assert {name for name, _ in patterns()} - set(access.table()) == set()


def test_every_row_has_a_route():
    assert set(access.table()) - {name for name, _ in patterns()} == set()


@pytest.mark.parametrize("role", Role.values)
def test_each_role_gets_exactly_what_the_table_says(role, sessions, open_doors):
    def expected(route: str, method: str) -> int:
        rule = access.rule_for(route, method)
        if rule is None:
            return 405
        words = rule.roles & {role, access.ANYONE, access.SIGNED_IN}
        return LET_IN if words else 403

    assert_statuses(sessions[role], expected)


def test_seldom_methods_are_closed_unless_listed(sessions, open_doors):
    let_in = {
        knock
        for knock, status in outcomes(sessions[Role.REVIEWER], SELDOM).items()
        if status == LET_IN
    }

    assert {method for _, method in let_in} == {"HEAD"}
    assert ("label", "HEAD") in let_in
    assert ("label_answer", "HEAD") not in let_in


@pytest.mark.parametrize("scope", Scope.values)
def test_each_key_gets_what_its_scope_says(scope, keys, open_doors):
    """Its user has every role, so that only the scope decides."""

    def expected(route: str, method: str) -> int:
        rule = access.rule_for(route, method)
        if rule is None:
            return 405
        return LET_IN if rule.is_open or rule.scope == scope else 403

    assert_statuses(keys[scope], expected)


@pytest.mark.parametrize("visitor", ["nobody", "disabled"])
def test_nobody_gets_in_without_signing_in(visitor, chen, open_doors):
    client = Client()
    if visitor == "disabled":
        client = client_of(chen)
        User.objects.filter(pk=chen.pk).update(is_active=False)

    def expected(route: str, method: str) -> int:
        rule = access.rule_for(route, method)
        if rule is not None and rule.is_open:
            return LET_IN
        return 302 if is_page(route) else 401

    assert_statuses(client, expected)


def test_a_person_without_a_role_gets_no_further_than_the_hall(chen, open_doors):
    let_in = {
        route
        for (route, _), status in outcomes(client_of(chen)).items()
        if status == LET_IN
    }

    assert let_in == {
        "api_docs",
        "api_schema",
        "healthz",
        "home",
        "home_state",
        "readyz",
        "sign_in",
        "sign_in_link",
        "sign_out",
        "words",
    }


@pytest.mark.parametrize(
    "key", ["expired", "revoked", "of a disabled person", "made up", "empty"]
)
def test_a_dead_key_opens_nothing(key, dead_keys, open_doors):
    assert set(outcomes(dead_keys[key]).values()) == {401}


def test_a_dead_key_does_not_fall_back_on_the_session(ana, dead_keys, open_doors):
    client = client_of(ana)

    response = client.get(
        "/api/v1/intents", headers={"Authorization": "Bearer ivr_wrong"}
    )

    assert response.status_code == 401


def test_a_key_needs_the_role_as_well_as_the_scope(chen, open_doors):
    from .conftest import bearer, key_of

    response = bearer(key_of(chen, *Scope.values)).get("/api/v1/intents")

    assert response.status_code == 403


def test_the_middlewares_stand_in_the_settings_in_this_order(settings):
    wired = settings.MIDDLEWARE
    order = [
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "ivr_label.access.TokenMiddleware",
        "ivr_label.access.AccessMiddleware",
    ]

    assert sorted(order, key=wired.index) == order


def test_the_api_is_closed_where_the_table_was_not_asked(ana, settings):
    settings.MIDDLEWARE = [
        name for name in settings.MIDDLEWARE if not name.endswith(".AccessMiddleware")
    ]

    assert client_of(ana).get("/api/v1/intents").status_code == 403


def test_an_anonymous_script_is_sent_to_the_sign_in_page_as_a_whole(client):
    response = client.get(
        "/label",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/me?page=2"},
    )

    assert response.status_code == 401
    assert response["HX-Redirect"] == "/sign-in?next=%2Fme"


def test_an_anonymous_visitor_comes_back_to_the_page_they_wanted(client):
    response = client.get("/search?q=bill")

    assert response["Location"] == "/sign-in?next=%2Fsearch%3Fq%3Dbill"


def test_a_refusal_says_who_may(sessions):
    body = sessions[Role.AUDITOR].post("/api/v1/annotations").json()

    assert body["code"] == "not_allowed"
    assert "Annotator" in body["message"]
