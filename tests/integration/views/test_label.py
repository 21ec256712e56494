"""The desk over HTTP: what is stored, what comes back, what is refused."""

import gzip
import json
import uuid

import pytest
from django.test import Client

from annotations.models import Annotation, GoldLabel, ParameterSpan, QueueItem, Reason
from annotations.services import labels, queue
from annotations.services.labels import Answer
from tests.factories import cast

from .desk import DESK, send, taken

pytestmark = pytest.mark.django_db


def test_an_answer_is_stored_and_the_next_item_comes_with_the_response(ana, bill):
    item = taken(ana)
    following = cast.item()

    response = send(ana, item, shown_ms="1200")

    assert response.status_code == 200
    assert f'data-item="{following.pk}"' in response.content.decode()
    assert "<html" not in response.content.decode()
    assert GoldLabel.objects.get().intent == bill
    assert Annotation.objects.get().shown_ms == 1200


def test_without_the_script_the_whole_page_comes_back(ana, bill):
    item = taken(ana)

    response = send(ana, item, headers={})

    assert "<html" in response.content.decode()
    assert GoldLabel.objects.count() == 1


def test_a_retry_stores_once_and_gets_the_same_next_item(ana, bill):
    item = taken(ana)
    cast.item()
    cast.item()
    key = uuid.uuid4()

    first = send(ana, item, uuid=key)
    again = send(ana, item, uuid=key)

    assert Annotation.objects.count() == 1
    assert again.context["item"].item_id == first.context["item"].item_id
    assert QueueItem.objects.filter(status="leased").count() == 1


def test_the_same_id_with_another_answer_is_refused(ana, bill):
    cast.intent("pay_bill")
    item = taken(ana)
    key = uuid.uuid4()
    send(ana, item, uuid=key)

    response = send(ana, item, uuid=key, intent="pay_bill")

    assert response.status_code == 409
    assert "data-refusal" in response.content.decode()
    assert Annotation.objects.get().intent == bill


def test_an_answer_sent_later_stays_on_the_item_shown(ana, bill):
    item = taken(ana)
    cast.item()

    response = send(ana, item, stay="1")

    assert response.status_code == 204
    assert GoldLabel.objects.count() == 1
    assert not QueueItem.objects.filter(status="leased").exists()


def test_undo_takes_back_the_answer_that_is_named(ana, bill):
    older, newer = taken(ana), taken(ana)
    key = uuid.uuid4()
    send(ana, older, uuid=key, stay="1")
    send(ana, newer, stay="1")

    response = ana.post(
        "/label/undo", {"uuid": uuid.uuid4(), "answer": key}, headers=DESK
    )

    assert response.context["item"].item_id == older.pk
    assert Annotation.objects.standing().get().utterance == newer.utterance


def test_an_undo_sent_later_holds_no_item(ana, bill):
    send(ana, taken(ana), stay="1")

    response = ana.post(
        "/label/undo", {"uuid": uuid.uuid4(), "stay": "1"}, headers=DESK
    )

    assert response.status_code == 204
    assert QueueItem.objects.get().status == "ready"
    assert not Annotation.objects.standing().exists()


def test_marks_without_their_words_are_read_from_the_text(ana, bill):
    cast.live_schema(bill)
    item = taken(ana, cast.utterance("my account is [ACCOUNT_NUMBER_1] thanks"))
    spans = [{"start": 14, "end": 32, "param": "account_number"}]

    send(ana, item, stay="1", spans=json.dumps(spans))

    assert ParameterSpan.objects.get().text == "[ACCOUNT_NUMBER_1]"


def test_a_mark_whose_words_differ_is_refused_in_words(ana, bill):
    cast.live_schema(bill)
    item = taken(ana, cast.utterance("my account is [ACCOUNT_NUMBER_1] thanks"))
    spans = [{"start": 0, "end": 2, "param": "account_number", "text": "no"}]

    response = send(ana, item, spans=json.dumps(spans))

    assert response.status_code == 422
    assert "is not the one you saw" in response.content.decode()
    assert not Annotation.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"uuid": "no"},
        {"item": "-1"},
        {"item": "9" * 30},
        {"intent": ""},
        {"intent": "no_such_intent"},
        {"spans": "{"},
        {"spans": "[" * 100_000},
        {"spans": '[{"start": 0}]'},
        {"spans": '[{"start": true, "end": 2, "param": "x", "text": "y"}]'},
        {"spans": '[{"start": 5, "end": 2, "param": "x", "text": "y"}]'},
        {"spans": json.dumps([{"start": 0, "end": 1, "param": "x"}] * 101)},
        {"not_spoken": "[1]"},
        {"not_spoken": '"x"'},
        {"not_spoken": '["unknown"]'},
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_stored(ana, bill, fields):
    item = taken(ana)

    response = send(ana, item, **fields)

    assert response.status_code in (404, 422)
    assert not Annotation.objects.exists()
    item.refresh_from_db()
    assert item.status == "leased"


def test_skip_stores_the_reason(ana):
    item = taken(ana)

    response = send(ana, item, "/label/skip", reason="unclear")

    assert response.status_code == 200
    assert Annotation.objects.get().skip_reason == "unclear"


