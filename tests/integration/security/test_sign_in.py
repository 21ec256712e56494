"""Signing in by links: once, in time, by the right request, and out again."""

import re
import threading
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from annotations.models import AuditEvent, Role, SignInLink, User
from annotations.services import sign_in

NAVIGATION = {
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Site": "none",
}


@pytest.fixture
def ana(db) -> User:
    return User.objects.create_user("ana", name="Ana", roles=[Role.ANNOTATOR])


def path_of(user: User) -> str:
    return sign_in.issue_link(user=user, base_url="")


def signed_in_as(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def test_links_are_issued_for_every_role(db):
    links = dict(sign_in.issue_links("http://127.0.0.1:8000/"))

    assert set(links) == set(Role.values)
    for role, url in links.items():
        path = url.removeprefix("http://127.0.0.1:8000")
        client = Client()
        assert client.get(path, headers=NAVIGATION).status_code == 302
        user = User.objects.get(pk=signed_in_as(client))
        assert user.roles == [role]


def test_links_are_for_the_same_people_each_time(db):
    sign_in.issue_links("")
    n_people = User.objects.count()

    sign_in.issue_links("")

    assert User.objects.count() == n_people


def test_no_link_is_stored_as_it_is(ana):
    raw = path_of(ana).removeprefix("/sign-in/")

    stored = SignInLink.objects.get()

    assert raw not in stored.token_hash
    assert len(raw) >= 43  # 256 bits


def test_navigation_signs_in_with_one_click(ana, client):
    response = client.get(path_of(ana), headers=NAVIGATION)

    assert response.status_code == 302
    assert response["Location"] == "/"
    assert signed_in_as(client) == str(ana.pk)


def test_link_previewer_does_not_use_the_link_up(ana, client):
    path = path_of(ana)

    preview = client.get(path)
    prefetch = client.get(path, headers={**NAVIGATION, "Sec-Purpose": "prefetch"})

    assert preview.status_code == prefetch.status_code == 200
    assert signed_in_as(client) is None
    assert client.get(path, headers=NAVIGATION).status_code == 302


def test_another_site_cannot_sign_a_person_in_by_linking(ana, client):
    sent = {**NAVIGATION, "Sec-Fetch-Site": "cross-site"}

    response = client.get(path_of(ana), headers=sent)

    assert response.status_code == 200
    assert signed_in_as(client) is None


def test_button_signs_in_with_a_csrf_token_only(ana):
    client = Client(enforce_csrf_checks=True)
    path = path_of(ana)
    page = client.get(path).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]

    assert client.post(path).status_code == 403
    response = client.post(path, {"csrfmiddlewaretoken": token})

    assert response.status_code == 302
    assert signed_in_as(client) == str(ana.pk)


def test_link_works_once(ana, client):
    path = path_of(ana)
    client.get(path, headers=NAVIGATION)
    other = Client()

    response = other.get(path, headers=NAVIGATION)

    assert response.status_code == 403
    assert signed_in_as(other) is None


@pytest.mark.parametrize("change", ["expired", "disabled"])
def test_link_of_the_past_or_of_a_disabled_person_is_refused(ana, client, change):
    path = path_of(ana)
    if change == "expired":
        SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        User.objects.update(is_active=False)

    response = client.get(path, headers=NAVIGATION)

    assert response.status_code == 403
    assert signed_in_as(client) is None


def test_session_ends_twelve_hours_after_signing_in_whatever_happens(ana, client):
    client.get(path_of(ana), headers=NAVIGATION)
    session = client.session
    at_start = Session.objects.get(pk=session.session_key).expire_date
    session["touched"] = True
    session.save()

    later = Session.objects.get(pk=session.session_key).expire_date

    assert later == at_start
    assert abs(at_start - timezone.now() - timedelta(hours=12)) < timedelta(minutes=1)


def test_planted_session_key_is_not_kept(ana, client):
    client.session.save()
    planted = client.cookies["ivr_session"].value

    client.get(path_of(ana), headers=NAVIGATION)

    assert client.cookies["ivr_session"].value != planted


def test_signing_out_ends_the_session_and_clears_the_browser(ana, client):
    client.get(path_of(ana), headers=NAVIGATION)
    key = client.session.session_key

    response = client.post("/sign-out")

    assert '"storage"' in response["Clear-Site-Data"]
    assert not Session.objects.filter(pk=key).exists()
    assert AuditEvent.objects.filter(action="signed_out").count() == 1


def test_person_lands_where_they_wanted_to_go(ana, client):
    client.get("/sign-in?next=/label")

    response = client.get(path_of(ana), headers=NAVIGATION)

    assert response["Location"] == "/label"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_next_never_leads_elsewhere(ana, client, target):
    client.get("/sign-in", {"next": target})

    response = client.get(path_of(ana), headers=NAVIGATION)

    assert response["Location"] == "/"


def test_asking_for_a_page_leaves_no_session_behind(db, client):
    client.get("/sign-in?next=/label")

    assert not Session.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_hundred_simultaneous_wrong_tries_evaluate_twenty(monkeypatch):
    evaluated = []
    use = sign_in._use
    monkeypatch.setattr(sign_in, "_use", lambda raw: evaluated.append(raw) or use(raw))

    def attempt() -> None:
        try:
            with pytest.raises(sign_in.LinkNotValidError):
                sign_in.consume("wrong", origin="203.0.113.9")
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(evaluated) == sign_in.WRONG_TRIES


def test_good_tries_do_not_count_against_an_origin(ana):
    for _ in range(sign_in.WRONG_TRIES * 2):
        link = path_of(ana).removeprefix("/sign-in/")
        assert sign_in.consume(link, origin="203.0.113.9") == ana


def test_each_sign_in_leaves_a_mark_on_the_trail(ana, client):
    client.get(path_of(ana), headers=NAVIGATION)

    event = AuditEvent.objects.get(action="signed_in")

    assert event.actor == f"user:{ana.pk}"
