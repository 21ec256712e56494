"""Who is shut out is out at once and for good; what they did stays."""

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from annotations.errors import ConflictError, NotAllowedError
from annotations.models import (
    Annotation,
    ApiToken,
    AuditEvent,
    GoldLabel,
    QueueItem,
    Role,
    Scope,
    User,
)
from annotations.services import labels, people, queue, sign_in
from tests.factories import cast

from .conftest import bearer, client_of, key_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def adam(db) -> User:
    return person("adam", Role.ADMIN)


def answered(by: User) -> Annotation:
    cast.intent("say_hello")
    cast.item()
    item = queue.claim_next(by=by)
    sent = labels.Answer(uuid=cast.new_id(), item_id=item.pk, intent="say_hello")
    return labels.submit(by=by, answer=sent).annotation


def test_every_way_in_ends_at_once(ana, adam):
    session = client_of(ana)
    key = bearer(key_of(ana, Scope.READ))
    link = sign_in.issue_link(user=ana, base_url="")
    assert session.get("/me").status_code == key.get("/api/v1/intents").status_code

    people.deactivate(person=ana, by=adam)

    assert session.get("/me").status_code == 302
    assert key.get("/api/v1/intents").status_code == 401
    assert Client().post(link).status_code == 403


def test_what_ended_stays_ended_when_the_person_is_let_in_again(ana, adam):
    session = client_of(ana)
    key = bearer(key_of(ana, Scope.READ))
    link = sign_in.issue_link(user=ana, base_url="")
    people.deactivate(person=ana, by=adam)

    people.reactivate(person=ana, by=adam)

    assert session.get("/me").status_code == 302
    assert key.get("/api/v1/intents").status_code == 401
    assert Client().post(link).status_code == 403
    again = Client()
    again.post(sign_in.issue_link(user=User.objects.get(pk=ana.pk), base_url=""))
    assert again.get("/me").status_code == 200


def test_their_items_are_free_and_their_answers_stay(ana, adam):
    answer = answered(ana)
    cast.item()
    held = queue.claim_next(by=ana)

    ended = people.deactivate(person=ana, by=adam)

    assert ended.n_leases == 1
    assert QueueItem.objects.get(pk=held.pk).status == QueueItem.Status.READY
    assert GoldLabel.objects.get().annotation_id == answer.pk
    assert queue.claim_next(by=person("ben", Role.ANNOTATOR)).pk == held.pk


def test_an_answer_sent_afterwards_is_refused(ana, adam):
    cast.intent("say_hello")
    cast.item()
    item = queue.claim_next(by=ana)
    session = client_of(ana)
    people.deactivate(person=ana, by=adam)

    form = {"uuid": cast.new_id(), "item": item.pk, "intent": "say_hello"}
    session.post("/label/answer", form)

    assert not Annotation.objects.exists()


def test_the_trail_says_who_shut_whom_out_and_what_ended(ana, adam):
    key_of(ana, Scope.READ)

    people.deactivate(person=ana, by=adam)
    people.deactivate(person=ana, by=adam)
    people.reactivate(person=ana, by=adam)

    told = AuditEvent.objects.filter(object=f"user:{ana.pk}").order_by("id")
    assert [(e.action, e.actor) for e in told] == [
        ("person.deactivated", f"user:{adam.pk}"),
        ("person.reactivated", f"user:{adam.pk}"),
    ]
    assert '"keys": 1' in told[0].payload or '"keys":1' in told[0].payload
    assert AuditEvent.objects.filter(action="token.revoked").count() == 1


def test_nobody_shuts_out_themselves(adam):
    person("eve", Role.ADMIN)

    with pytest.raises(NotAllowedError, match="yours"):
        people.deactivate(person=adam, by=adam)

    response = client_of(adam).post(f"/people/{adam.pk}", {"act": "deactivate"})
    assert response.status_code == 403
    assert User.objects.get(pk=adam.pk).is_active


