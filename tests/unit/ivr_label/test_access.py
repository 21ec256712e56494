"""The access table as a text: what it may say, and that nonsense stops the start."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from annotations.models import ApiToken, Role, Scope, User
from ivr_label.access import parse, rule_for, table


def rule(who: object, groups: dict | None = None):
    document = {"groups": groups or {}, "routes": {"page": {"GET": who}}}
    return parse(document)["page"]["GET"]


def person(*roles: str) -> User:
    return User(roles=list(roles))


def test_one_role_may_stand_without_a_list():
    assert rule("admin").roles == {"admin"}


def test_a_group_stands_for_its_roles():
    found = rule(["crew", "admin"], {"crew": ["annotator", "reviewer"]})

    assert found.roles == {"annotator", "reviewer", "admin"}


@pytest.mark.parametrize(
    "who",
    [
        "root",
        ["annotator", "Admin"],
        [],
        {"roles": "admin", "scope": "everything"},
        {"roles": "root", "scope": "read"},
    ],
)
def test_an_unknown_word_stops_the_start(who):
    with pytest.raises(ImproperlyConfigured):
        rule(who)


def test_an_unknown_method_stops_the_start():
    with pytest.raises(ImproperlyConfigured):
        parse({"routes": {"page": {"FETCH": "anyone"}}})


def test_a_rule_admits_who_has_any_of_its_roles():
    found = rule(["annotator", "reviewer"])

    assert found.admits(person(Role.REVIEWER, Role.ADMIN), None)
    assert not found.admits(person(Role.ADMIN), None)
    assert not found.admits(person(), None)


def test_a_rule_without_a_scope_admits_no_key():
    key = ApiToken(scopes=list(Scope.values))

    assert not rule("admin").admits(person(Role.ADMIN), key)


def test_a_key_needs_the_scope_and_its_person_the_role():
    found = rule({"roles": "admin", "scope": "read"})
    reads, labels = ApiToken(scopes=["read"]), ApiToken(scopes=["label"])

    assert found.admits(person(Role.ADMIN), reads)
    assert not found.admits(person(Role.ADMIN), labels)
    assert not found.admits(person(Role.AUDITOR), reads)


def test_what_is_not_listed_has_no_rule():
    assert rule_for("label", "DELETE") is None
    assert rule_for("no_such_route", "GET") is None


def test_head_goes_with_get():
    assert rule_for("label", "HEAD") == rule_for("label", "GET") is not None


def test_changing_rows_is_open_to_nobody_without_a_role():
    """Signing in and out apart."""
    hall = {
        route
        for route, row in table().items()
        for method, found in row.items()
        if method != "GET" and found.roles & {"anyone", "signed_in"}
    }

    assert hall == {"sign_in_link", "sign_out"}
