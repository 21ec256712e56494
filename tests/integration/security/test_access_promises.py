"""What the access table has to say, written down without looking at it."""

import pytest

from annotations.models import Role, Scope

from .routes import routes

pytestmark = pytest.mark.django_db

LET_IN = 299
REFUSED = 403

NEVER = {
    # role: (method, path) it may never do
    Role.ANNOTATOR: [
        ("POST", "/rounds/start"),
        ("GET", "/rounds"),
        ("POST", "/search/bulk"),
        ("GET", "/review/disagreements"),
        ("POST", "/review/resolve"),
        ("POST", "/review/proposals/1"),
        ("GET", "/intents/some/edit"),
        ("POST", "/intents/some/contrast"),
        ("POST", "/intents/some/change"),
        ("POST", "/intents/moves/1"),
        ("GET", "/sources"),
        ("POST", "/sources/upload"),
        ("GET", "/audit"),
        ("GET", "/metrics"),
        ("POST", "/api/v1/rounds"),
        ("POST", "/api/v1/utterances/batches"),
    ],
    Role.REVIEWER: [
        ("POST", "/api/v1/rounds"),
        ("POST", "/rounds/1/decision"),
        ("POST", "/sources/upload"),
        ("GET", "/audit"),
    ],
    Role.PRODUCT_OWNER: [
        ("POST", "/rounds/start"),
        ("POST", "/rounds/1/decision"),
        ("POST", "/rounds/roll-back"),
        ("POST", "/review/resolve"),
        ("POST", "/search/open"),
        ("POST", "/label/answer"),
        ("POST", "/api/v1/annotations"),
        ("GET", "/audit"),
    ],
    Role.ML_ENGINEER: [
        ("POST", "/review/resolve"),
        ("POST", "/review/gold/1"),
        ("GET", "/review/vote/1"),
        ("POST", "/label/answer"),
        ("POST", "/api/v1/annotations"),
        ("GET", "/label"),
        ("POST", "/intents/some/edit"),
        ("POST", "/intents/some/samples"),
        ("POST", "/proposals/new"),
    ],
    Role.ADMIN: [
        ("POST", "/rounds/start"),
        ("POST", "/rounds/1/cancel"),
        ("POST", "/rounds/roll-back"),
        ("POST", "/review/resolve"),
        ("POST", "/api/v1/turns"),
        ("GET", "/label"),
        ("GET", "/search"),
        ("POST", "/api/v1/annotations"),
    ],
    Role.AUDITOR: [
        ("GET", "/label"),
        ("GET", "/search"),
        ("POST", "/label/answer"),
        ("POST", "/api/v1/annotations"),
        ("POST", "/api/v1/rounds"),
        ("POST", "/api/v1/utterances/batches"),
    ],
    Role.API_CLIENT: [
        ("GET", "/rounds"),
        ("GET", "/sources"),
        ("POST", "/sources/upload"),
        ("POST", "/api/v1/queue/next"),
        ("GET", "/label"),
        ("GET", "/search"),
        ("GET", "/audit"),
        ("POST", "/api/v1/annotations"),
        ("POST", "/api/v1/rounds"),
    ],
}

ALWAYS = {
    Role.ANNOTATOR: [
        ("GET", "/label"),
        ("POST", "/label/answer"),
        ("POST", "/label/undo"),
        ("POST", "/api/v1/annotations"),
        ("POST", "/api/v1/queue/next"),
        ("GET", "/me"),
        ("GET", "/intents"),
        ("POST", "/intents/some/remarks"),
        ("POST", "/intents/some/samples"),
    ],
    Role.REVIEWER: [
        ("GET", "/label"),
        ("GET", "/me"),
        ("GET", "/review/disagreements"),
        ("POST", "/review/resolve"),
    ],
    Role.PRODUCT_OWNER: [
        ("GET", "/functions"),
        ("GET", "/intents"),
        ("POST", "/intents/some/edit"),
    ],
    Role.ML_ENGINEER: [
        ("GET", "/metrics"),
        ("GET", "/search"),
        ("POST", "/rounds/start"),
        ("POST", "/rounds/1/decision"),
        ("POST", "/rounds/1/force"),
        ("POST", "/rounds/policies/1"),
        ("POST", "/rounds/forced/1"),
        ("POST", "/api/v1/rounds"),
        ("GET", "/review/agreement"),
        ("POST", "/review/policy"),
    ],
    Role.ADMIN: [("GET", "/audit"), ("GET", "/metrics"), ("POST", "/sources/upload")],
    Role.AUDITOR: [("GET", "/audit"), ("GET", "/functions"), ("GET", "/rounds/plan")],
    Role.API_CLIENT: [
        ("GET", "/api/v1/intents"),
        ("POST", "/api/v1/turns"),
        ("POST", "/api/v1/utterances/batches"),
    ],
}

