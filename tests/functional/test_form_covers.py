"""The covers of pages that send whole forms: confirming together, reviewing a case."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from annotations.models import Annotation, QueueItem, User
from annotations.services import queue
from tests.factories import cast
from tests.functional import review_world
from tests.functional.desk_world import enter, press, settle, stay
from tests.functional.test_clusters import pays, settled
from tests.functional.test_covers import wrong_at_all_widths

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

CHECK = "First, one of the 8 without a suggestion"


@pytest.fixture
def open_check(open_desk):
    """The blind check of eight near-duplicates, with an intent chosen."""

    def open_it():
        pays()
        page = open_desk()
        press(page, "%")
        settled(page, CHECK)
        page.keyboard.type("pay")
        expect(page.locator("#hits [aria-selected=true]")).to_contain_text("Pay bill")
        press(page, "Enter")
        expect(page.locator("#chosen")).to_have_text("Pay bill")
        return page

    return open_it


@pytest.fixture
def open_case(page, sign_in, live_server):
    """The first disagreement, to be labeled afresh, with an intent chosen."""

    def open_it():
        sign_in(review_world.build())
        review_world.open_queue(page, live_server.url, "disagreements")
        press(page, "1")
        expect(page.locator("#vote")).to_be_visible()
        press(page, "g")
        return page

    return open_it


def covered(page, *, told: str) -> None:
    expect(page.locator("#paused")).to_contain_text(told)
    for words in page.locator("main bdi, main .marked").all():
        expect(words).not_to_be_visible()


def test_an_idle_check_is_covered_and_what_was_chosen_is_kept(impatient, open_check):
    page = open_check()
    covered(page, told="These 8 items are yours until")

    stay(page)
    press(page, "Enter")

    expect(page.locator("#paused")).to_have_count(0)
    expect(page.locator("#chosen")).to_have_text("Pay bill")
    assert not Annotation.objects.exists()
    settle(page)
    press(page, "Enter")
    settled(page, "All “Pay bill”?")
    assert Annotation.objects.get().shown_ms < 3000  # nothing of the time covered


def test_what_others_took_meanwhile_is_told_and_left_alone(impatient, open_check):
    page = open_check()
    press(page, "Enter")
    settled(page, "All “Pay bill”?")
    press(page, "ArrowDown", "Space")
    covered(page, told="These 7 items are yours until")
    taken = page.locator("input[name=item]").last.get_attribute("value")
    QueueItem.objects.filter(pk=taken).update(status="ready", lease_expires_at=None)
    assert queue.claim_next(by=cast.ben()).pk == int(taken)

    stay(page)
    page.locator("#paused button").click()

    expect(page.locator("#banner")).to_contain_text("One of these went back")
    expect(page.locator("#n")).to_have_text("6")
    settle(page)
    press(page, "Enter")
    settled(page, "5 confirmed")


def test_a_check_waits_for_the_sign_in_and_is_sent_once(
    open_check, context, live_server
):
    page = open_check()
    Session.objects.all().delete()

    press(page, "Enter")
    expect(page.locator("#signed-out")).to_contain_text("stays as it is")
    expect(page.locator("#utterance")).not_to_be_visible()
    enter(context, live_server, User.objects.get(username="ana"))
    page.locator("#signed-out button").click()

    settled(page, "All “Pay bill”?")
    assert Annotation.objects.get().intent.name == "pay_bill"


def test_an_idle_case_is_covered_and_what_was_chosen_is_kept(impatient, open_case):
    page = open_case()
    covered(page, told="What you entered is kept")

    stay(page)
    press(page, "2")

    expect(page.locator("#paused")).to_have_count(0)
    expect(page.locator("[data-number='1']")).to_be_checked()
    expect(page.locator("input[name=reason][value=rule]")).to_be_checked()
    assert not Annotation.objects.filter(is_review=True).exists()
    settle(page)
    press(page, "Enter")
    expect(page.locator("#take-back")).to_be_visible()
    given = Annotation.objects.get(is_review=True)
    assert (given.intent.name, given.review_reason) == ("dispute_charge", "rule")


def test_a_decision_waits_for_the_sign_in_and_is_stored_once(
    open_case, context, live_server
):
    page = open_case()
    Session.objects.all().delete()

    press(page, "Enter")
    expect(page.locator("#signed-out")).to_be_visible()
    enter(context, live_server, User.objects.get(username="rita"))
    page.locator("#signed-out button").click()

    expect(page.locator("#take-back")).to_be_visible()
    assert Annotation.objects.get(is_review=True).review_reason == "rule"


def test_a_decision_stays_on_the_page_while_the_server_cannot_be_reached(open_case):
    page = open_case()
    page.route("**/session", lambda route: route.abort())

    press(page, "Enter")
    expect(page.locator("#banner")).to_contain_text("still here")
    assert not Annotation.objects.filter(is_review=True).exists()
    page.unroute("**/session")
    press(page, "Enter")

    expect(page.locator("#take-back")).to_be_visible()
    assert Annotation.objects.filter(is_review=True).count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_covers_of_a_case_break_no_rule_and_fit(impatient, open_case, theme):
    impatient.emulate_media(color_scheme=theme)
    page = open_case()
    covered(page, told="What you entered is kept")
    found = wrong_at_all_widths(page)
    Session.objects.all().delete()
    press(page, "x")
    expect(page.locator("#signed-out")).to_be_visible()

    assert found + wrong_at_all_widths(page) == []
