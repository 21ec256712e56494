"""What is written about an intent: who may, who was faster, what the desk shows."""

import pytest
from django.db import DatabaseError, transaction

from annotations.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    StaleRevisionError,
)
from annotations.models import (
    AuditEvent,
    ContrastPair,
    IntentChange,
    IntentConfusion,
    IntentExample,
)
from annotations.services import desk, discussion, guidelines, label_import
from annotations.services.label_import import ImportedLabel
from tests.factories import cast

from .conftest import client_of

pytestmark = pytest.mark.django_db


def edit(intent, by, revision=1, **fields):
    return guidelines.edit(intent=intent, revision=revision, by=by, **fields)


def contrast(one, other, by, *lines, revision=0):
    return guidelines.save_contrast(
        intent=one, other=other, lines=lines, revision=revision, by=by
    )


def labeled(text, intent):
    utterance = cast.utterance(text)
    label_import.import_labels([ImportedLabel(utterance.pk, intent.name)], source="t")
    return utterance


def test_an_edit_is_on_the_log_and_on_the_trail(people, bill):
    edited = edit(bill, people.rita, description="Asks why a bill is high.")

    change = IntentChange.objects.get(intent=bill)
    assert edited.revision == 2
    assert change.what == {
        "description": ["Asks what is on a bill.", "Asks why a bill is high."]
    }
    event = AuditEvent.objects.get(action="intent.described")
    assert event.actor == f"user:{people.rita.pk}"
    assert "high" not in event.payload


def test_an_edit_over_somebody_elses_is_refused_with_theirs(people, bill):
    edit(bill, people.boris, description="By Boris.")

    with pytest.raises(StaleRevisionError) as refused:
        edit(bill, people.rita, description="By Rita.")

    assert refused.value.details["current"].description == "By Boris."


def test_saving_what_stands_already_changes_nothing(people, bill):
    edit(bill, people.boris, description=bill.description, revision=7)

    assert not IntentChange.objects.exists()


def test_what_personal_data_is_typed_is_taken_out(people, bill):
    edited = edit(bill, people.rita, guidance="As in: my card is 4111 1111 1111 1111.")

    assert "4111" not in edited.guidance
    assert "[CARD" in edited.guidance


def test_the_form_shows_both_after_a_conflict_and_saves_the_second_time(people, bill):
    client = client_of(people.rita)
    edit(bill, people.boris, description="By Boris.")
    mine = {"title": bill.title, "description": "By Rita.", "guidance": ""}

    refused = client.post("/intents/check_bill/edit", {**mine, "revision": "1"})
    again = client.post("/intents/check_bill/edit", {**mine, "revision": "2"})

    shown = refused.content.decode()
    assert refused.status_code == 409
    assert "By Boris." in shown and "By Rita." in shown
    assert 'name="revision" value="2"' in shown
    assert again.status_code == 302
    bill.refresh_from_db()
    assert bill.description == "By Rita."


@pytest.mark.parametrize("sent", ["", "x" * 121])
def test_a_title_has_to_fit(sent, people, bill):
    with pytest.raises(InvalidError):
        edit(bill, people.rita, title=sent)


def test_a_contrast_line_stands_on_both_pages_and_reaches_the_desk(people, bill, pay):
    contrast(pay, bill, people.rita, "money moves", "only a question")

    cards = {c["name"]: c for c in desk.picker_index()["intents"]}
    assert cards["pay_bill"]["contrasts"] == {"check_bill": "money moves"}
    assert cards["check_bill"]["contrasts"] == {"pay_bill": "only a question"}
    (seen,) = guidelines.contrasts_of(bill)
    assert (seen.own_line, seen.other_line) == ("only a question", "money moves")
    assert {c.intent_id for c in IntentChange.objects.all()} == {bill.pk, pay.pk}


def test_the_desks_catalogue_is_read_again_once_a_line_changes(people, bill, pay):
    before = desk.picker_index()["version"]

    contrast(pay, bill, people.rita, "money moves", "only a question")

    assert desk.picker_index()["version"] != before


def test_a_contrast_over_somebody_elses_is_refused_with_theirs(people, bill, pay):
    contrast(pay, bill, people.rita, "money moves", "only a question")
    client = client_of(people.boris)
    sent = {"other": "pay_bill", "own": "mine", "others": "yours", "revision": "0"}

    refused = client.post("/intents/check_bill/contrast", sent)

    assert refused.status_code == 409
    assert "money moves" in refused.content.decode()
    assert ContrastPair.objects.get().revision == 1
    assert (
        client.post(
            "/intents/check_bill/contrast", {**sent, "revision": "1"}
        ).status_code
        == 302
    )
    assert ContrastPair.objects.get().line_for(bill.pk) == "mine"


def test_two_empty_lines_take_the_pair_away_and_one_is_refused(people, bill, pay):
    pair = contrast(pay, bill, people.rita, "money moves", "only a question")

    with pytest.raises(InvalidError):
        contrast(pay, bill, people.rita, "", "alone", revision=pair.revision)
    contrast(pay, bill, people.rita, "", "", revision=pair.revision)

    assert not ContrastPair.objects.exists()


