"""Every page that shows what callers said, while nobody is at it."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from annotations.models import IntentRemark
from annotations.services import proposals
from tests.factories import cast
from tests.functional import desk_world as world
from tests.functional import review_world
from tests.functional.desk_world import enter, press, stay
from tests.functional.test_covers import wrong_at_all_widths

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

PAY = "i want to pay my bill"
PAGES = ("/search?q=pay", "/history", "/me", "/intents/pay_bill", "/review/proposals",
         "/intents/pay_bill/change", "/proposals/new")  # fmt: skip


@pytest.fixture
def labeled(db):
    """A caller's words with Ana's answer, and a proposal made from them."""
    world.intents()
    of, ana = cast.utterance(PAY), world.ana()
    review_world.say(ana, of, "pay_bill")
    proposals.propose(
        by=cast.ben(), title="Pay later", description="Wants to pay later.",
        domain="billing", utterance_id=of.pk,
    )  # fmt: skip
    return of, ana


@pytest.mark.parametrize("path", PAGES)
def test_callers_words_are_covered_and_the_key_that_wakes_does_nothing_else(
    impatient, labeled, sign_in, live_server, console, path
):
    page = impatient
    of, ana = labeled
    sign_in(ana)
    if path.endswith("/new"):
        path += f"?utterance={of.pk}"
    page.goto(live_server.url + path)
    if path.endswith("/change"):
        page.locator("#into").select_option("explain_charge")
        page.locator("form:has(#into) button").click()
    words = page.locator("main bdi").first
    expect(words).to_be_attached()
    expect(page.locator("#paused")).to_contain_text("stays as it is")
    expect(words).not_to_be_visible()
    wrong = wrong_at_all_widths(page) if path == PAGES[0] else []

    stay(page)
    address = page.url
    press(page, "Enter")

    expect(page.locator("#paused")).to_have_count(0)
    expect(words).to_be_visible()
    assert page.url == address
    assert wrong == []
    assert console == []


def test_what_was_written_outlives_a_sign_in_that_ended(
    impatient, labeled, sign_in, context, live_server
):
    page = impatient
    boris = cast.person("boris", "product_owner")
    sign_in(boris)
    page.goto(f"{live_server.url}/intents/pay_bill")
    page.locator("#text").fill("Is a deposit a payment?")
    expect(page.locator("#paused")).to_be_visible()
    Session.objects.all().delete()

    stay(page)
    press(page, "Enter")
    expect(page.locator("#signed-out")).to_contain_text("with what you entered")
    enter(context, live_server, boris)
    page.locator("#signed-out button").click()
    expect(page.locator("#signed-out")).to_have_count(0)
    page.locator("#remarks .decision button").click()

    expect(page.locator("#remarks")).to_contain_text("boris", ignore_case=True)
    assert IntentRemark.objects.get().text == "Is a deposit a payment?"
