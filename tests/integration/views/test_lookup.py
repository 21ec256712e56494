"""Pages for looking things up: what they show, to whom, and when there is nothing."""

import re
import uuid
from html import unescape

import pytest
from django.db import connection
from django.urls import reverse

from annotations.models import Utterance
from annotations.services import labels, queue
from annotations.services.labels import Answer
from tests.factories import cast

pytestmark = pytest.mark.django_db


def answered(client, text, intent="check_bill"):
    cast.item(cast.utterance(text))
    item = queue.claim_next(by=client.person)
    labels.submit(by=client.person, answer=Answer(uuid.uuid4(), item.pk, intent))
    return item.utterance


def shown(client, path):
    response = client.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def test_the_start_page_offers_what_the_role_may_do(signed_in):
    annotator = shown(signed_in("ana", "annotator"), "/")
    auditor = shown(signed_in("aud", "auditor"), "/")

    assert 'href="/label"' in annotator and 'href="/audit"' not in annotator
    assert 'href="/audit"' in auditor and 'href="/label"' not in auditor


@pytest.mark.parametrize(
    "role",
    ["annotator", "reviewer", "product_owner", "ml_engineer", "admin", "auditor"],
)
def test_every_entry_of_the_navigation_opens(signed_in, role):
    client = signed_in("any", role)

    for entry in client.get("/").context["entries"]:
        assert client.get(entry.url, follow=True).status_code == 200, entry.url


def test_the_start_page_says_that_no_worker_is_alive(ana):
    assert "No worker is alive" in shown(ana, "/")


def test_my_work_lists_my_answers_only(ana, signed_in):
    cast.intent("check_bill")
    answered(ana, "why is my bill so high")
    ben = signed_in("ben", "annotator")
    answered(ben, "the other one's words")

    page = shown(ana, "/me")

    assert "why is my bill so high" in page
    assert "the other one" not in page


def test_my_work_hides_words_that_were_reported(ana):
    cast.intent("check_bill")
    utterance = answered(ana, "my name is on it")
    Utterance.objects.filter(pk=utterance.pk).update(status="quarantined")

    page = shown(ana, "/me")

    assert "my name is on it" not in page
    assert "Taken out of sight" in page


def test_my_work_does_not_list_what_was_taken_back(ana):
    cast.intent("check_bill")
    answered(ana, "why is my bill so high")
    labels.undo(by=ana.person, uuid=uuid.uuid4())

    assert "No answers yet" in shown(ana, "/me")


def test_intents_count_their_gold_labels(ana):
    cast.intent("check_bill", description="Asks about a bill.")
    cast.intent("pay_bill")
    answered(ana, "why is my bill so high")

    page = shown(ana, "/intents")

    assert "1 gold" in page and "0 gold" in page
    assert "Asks about a bill." in page


def test_intents_are_narrowed_by_words_and_domain(ana):
    cast.intent("check_bill")
    cast.intent("report_outage", domain="outages")

    assert "report_outage" not in shown(ana, "/intents?q=bill")
    assert "check_bill" not in shown(ana, "/intents?domain=outages")
    assert "No intent fits" in shown(ana, "/intents?q=zzz")


def test_an_intent_shows_its_examples_and_parameters(ana):
    cast.live_schema(cast.intent("check_bill"))
    intent = cast.intent("pay_bill")
    answered(ana, "i want to pay", intent.name)

    assert "i want to pay" in shown(ana, "/intents/pay_bill")
    assert "account_number" in shown(ana, "/intents/check_bill")


def test_an_intent_keeps_callers_words_from_those_without_a_reason(ana, signed_in):
    cast.intent("pay_bill")
    answered(ana, "i want to pay", "pay_bill")

    page = shown(signed_in("aud", "auditor"), "/intents/pay_bill")

    assert "i want to pay" not in page


def test_unknown_names_are_not_found(ana):
    for path in ("/intents/none", "/functions/none"):
        response = ana.get(path)
        assert response.status_code == 404
        assert "There is no" in response.content.decode()