def test_skip_without_a_known_reason_is_refused(ana):
    response = send(ana, taken(ana), "/label/skip", reason="bored")

    assert response.status_code == 422


def test_personal_data_takes_the_utterance_away(ana):
    item = taken(ana)

    send(ana, item, "/label/quarantine")

    item.utterance.refresh_from_db()
    assert item.utterance.status == "quarantined"


def test_undo_returns_the_item_with_what_was_answered(ana, bill):
    cast.live_schema(bill)
    item = taken(ana, cast.utterance("my account is [ACCOUNT_NUMBER_1] thanks"))
    spans = [{"start": 14, "end": 32, "param": "account_number",
              "text": "[ACCOUNT_NUMBER_1]"}]  # fmt: skip
    send(ana, item, spans=json.dumps(spans))
    current = taken(ana)

    response = ana.post(
        "/label/undo", {"uuid": uuid.uuid4(), "item": current.pk}, headers=DESK
    )

    page = response.content.decode()
    assert response.context["item"].text == item.utterance.text
    assert 'data-intent="check_bill"' in page
    assert "&quot;start&quot;: 14" in page
    current.refresh_from_db()
    assert current.status == "ready"


def test_undo_without_an_answer_says_so(ana):
    response = ana.post("/label/undo", {"uuid": uuid.uuid4()}, headers=DESK)

    assert response.status_code == 409
    assert "no answer of yours" in response.content.decode()


def test_an_answer_after_somebody_elses_is_kept_and_said_so(ana, bill, signed_in):
    ben = signed_in("ben", "annotator")
    item = taken(ana)
    queue.release(item.pk, by=ana.person)
    queue.claim_next(by=ben.person)
    labels.submit(
        by=ben.person, answer=Answer(uuid.uuid4(), item.pk, intent="check_bill")
    )

    response = send(ana, item)

    page = response.content.decode()
    assert "Ben answered this meanwhile. Yours is kept as a second opinion." in page
    assert Annotation.objects.count() == 2


@pytest.mark.parametrize("reason", [Reason.EXAM, Reason.RANDOM, Reason.SECOND_OPINION])
def test_a_blind_item_says_nothing_of_the_guess(ana, bill, reason):
    utterance = cast.utterance()
    cast.suggestion(utterance, "check_bill")
    cast.item(utterance, reason=reason)

    page = ana.get("/label").content.decode()

    assert utterance.text in page
    assert "check_bill" not in page and "Check bill" not in page


def test_an_exam_cannot_be_told_from_the_random_control(ana):
    for reason in (Reason.EXAM, Reason.DIVERSE, Reason.RANDOM):
        cast.item(reason=reason)

    exam, control = (ana.get("/label").context["item"] for _ in range(2))

    assert exam.why == control.why


def test_the_page_escapes_the_words(ana):
    cast.item(cast.utterance('<script>alert("x")</script> & \r\n'))

    page = ana.get("/label").content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#13;\n" in page


def test_the_catalogue_is_answered_with_304_until_it_changes(ana, bill):
    first = ana.get("/label/catalogue")
    same = ana.get("/label/catalogue", headers={"If-None-Match": first["ETag"]})
    cast.live_schema(bill)
    changed = ana.get("/label/catalogue", headers={"If-None-Match": first["ETag"]})

    assert same.status_code == 304
    assert changed.status_code == 200
    [entry] = changed.json()["intents"]
    assert [p["name"] for p in entry["parameters"]] == ["account_number", "bill_month"]


def test_the_catalogue_is_small_on_the_wire(ana, bill):
    response = ana.get("/label/catalogue", headers={"Accept-Encoding": "gzip, br"})

    assert response["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content) == ana.get("/label/catalogue").content


def test_no_page_of_the_desk_is_kept_by_a_cache(ana, bill):
    item = taken(ana)

    assert ana.get("/label")["Cache-Control"] == "no-store"
    assert send(ana, item)["Cache-Control"] == "no-store"


def test_the_script_is_told_that_nobody_is_signed_in():
    response = Client().post("/label/answer", {}, headers=DESK)

    assert response.status_code == 401


@pytest.mark.parametrize("role", ["product_owner", "ml_engineer", "admin", "auditor"])
def test_other_roles_do_not_label(signed_in, role):
    client = signed_in("chen", role)

    assert client.get("/label").status_code == 403
    assert client.post("/label/answer", {}, headers=DESK).status_code == 403


def test_the_desk_needs_few_queries(ana, bill, django_assert_max_num_queries):
    for _ in range(3):
        utterance = cast.utterance()
        cast.suggestion(utterance, "check_bill")
        cast.item(utterance)
    item = queue.claim_next(by=ana.person)
    send(ana, item)
    item = QueueItem.objects.get(status="leased")

    with django_assert_max_num_queries(13):
        send(ana, item)


def test_the_first_page_is_sent_small(ana):
    utterance = cast.utterance("what is my bill for march")
    cast.item(utterance)

    response = ana.get("/label", headers={"Accept-Encoding": "gzip"})

    assert response["Content-Encoding"] == "gzip"
    assert utterance.text in gzip.decompress(response.content).decode()
