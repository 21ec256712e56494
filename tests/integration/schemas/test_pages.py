"""The registry's pages: from a draft by one person to a live version by another."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotations.models import FunctionExample, SchemaVersion
from annotations.services import label_import, schemas
from annotations.services.label_import import ImportedLabel
from annotations.services.labels import SpanAnswer
from tests.factories import cast
from tests.unit.annotations.functions.pairs import fn, s

pytestmark = pytest.mark.django_db

REASON = "agreed with billing operations"


def signed_in(username, role):
    client = Client()
    client.force_login(cast.person(username, role))
    return client


@pytest.fixture
def boris():
    return signed_in("boris", "product_owner")


@pytest.fixture
def dana():
    return signed_in("dana", "product_owner")


@pytest.fixture
def live():
    return cast.live_schema(cast.intent("check_bill"), fn(month=s(), plan=s()))


def draft(client, body, **fields):
    return client.post(
        "/functions/check_bill/draft", {"source": json.dumps(body), **fields}
    )


def labeled(text, **spans):
    places = tuple(
        SpanAnswer(text.index(w), text.index(w) + len(w), param, w)
        for param, w in spans.items()
    )
    utterance = cast.utterance(text)
    label_import.import_labels(
        [
            ImportedLabel(
                utterance.pk, "check_bill", "billing", places, marks_known=True
            )
        ],
        source="test",
    )


def page(client, path):
    response = client.get(path)
    assert response.status_code == 200, response.content.decode()[:400]
    return response.content.decode()


def test_a_new_function_goes_from_the_editor_to_live(boris, dana):
    cast.intent("pay_bill")
    made = boris.post(
        "/functions/new",
        {
            "name": "pay_bill",
            "intent": "pay_bill",
            "source": json.dumps(fn("amount", amount=s())),
            "pass": '{"amount": "12"}',
            "fail": "{}",
        },
    )
    assert made["Location"] == "/functions/pay_bill/v1"

    boris.post("/functions/pay_bill/v1/step/submit")
    version = SchemaVersion.objects.get()
    dana.post(
        "/functions/pay_bill/v1/step/approve",
        {"reason": REASON, "content_hash": version.content_hash},
    )

    version.refresh_from_db()
    assert (version.status, version.version) == ("live", "1.0.0")
    assert "pay_bill(amount: str)" in page(boris, "/functions/pay_bill/v1")


def test_a_refused_draft_keeps_what_was_typed_and_says_why(boris, live):
    response = draft(boris, {"type": "object"}, summary="my careful words")

    assert response.status_code == 422
    text = response.content.decode()
    assert "additionalProperties" in text
    assert "my careful words" in text
    assert SchemaVersion.objects.count() == 1


def test_the_impact_is_on_the_page_before_anybody_approves(boris, dana, live):
    labeled("the march bill", month="march")
    labeled("just the bill")
    draft(boris, fn("month", month=s()))
    boris.post("/functions/check_bill/v2/step/submit")

    text = page(dana, "/functions/check_bill/v2")

    assert 'id="n-revisit">1<' in text
    assert "month is required now" in text
    assert "plan is gone" in text
    assert "no pace measured yet" in text


def test_the_author_is_offered_no_approval_and_cannot_force_one(boris, live):
    draft(boris, fn(month=s()))
    boris.post("/functions/check_bill/v2/step/submit")

    assert "Approve and put live" not in page(boris, "/functions/check_bill/v2")
    answer = boris.post(
        "/functions/check_bill/v2/step/approve", {"reason": REASON}, follow=True
    )
    assert "You proposed this version" in answer.content.decode()
    assert SchemaVersion.objects.get(number=2).status == "in_review"


def test_an_annotator_reads_but_does_not_decide(live):
    ana = signed_in("ana", "annotator")

    assert "Decide" not in page(ana, "/functions/check_bill/v1")
    assert ana.post("/functions/check_bill/v1/step/retire").status_code == 403
    assert ana.get("/functions/check_bill/draft").status_code == 403


def test_the_check_tells_signature_and_kind_of_change(boris, live):
    answer = boris.post(
        "/functions/check",
        {"name": "check_bill", "source": json.dumps(fn(month=s(), plan=s(), x=s()))},
    ).content.decode()

    assert "x: str | None = None" in answer
    assert "<b>minor</b>" in answer


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00", '{"type": "object"}'])
def test_the_check_answers_any_source_with_faults(boris, text):
    answer = boris.post("/functions/check", {"source": text})

    assert answer.status_code in (200, 400)
    assert "Reads as" not in answer.content.decode()


def test_the_receipt_shows_hash_and_events(live, dana):
    boris = live.proposed_by
    version = schemas.propose(
        intent=live.function.intent, name="check_bill", body=fn(month=s()), by=boris
    )
    schemas.approve(version=version, by=live.approved_by, reason=REASON)

    text = page(dana, "/functions/check_bill/v2/receipt")

    assert version.content_hash in text
    assert "schema.approved" in text
    assert REASON in text


def test_an_uploaded_file_is_reported_function_by_function(boris):
    good = {"name": "pay", "description": "", "parameters": fn(a=s())}
    files = [
        SimpleUploadedFile("good.json", json.dumps(good).encode()),
        SimpleUploadedFile("bad.json", b"\xff\xfe"),
    ]

    text = boris.post("/functions/import", {"files": files}).content.decode()

    assert ">drafted<" in text
    assert ">refused<" in text
    assert SchemaVersion.objects.get().function.name == "pay"


def test_the_bank_is_filled_by_a_click(boris, live):
    labeled("the march bill", month="march")

    boris.post("/functions/check_bill/examples")

    example = FunctionExample.objects.get()
    assert "the march bill" in page(boris, "/functions/check_bill")
    boris.post("/functions/check_bill/examples", {"remove": example.pk})
    assert not FunctionExample.objects.exists()


def test_trying_without_a_model_says_so(boris, live):
    answer = boris.post("/functions/check_bill/v1/try", {"text": "the march bill"})

    assert "No model serves yet" in answer.content.decode()


def test_the_registry_needs_the_same_queries_however_many_functions(
    boris, live, django_assert_max_num_queries
):
    for n in range(20):
        cast.live_schema(cast.intent(f"intent_{n}"))

    with django_assert_max_num_queries(14):
        page(boris, "/functions")