def test_a_function_shows_its_live_version(ana):
    version = cast.live_schema(cast.intent("check_bill"))

    assert "1 live" in shown(ana, "/functions")
    page = shown(ana, "/functions/check_bill")
    assert version.content_hash in page
    assert version.content_hash in shown(ana, "/functions/check_bill/v1")
    assert ana.get("/functions/check_bill/v7").status_code == 404


def test_search_finds_words_intents_and_states(ana):
    cast.intent("check_bill")
    answered(ana, "why is my bill so high")
    cast.utterance("100% of_it is wrong")

    assert "1 found" in shown(ana, "/search?q=BILL")
    assert "100% of_it" in shown(ana, "/search?q=100% of_it")
    assert "why is my bill" in shown(ana, "/search?intent=check_bill")
    assert "why is my bill" not in shown(ana, "/search?status=pool")


def test_search_counts_lead_to_the_narrower_search(ana):
    for source in ("chat", "calls", "calls"):
        cast.utterance("same <b> words", source=source)

    page = shown(ana, "/search?q=same&before=999999999")

    assert '<a href="?q=same&amp;source=calls">calls</a> <span>2</span>' in page
    assert "<mark>same</mark> &lt;b&gt; words" in page
    assert ">State</dt>" not in page  # all are in the same one
    assert "2 found" in shown(ana, "/search?q=same&source=calls")


def test_a_result_leads_to_the_form_that_proposes_an_intent_from_it(ana, signed_in):
    said = cast.utterance("can my line sleep while i am abroad")
    path = f"/proposals/new?utterance={said.pk}"

    assert f'href="{path}"' in shown(ana, "/search?q=sleep")
    assert said.text in shown(ana, path)
    engineer = signed_in("mia", "ml_engineer")
    assert "/proposals/new" not in shown(engineer, "/search?q=sleep")


def test_search_says_what_to_change_where_nothing_fits(ana):
    cast.intent("check_bill")

    page = shown(ana, "/search?q=nothing&intent=check_bill&status=pool")

    assert "Nothing fits" in page
    assert "try fewer of them" in page and "set one of them to “Any”" in page
    assert "Nothing older fits" in shown(ana, "/search?q=nothing&before=3")


def test_search_says_at_the_field_what_cannot_be_read(ana):
    assert "letter or digit" in shown(ana, "/search?q=%3F")
    assert "not one of the available choices" in shown(ana, "/search?status=erased")
    page = shown(ana, "/search?since=2026-03-02&until=2026-03-01")
    assert "before the first" in page and "cannot be searched for" in page


@pytest.mark.parametrize(
    "leak",
    ["split=exam", "goldlabel__intent__name=x&q=one", "text__regex=.&q=one"],
)
def test_search_takes_no_filter_that_its_form_does_not_offer(ana, leak):
    cast.utterance("one in training")
    cast.utterance("one in the exam", split="exam")

    assert "one in the exam" not in shown(ana, f"/search?{leak}")


def test_search_offers_the_answers_of_others_to_those_who_may_know_them(ana, signed_in):
    signed_in("ben", "annotator")
    rita = signed_in("rita", "reviewer")

    assert "Ben" not in shown(ana, "/search")
    assert "Ben" in shown(rita, "/search")
    assert "exam" not in shown(rita, "/search")


@pytest.mark.parametrize(
    "fields",
    [{"redaction": "light"}, {"status": "quarantined"}, {"redaction": "failed"}],
)
def test_search_never_shows_what_nobody_may_see(ana, fields):
    cast.utterance("secret words", **fields)

    assert "secret words" not in shown(ana, "/search?q=secret").replace(
        'value="secret"', ""
    )


