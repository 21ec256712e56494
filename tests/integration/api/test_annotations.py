import uuid

import pytest

from annotations.models import Annotation, AuditEvent, GoldLabel, ParameterSpan
from tests.factories import cast

from .conftest import client_of, label, post, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(api, plain) -> dict:
    cast.item(cast.utterance("hello for account 5 5 5"))
    return take(api)


def test_a_label_is_stored_with_its_spans(api, billing, item):
    span = {"param": "account_number", "start": 18, "end": 23, "text": "5 5 5"}
    sent = label(item, intent="check_bill", spans=[span])

    response = post(api, "annotations", sent)

    assert response.status_code == 201, response.json()
    assert response.json()["intent"] == "check_bill"
    assert ParameterSpan.objects.get().text == "5 5 5"
    assert GoldLabel.objects.get().annotation_id == uuid.UUID(sent["id"])


def test_the_same_answer_again_is_stored_once_and_answered_alike(api, item):
    sent = label(item)

    first, second = (post(api, "annotations", sent) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert Annotation.objects.count() == 1
    assert AuditEvent.objects.filter(action="label.submitted").count() == 1


def test_the_same_id_with_another_answer_is_refused(api, item):
    cast.intent("say_goodbye")
    sent = label(item)
    post(api, "annotations", sent)

    response = post(api, "annotations", {**sent, "intent": "say_goodbye"})

    assert response.status_code == 409
    assert response.json()["code"] == "answer_differs"
    assert Annotation.objects.get().intent.name == "say_hello"


def test_anothers_answer_id_is_refused(api, ben, item):
    sent = label(item)
    post(api, "annotations", sent)
    cast.item()
    theirs = client_of(ben)
    other = take(theirs)

    response = post(theirs, "annotations", {**sent, "item": other["id"]})

    assert response.status_code == 409


def test_the_next_item_comes_with_the_answer(api, item):
    cast.item(cast.utterance("the one after"))

    body = post(api, "annotations", label(item, next=True)).json()

    assert body["next"]["item"]["text"] == "the one after"


def test_an_empty_queue_is_told_with_the_answer(api, item):
    body = post(api, "annotations", label(item, next=True)).json()

    assert body["next"]["item"] is None
    assert body["next"]["queue"]["ready"] == 0


def test_a_skip_and_a_report_are_stored(api, item):
    cast.item()
    skip = {
        "id": str(uuid.uuid4()),
        "kind": "skip",
        "item": item["id"],
        "reason": "unclear",
    }

    assert post(api, "annotations", skip).status_code == 201
    other = take(api)
    report = {"id": str(uuid.uuid4()), "kind": "quarantine", "item": other["id"]}
    assert post(api, "annotations", report).status_code == 201

    kinds = Annotation.objects.values_list("kind", flat=True)
    assert set(kinds) == {"skip", "quarantine"}


def test_undo_takes_the_own_newest_answer_back(api, ben, item):
    post(api, "annotations", label(item))
    cast.item()
    theirs = client_of(ben)
    theirs_item = take(theirs)
    theirs_sent = label(theirs_item)
    post(theirs, "annotations", theirs_sent)

    response = post(api, "annotations", {"id": str(uuid.uuid4()), "kind": "undo"})

    assert response.status_code == 201
    assert not Annotation.objects.standing().filter(annotator__username="ana").exists()
    assert Annotation.objects.standing().get().pk == uuid.UUID(theirs_sent["id"])


def test_nothing_to_undo_is_a_conflict(api):
    response = post(api, "annotations", {"id": str(uuid.uuid4()), "kind": "undo"})

    assert response.status_code == 409
    assert response.json()["code"] == "nothing_to_undo"


def test_an_item_never_taken_cannot_be_answered(api, ben, plain):
    cast.item()
    item = take(client_of(ben))

    response = post(api, "annotations", label(item))

    assert response.status_code == 409
    assert not Annotation.objects.exists()


def test_the_list_holds_the_own_answers_only(api, ben, item):
    sent = label(item)
    post(api, "annotations", sent)
    cast.item()
    theirs = client_of(ben)
    post(theirs, "annotations", label(take(theirs)))

    results = api.get("/api/v1/annotations").json()["results"]

    assert [answer["id"] for answer in results] == [sent["id"]]


def test_the_list_comes_in_pages_without_a_query_per_row(
    api, plain, django_assert_max_num_queries
):
    for _ in range(5):
        cast.item()
        post(api, "annotations", label(take(api)))

    with django_assert_max_num_queries(6):
        page = api.get("/api/v1/annotations?page_size=3").json()
    rest = api.get(page["next"]).json()

    assert len(page["results"]) == 3
    assert len(rest["results"]) == 2


def test_offsets_count_code_points(api, billing, plain):
    text = "📞 account 7 7 please"
    cast.item(cast.utterance(text))
    item = take(api)
    span = {"param": "account_number", "start": 10, "end": 13, "text": "7 7"}
    assert text[10:13] == "7 7"

    response = post(api, "annotations", label(item, intent="check_bill", spans=[span]))

    assert response.status_code == 201


def test_a_span_that_reads_otherwise_is_refused(api, billing, item):
    span = {"param": "account_number", "start": 17, "end": 22, "text": "5 5 5"}

    response = post(api, "annotations", label(item, intent="check_bill", spans=[span]))

    assert response.status_code == 422
    assert response.json()["code"] == "invalid_label"


def test_a_session_needs_its_csrf_token_and_a_key_does_not(ana, item):
    from django.test import Client

    from annotations.services import tokens

    _, raw = tokens.issue(user=ana, name="t", scopes=["label"], days=1, by=None)
    session = Client(enforce_csrf_checks=True)
    session.force_login(ana)
    program = Client(
        enforce_csrf_checks=True, headers={"Authorization": f"Bearer {raw}"}
    )

    assert post(session, "annotations", label(item)).status_code == 403
    assert post(program, "annotations", label(item)).status_code == 201


def test_a_label_says_what_the_turn_does(api, item):
    sent = label(item, act="confirms", misheard=True)

    body = post(api, "annotations", sent).json()

    assert (body["act"], body["misheard"]) == ("confirms", True)
    assert post(api, "annotations", label(item, act="shrugs")).status_code == 400


def test_a_value_is_read_from_an_earlier_turn(api, billing, plain):
    context = [{"role": "caller", "text": "account 5 5 5"}]
    cast.item(cast.utterance("i said that already", context=context))
    item = take(api)
    span = {"param": "account_number", "start": 8, "end": 13, "text": "5 5 5",
            "turn": 0}  # fmt: skip

    body = post(
        api, "annotations", label(item, intent="check_bill", spans=[span])
    ).json()

    assert body["spans"] == [{**span, "value": "555"}]
    assert item["context"][span["turn"]]["text"] == "account 5 5 5"


def test_personal_data_may_be_reported_with_its_place(api, item):
    sent = {"id": str(uuid.uuid4()), "kind": "quarantine", "item": item["id"]}

    assert post(api, "annotations", {**sent, "place": [18, 99]}).status_code == 422
    assert post(api, "annotations", {**sent, "place": [18, 23]}).status_code == 201

    stored = Annotation.objects.get()
    assert (stored.reported_start, stored.reported_end) == (18, 23)