def test_the_last_administrator_stays(adam, ana):
    with pytest.raises(ConflictError, match="last administrator"):
        people.deactivate(person=adam, by=None)
    with pytest.raises(CommandError, match="last administrator"):
        call_command("deactivate_person", "adam")

    person("eve", Role.ADMIN)
    people.deactivate(person=adam, by=None)
    with pytest.raises(ConflictError, match="last administrator"):
        people.deactivate(person=User.objects.get(username="eve"), by=None)


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_shut_out_each_other_at_once():
    pair = [person("adam", Role.ADMIN), person("eve", Role.ADMIN)]
    barrier = threading.Barrier(2)

    def shut(by: User, other: User) -> None:
        try:
            barrier.wait(10)
            people.deactivate(person=other, by=by)
        except (ConflictError, NotAllowedError):
            pass
        finally:
            connection.close()

    threads = [
        threading.Thread(target=shut, args=order) for order in (pair, pair[::-1])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert User.objects.filter(is_active=True).count() == 1


@pytest.mark.parametrize("role", [r for r in Role.values if r != Role.ADMIN])
def test_only_administrators_shut_people_out(role, ana):
    response = client_of(person("other", role)).post(
        f"/people/{ana.pk}", {"act": "deactivate"}
    )

    assert response.status_code == 403
    assert User.objects.get(pk=ana.pk).is_active


def test_the_systems_own_authors_are_nobodys_to_shut_out(adam):
    system = User.objects.create_user("import", name="I", roles=[], is_system=True)

    response = client_of(adam).post(f"/people/{system.pk}", {"act": "deactivate"})

    assert response.status_code == 404
    assert "import" not in client_of(adam).get("/people").content.decode()


def test_the_page_says_what_a_person_holds_and_what_would_end(ana, adam):
    key_of(ana, Scope.READ)
    cast.item()
    queue.claim_next(by=ana)

    page = client_of(adam).get(f"/people/{ana.pk}").content.decode()

    assert "items held at the desk</dt><dd>1" in page
    assert "keys for programs</dt><dd>1" in page
    assert "Shut Ana out" in page


def test_the_page_shuts_out_and_lets_in_again(ana, adam):
    client = client_of(adam)

    client.post(f"/people/{ana.pk}", {"act": "deactivate"})
    shut = client.get(f"/people/{ana.pk}").content.decode()
    client.post(f"/people/{ana.pk}", {"act": "reactivate"})

    assert "shut out" in shut and "Let Ana in again" in shut
    assert User.objects.get(pk=ana.pk).is_active


def test_an_auditor_reads_the_page_and_changes_nothing(ana):
    page = client_of(person("olga", Role.AUDITOR)).get(f"/people/{ana.pk}")

    assert page.status_code == 200
    assert "Shut Ana out" not in page.content.decode()


def test_the_list_pages_filters_and_says_when_nobody_fits(adam):
    for n in range(60):
        person(f"p{n:02}", Role.ANNOTATOR)
    User.objects.filter(username="p07").update(is_active=False)
    client = client_of(adam)

    first = client.get("/people").content.decode()
    shut = client.get("/people?state=shut_out").content.decode()
    admins = client.get("/people?role=admin").content.decode()
    none = client.get("/people?q=nobody+here").content.decode()

    assert 'rel="next"' in first and "P59" not in first
    assert "P07" in shut and "P08" not in shut
    assert "Adam" in admins and "P07" not in admins
    assert "Nobody fits" in none


def test_the_command_shuts_out_and_prints_a_link_that_lets_in_again(ana, adam, capsys):
    key_of(ana, Scope.READ)
    call_command("deactivate_person", "ana")
    assert "1 keys" in capsys.readouterr().out
    assert not ApiToken.objects.filter(revoked_at=None).exists()

    call_command("deactivate_person", "ana", "--undo")
    path = capsys.readouterr().out.split("http://127.0.0.1:8000")[1].strip()

    client = Client()
    client.post(path)
    assert client.session["_auth_user_id"] == str(ana.pk)


def test_no_link_is_made_for_somebody_shut_out(ana):
    User.objects.filter(pk=ana.pk).update(is_active=False)

    with pytest.raises(CommandError, match="shut out"):
        call_command("sign_in_links", "--for", "ana")


def test_links_for_every_role_are_made_though_somebody_was_shut_out(adam):
    sign_in.issue_links("")
    people.deactivate(person=User.objects.get(username="annotator"), by=adam)

    links = dict(sign_in.issue_links(""))

    assert set(links) == set(Role.values)
    assert User.objects.filter(username="annotator-2").exists()