def test_search_pages_through_many(ana):
    ids = [cast.utterance(f"same words {n:02}").pk for n in range(30)]

    first = shown(ana, "/search?q=same")
    second = shown(ana, f"/search?q=same&before={ids[5]}")

    assert "words 29</bdi>" in first and "words 04</bdi>" not in first
    assert f"?q=same&amp;before={ids[5]}" in first
    assert "words 04</bdi>" in second and "words 05</bdi>" not in second
    assert "words 29</bdi>" in shown(ana, "/search?q=same&before=nonsense")


def test_audit_lists_events_by_actor_action_and_object(ana, signed_in):
    cast.intent("check_bill")
    answered(ana, "why is my bill so high")
    auditor = signed_in("aud", "auditor")

    page = shown(auditor, f"/audit?actor=user:{ana.person.pk}&action=label.")

    assert "label.submitted" in page and "Ana" in page
    assert "why is my bill" not in page
    assert "No event fits" in shown(auditor, "/audit?action=nothing.")


def test_audit_checks_the_chains_when_asked(ana, signed_in):
    cast.intent("check_bill")
    answered(ana, "why is my bill so high")
    auditor = signed_in("aud", "auditor")

    assert "Check every chain now" in shown(auditor, "/audit")
    assert "Every event is as it was written" in shown(auditor, "/audit?check=1")

    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE annotations_auditevent DISABLE TRIGGER USER;"
            "UPDATE annotations_auditevent SET action = 'label.forged'"
            " WHERE action = 'label.submitted'"
        )
    assert "The trail was changed" in shown(auditor, "/audit?check=1")


def test_audit_is_for_auditors_and_administrators(ana, signed_in):
    assert ana.get("/audit").status_code == 403
    assert signed_in("adm", "admin").get("/audit").status_code == 200


def test_an_unknown_address_has_a_page_with_the_request_id(ana):
    response = ana.get("/no-such-page")

    assert response.status_code == 404
    assert response["X-Request-ID"] in response.content.decode()


def test_a_failure_has_a_page_with_the_request_id_and_no_query(ana, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("planted")

    monkeypatch.setattr("annotations.views.me.page_of", fail)
    ana.raise_request_exception = False

    response = ana.get("/me")

    assert response.status_code == 500
    page = response.content.decode()
    assert response["X-Request-ID"] in page and "planted" not in page


def test_a_chosen_theme_is_in_the_first_byte(ana):
    ana.cookies["theme"] = "dark"
    assert re.search(r'<html lang="en"[^>]* data-theme="dark"[ >]', shown(ana, "/"))

    ana.cookies["theme"] = '"><script>'
    assert "data-theme" not in shown(ana, "/").partition(">")[2].partition(">")[0]


def test_pages_hold_no_inline_script_or_style(ana):
    cast.live_schema(cast.intent("check_bill"))
    utterance = cast.utterance()
    cast.suggestion(utterance, "check_bill")
    cast.item(utterance)

    for path in ("/", "/label", "/me", "/intents", "/functions/check_bill", "/search"):
        page = shown(ana, path)
        assert "<style" not in page and " style=" not in page
        assert page.count("<script") == page.count('src="/static/')
        assert " onclick" not in page


IMPORTED_NAME = "Billing/Ask why? 100 %#1 ☂"


@pytest.mark.parametrize("part", ["", "/models", "/edit", "/change", "/samples"])
def test_an_intent_keeps_the_name_it_was_imported_under(signed_in, part):
    cast.intent(IMPORTED_NAME)
    reviewer = signed_in("rev", "reviewer")
    names = {"": "intent", "/samples": "intent_samples"}
    path = reverse(names.get(part, f"intent_{part[1:]}"), args=[IMPORTED_NAME])

    assert IMPORTED_NAME in unescape(shown(reviewer, "/intents"))
    assert shown(reviewer, path)
    assert path.endswith(part)


def test_a_program_reads_an_imported_name_however_it_escapes_the_slash(signed_in):
    cast.intent("billing/why")
    client = signed_in("mel", "ml_engineer")

    for path in ("billing/why", "billing%2Fwhy"):
        assert client.get(f"/api/v1/intents/{path}").json()["name"] == "billing/why"