# Rooms a role never enters, with everything below them.
CLOSED = {
    Role.ANNOTATOR: ("/review", "/sources", "/rounds", "/audit", "/metrics"),
    Role.REVIEWER: ("/sources", "/rounds", "/audit", "/metrics"),
    Role.PRODUCT_OWNER: ("/label", "/me", "/review", "/sources", "/audit", "/metrics"),
    # How far people agree and what is answered twice is theirs as well; no case is.
    Role.ML_ENGINEER: (
        "/label",
        "/me",
        "/review/disagreements",
        "/review/errors",
        "/review/late",
        "/review/questions",
        "/review/personal",
        "/review/gold",
        "/review/proposals",
        "/review/resolve",
        "/review/undo",
        "/review/vote",
        "/audit",
    ),
    Role.ADMIN: ("/label", "/me", "/review", "/search"),
    Role.AUDITOR: ("/label", "/me", "/review", "/search", "/sources"),
    Role.API_CLIENT: (
        "/label",
        "/me",
        "/review",
        "/search",
        "/intents",
        "/functions",
        "/sources",
        "/rounds",
        "/audit",
        "/metrics",
        "/api/v1/queue",
        "/api/v1/annotations",
    ),
}


def cases(table: dict) -> list:
    return [
        pytest.param(role, method, path, id=f"{role} {method} {path}")
        for role, knocks in table.items()
        for method, path in knocks
    ]


@pytest.mark.parametrize(("role", "method", "path"), cases(NEVER))
def test_never(role, method, path, sessions, open_doors):
    response = sessions[role].generic(method, path)

    assert response.status_code == REFUSED


@pytest.mark.parametrize("role", Role.values)
def test_closed_rooms_are_closed_to_the_last_corner(role, sessions, open_doors):
    corners = [
        route.path
        for route in routes()
        if any(f"{route.path}/".startswith(f"{room}/") for room in CLOSED[role])
    ]
    let_in = {
        (method, path)
        for path in corners
        for method in ("GET", "POST")
        if sessions[role].generic(method, path).status_code == LET_IN
    }

    assert len(corners) >= len(CLOSED[role])
    assert let_in == set()


@pytest.mark.parametrize(("role", "method", "path"), cases(ALWAYS))
def test_always(role, method, path, sessions, open_doors):
    assert sessions[role].generic(method, path).status_code == LET_IN


def test_an_auditor_can_change_nothing(sessions, open_doors):
    """Apart from ending the own session, and a check that stores nothing."""
    let_in = {
        route.name
        for route in routes()
        for method in ("POST", "PUT", "PATCH", "DELETE")
        if sessions[Role.AUDITOR].generic(method, route.path).status_code == LET_IN
    }

    assert let_in == {"sign_out", "sign_in_link", "api_function_validate"}


def test_a_key_opens_no_page(keys, open_doors):
    pages = [r for r in routes() if not r.path.startswith(("/api/", "/v1/"))]
    let_in = {
        (scope, page.name)
        for scope in Scope.values
        for page in pages
        if keys[scope].get(page.path).status_code == LET_IN
    }

    assert let_in == {
        (scope, name)
        for scope in Scope.values
        for name in ("healthz", "readyz", "sign_in", "sign_in_link", "words")
    } | {(Scope.READ, "metrics")}


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        (Scope.READ, "POST", "/api/v1/annotations"),
        (Scope.READ, "POST", "/api/v1/queue/next"),
        (Scope.PREDICT, "POST", "/api/v1/annotations"),
        (Scope.INGEST, "GET", "/api/v1/annotations"),
        (Scope.INGEST, "GET", "/api/v1/intents"),
        (Scope.LABEL, "GET", "/metrics"),
    ],
)
def test_a_key_does_nothing_beyond_its_scope(scope, method, path, keys, open_doors):
    assert keys[scope].generic(method, path).status_code == REFUSED


@pytest.mark.parametrize("path", ["/label", "/search", "/audit", "/me", "/"])
def test_a_page_asks_a_stranger_to_sign_in(path, client, open_doors):
    response = client.get(path)

    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in?")


@pytest.mark.parametrize("path", ["/api/v1/intents", "/api/schema/"])
def test_the_api_tells_a_stranger_in_json(path, client, open_doors):
    response = client.get(path)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response.json()["code"] == "not_signed_in"