def test_an_intent_is_not_set_off_against_itself(people, bill):
    with pytest.raises(InvalidError):
        contrast(bill, bill, people.rita, "a", "b")


def test_measured_confusions_come_first_on_the_page(people, bill, pay):
    other = cast.intent("say_hello")
    contrast(bill, other, people.rita, "a bill", "a word")
    IntentConfusion.objects.create(
        intent=bill, taken_for=pay, n=3, n_asked=20, model_name="m"
    )

    seen = guidelines.contrasts_of(bill)
    page = client_of(people.ana).get("/intents/check_bill").content.decode()

    assert [c.other.name for c in seen] == ["pay_bill", "say_hello"]
    assert "3 of 20 taken for the other" in page


def test_examples_show_what_it_is_and_what_it_is_not(people, bill, pay):
    said = labeled("why is my bill so high", bill)
    client = client_of(people.rita)

    client.post("/intents/check_bill/examples", {"utterance": said.pk})
    client.post(
        "/intents/check_bill/set-off",
        {"utterance": said.pk, "against": "pay_bill", "note": "no money moves"},
    )

    page = client.get("/intents/pay_bill").content.decode()
    assert IntentExample.objects.get(intent=bill).kind == "positive"
    assert said.text in page and "no money moves" in page


def test_an_exam_item_is_no_example(people, bill):
    exam = cast.utterance(split="exam")

    with pytest.raises(NotFoundError):
        guidelines.add_example(
            intent=bill, utterance_id=exam.pk, kind="positive", by=people.rita
        )
    with pytest.raises(DatabaseError), transaction.atomic():
        IntentExample.objects.create(
            intent=bill, utterance=exam, kind="positive", added_by=people.rita
        )


def test_an_exam_label_is_not_among_what_callers_said(people, bill):
    exam = cast.utterance("an exam text", split="exam")
    label_import.import_labels([ImportedLabel(exam.pk, bill.name)], source="t")

    assert (
        exam.text
        not in client_of(people.ana).get("/intents/check_bill").content.decode()
    )


def test_an_example_stands_once(people, bill):
    said = labeled("why is my bill so high", bill)
    guidelines.add_example(
        intent=bill, utterance_id=said.pk, kind="positive", by=people.rita
    )

    with pytest.raises(ConflictError):
        guidelines.add_example(
            intent=bill, utterance_id=said.pk, kind="negative", by=people.rita
        )


def test_a_quarantined_example_leaves_the_page(people, bill):
    said = labeled("why is my bill so high", bill)
    guidelines.add_example(
        intent=bill, utterance_id=said.pk, kind="positive", by=people.rita
    )
    type(said).objects.filter(pk=said.pk).update(status="quarantined")

    assert (
        said.text
        not in client_of(people.ana).get("/intents/check_bill").content.decode()
    )


def test_a_comment_is_kept_without_personal_data_and_resolved_once(people, bill):
    remark = discussion.comment(
        intent=bill, text="Ask at 555 867 5309 about this", by=people.ana
    )

    discussion.resolve(intent=bill, remark_id=remark.pk, by=people.rita)
    discussion.resolve(intent=bill, remark_id=remark.pk, by=people.boris)

    remark.refresh_from_db()
    assert "867" not in remark.text
    assert remark.resolved_by == people.rita
    assert AuditEvent.objects.filter(action="intent.remark_resolved").count() == 1


def test_another_annotator_does_not_resolve_a_comment(people, bill):
    remark = discussion.comment(intent=bill, text="And credit notes?", by=people.ana)

    with pytest.raises(NotAllowedError):
        discussion.resolve(intent=bill, remark_id=remark.pk, by=cast.ben())


def test_the_list_finds_by_domain_text_and_state(people, bill, pay):
    cast.intent("report_outage", domain="outages")
    discussion.comment(intent=bill, text="And credit notes?", by=people.ana)
    client = client_of(people.ana)

    def names(query):
        page = client.get(f"/intents?{query}").context["intents"]
        return {intent.name for intent in page}

    assert names("domain=outages") == {"report_outage"}
    assert names("q=what+is+on") == {"check_bill"}
    assert names("state=discussed") == {"check_bill"}
    assert names("state=undescribed") == {"report_outage"}
    assert names("state=retired") == set()
    assert len(names("")) == 3


def test_the_change_log_cannot_be_rewritten(people, bill):
    edit(bill, people.rita, description="Another.")

    with pytest.raises(DatabaseError), transaction.atomic():
        IntentChange.objects.update(what={})
    with pytest.raises(DatabaseError), transaction.atomic():
        IntentChange.objects.all().delete()


def test_the_page_takes_a_fixed_number_of_queries(
    people, bill, django_assert_max_num_queries
):
    for n in range(12):
        said = labeled(f"bill number {n}", bill)
        guidelines.add_example(
            intent=bill, utterance_id=said.pk, kind="positive", by=people.rita
        )
        discussion.comment(intent=bill, text=f"question {n}", by=people.ana)
    client = client_of(people.rita)
    client.get("/intents/check_bill")

    with django_assert_max_num_queries(20):
        client.get("/intents/check_bill")
