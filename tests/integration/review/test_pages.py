"""The reviewer's pages over HTTP: counts, filters, pages, empty queues, refusals."""

import uuid

import pytest
from django.test import Client

from annotations.models import Annotation, Domain, OpinionPolicy, Utterance
from annotations.services import error_candidates, review_queues
from annotations.views.review_frame import PER_PAGE
from tests.factories import cast

pytestmark = pytest.mark.django_db
QUEUES = ("disagreements", "errors", "late", "questions", "personal", "gold")


@pytest.fixture
def desk(rita) -> Client:
    client = Client()
    client.force_login(rita)
    return client


@pytest.fixture
def disputed(ana, ben, bill, pay, say):
    def make() -> Utterance:
        of = cast.utterance()
        say(ana, of, "check_bill")
        say(ben, of, "pay_bill", reason="second_opinion")
        return of

    return make


def text(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("queue", QUEUES)
def test_an_empty_queue_says_why(queue, desk):
    assert 'class="empty"' in text(desk.get(f"/review/{queue}"))


@pytest.mark.parametrize("queue", QUEUES)
def test_filters_that_fit_nothing_say_so(queue, desk):
    page = text(desk.get(f"/review/{queue}?domain=none&intent=none&days=9&annotator=x"))

    assert "Nothing fits these filters" in page


def test_the_overview_leads_to_the_first_queue_with_something(desk, report, ana):
    report(ana, cast.utterance("my name is Wendeline"))

    assert desk.get("/review")["Location"] == "/review/personal"


def test_an_ml_engineer_sees_agreement_and_policy_and_no_case(db):
    client = Client()
    client.force_login(cast.person("mia", "ml_engineer"))

    assert client.get("/review")["Location"] == "/review/agreement"
    page = text(client.get("/review/agreement"))
    assert "/review/policy" in page
    assert "/review/errors" not in page


def test_a_queue_has_pages(desk, disputed):
    for _ in range(PER_PAGE + 1):
        last = disputed()

    first = text(desk.get("/review/disagreements"))
    second = text(desk.get("/review/disagreements?page=2"))

    assert 'rel="next"' in first
    assert f'data-utterance="{last.pk}"' in second


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ("intent=pay_bill", 1),
        ("domain=billing", 1),
        ("annotator=ben", 1),
        ("annotator=rita", 0),
        ("intent=none", 0),
        ("days=3", 0),
    ],
)
def test_a_queue_narrows(query, n, desk, disputed):
    disputed()

    page = text(desk.get(f"/review/disagreements?{query}"))

    assert page.count('id="case"') == n


def test_the_models_vote_is_not_in_the_page(desk, disputed):
    of = disputed()
    cast.suggestion(of, "pay_bill", "check_bill")

    assert "test-model" not in text(desk.get("/review/disagreements"))
    said = desk.get(f"/review/vote/{of.pk}").json()
    assert said["votes"][0] == {"intent": "pay_bill", "confidence": 0.6}


def test_saving_leads_to_the_next_case_with_the_filters(desk, disputed):
    of, after = disputed(), disputed()
    case = review_queues.case(of.pk)

    response = desk.post(
        f"/review/resolve?domain=billing&item={after.pk}&queue=disagreements",
        {"uuid": uuid.uuid4(), "answer": case.answers[0].pk, "seen": case.seen},
    )

    target = response["Location"]
    assert target.startswith("/review/disagreements?")
    assert f"item={after.pk}" in target and "domain=billing" in target


@pytest.mark.parametrize("queue", ["//evil.example", "nowhere", ""])
def test_saving_never_leads_elsewhere(queue, desk, disputed):
    response = desk.post(f"/review/resolve?queue={queue}", {"answer": "x"})

    assert response["Location"].startswith("/review/disagreements")


def test_an_answer_that_changed_meanwhile_is_shown_anew(desk, disputed):
    of = disputed()
    first = review_queues.case(of.pk).answers[0]

    response = desk.post(
        "/review/resolve?queue=disagreements",
        {"uuid": uuid.uuid4(), "answer": first.pk, "seen": "0" * 16},
        follow=True,
    )

    assert "changed while you looked" in text(response)
    assert not Annotation.objects.filter(is_review=True).exists()


def test_a_reviewer_cannot_decide_where_they_answered(desk, rita, ana, bill, pay, say):
    of = cast.utterance()
    say(ana, of, "check_bill")
    say(rita, of, "pay_bill", reason="second_opinion")

    assert "fieldset disabled" in text(desk.get("/review/disagreements"))


def test_keeping_a_suspected_label_stores_no_answer(desk, ana, bill, say):
    label = say(ana, cast.utterance(), "check_bill")
    error_candidates.store(
        [error_candidates.Found(annotation=label, kind="model", score=0.9)]
    )
    (candidate,) = review_queues.errors()
    seen = review_queues.case(label.utterance_id).seen

    desk.post(
        "/review/resolve?queue=errors",
        {
            "uuid": uuid.uuid4(), "answer": label.pk, "suspected": label.pk,
            "candidate": candidate.pk, "seen": seen,
        },
    )  # fmt: skip

    candidate.refresh_from_db()
    assert candidate.status == "dismissed"
    assert Annotation.objects.count() == 1


def test_gold_shows_who_said_what_and_what_was_taken_back(desk, ana, bill, say):
    say(ana, cast.utterance(), "check_bill")

    page = text(desk.get("/review/gold"))

    assert "One answer" in page and "Ana" in page


def test_agreement_counts_what_two_people_answered(desk, disputed, ana, ben, bill, say):
    disputed()
    of = cast.utterance()
    say(ana, of, "check_bill")
    say(ben, of, "check_bill", reason="second_opinion")

    page = text(desk.get("/review/agreement"))

    assert "2 utterances, 4 answers" in page
    assert "Ana and Ben" in page
    # By hand: D_o = 2/4, D_e = 6/12; alpha is nothing.
    assert ">0.000</td>" in page.replace("\n", "")


@pytest.mark.parametrize("share", ["", "x", "101", "-1", "nan"])
def test_a_share_that_is_none_is_refused(share, desk):
    response = desk.post("/review/policy", {"share": share, "cap": "40"}, follow=True)

    assert 'class="banner bad"' in text(response)
    assert not OpinionPolicy.objects.exists()


def test_a_domain_gets_a_policy_of_its_own_and_loses_it(desk, bill):
    form = {"domain": "billing", "share": "25", "cap": "50"}
    desk.post("/review/policy", form)
    assert OpinionPolicy.objects.get().domain == Domain.objects.get(name="billing")

    desk.post("/review/policy", {**form, "drop": "1"})

    assert not OpinionPolicy.objects.exists()


def test_words_of_two_kinds_are_taken_out_as_such(desk, ana, report):
    of = cast.utterance("i am Wendeline Quux at 5 Quux Road")
    report(ana, of)

    desk.post(
        f"/review/personal/{of.pk}",
        {
            "uuid": uuid.uuid4(), "word": ["5-14", "15-19", "23-24", "25-29", "30-34"],
            "type": "NAME", "type-23-24": "ADDRESS", "type-25-29": "ADDRESS",
            "type-30-34": "ADDRESS",
        },
    )  # fmt: skip

    assert Utterance.objects.filter(text="i am [NAME_1] at [ADDRESS_1]").exists()


def test_a_page_of_a_queue_costs_the_same_however_long_it_is(
    desk, disputed, django_assert_max_num_queries
):
    for _ in range(3):
        disputed()

    with django_assert_max_num_queries(30):
        desk.get("/review/disagreements")
