"""What the desk does where an answer was not stored: lost networks, refusals."""

import pytest
from playwright.sync_api import expect

from annotations.models import (
    Annotation,
    GoldLabel,
    Intent,
    ParameterSpan,
    QueueItem,
    User,
)
from tests.factories import cast
from tests.functional import desk_world as world
from tests.functional.desk_world import next_after, press, settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_an_answer_survives_a_lost_network_and_is_stored_once(open_desk):
    world.suggested("i want to pay", "pay_bill")
    world.suggested("the whole street is dark", "report_outage")
    page = open_desk()
    lost, network = [], {"is_down": True}

    def lose(route):
        if network["is_down"]:
            lost.append("request")
            route.abort()
        elif "response" not in lost:
            lost.append("response")
            route.fetch()  # it reached the server; the answer did not come back
            route.abort()
        else:
            route.continue_()

    page.route("**/label/answer", lose)
    press(page, "Enter")
    expect(page.locator("#saved")).to_have_text("1 not saved yet", timeout=15000)
    expect(page.locator("#banner")).to_contain_text("cannot be reached")
    network["is_down"] = False
    expect(page.locator("#saved")).to_have_text("✓ All saved", timeout=30000)

    assert (lost[0], lost[-1]) == ("request", "response")
    assert Annotation.objects.count() == 1
    expect(page.locator("#utterance")).to_have_text("the whole street is dark")


def test_an_unsent_answer_is_sent_by_the_next_page(open_desk, live_server):
    world.suggested(world.CHARGE, "dispute_charge")
    world.suggested("the whole street is dark", "report_outage")
    page = open_desk()
    expect(page.locator("#params")).to_be_visible()
    page.route("**/label/answer", lambda route: route.abort())
    press(page, "Space", *["ArrowRight"] * 4, "Shift+ArrowRight", "1", "Escape")
    press(page, "Enter")
    expect(page.locator("#saved")).to_have_text("1 not saved yet")
    journal = page.evaluate("sessionStorage.getItem('ivr-unsent')")
    assert "dispute_charge" in journal and "twelve" not in journal

    page.unroute("**/label/answer")
    page.goto(f"{live_server.url}/label")
    expect(page.locator("#live")).to_have_text("An answer from before was saved.")

    assert ParameterSpan.objects.get().text == "twelve dollars"
    assert page.evaluate("sessionStorage.getItem('ivr-unsent')") == "[]"


def test_a_refusal_keeps_the_item_and_says_why(open_desk):
    world.suggested("i want to pay", "pay_bill")
    page = open_desk()
    QueueItem.objects.all().delete()

    press(page, "Enter")

    expect(page.locator("#refusal")).to_contain_text("no longer in the queue")
    expect(page.locator("#saved")).to_have_text("Not saved")
    expect(page.locator("#utterance")).to_have_text("i want to pay")


def test_a_schema_that_changes_under_an_answer_is_shown_with_the_refusal(open_desk):
    world.suggested("i want to pay", "pay_bill")
    page = open_desk()
    cast.live_schema(Intent.objects.get(name="pay_bill"))

    press(page, "Enter")

    expect(page.locator("#refusal")).to_contain_text("account_number is required")
    expect(page.locator("#params")).to_contain_text("account_number")
    assert not Annotation.objects.exists()
    settle(page)
    next_after(page, "-", "Enter")
    assert Annotation.objects.get().not_spoken == ["account_number"]


def test_an_account_closed_under_an_answer_keeps_it_until_it_is_open_again(open_desk):
    world.suggested("i want to pay", "pay_bill")
    page = open_desk()
    User.objects.filter(username="ana").update(is_active=False)

    press(page, "Enter")

    expect(page.locator("#signed-out")).to_contain_text("One answer is kept")
    assert not Annotation.objects.exists()
    User.objects.filter(username="ana").update(is_active=True)
    page.locator("#signed-out button").click()
    expect(page.locator("#saved")).to_have_text("✓ All saved")
    assert GoldLabel.objects.get().intent.name == "pay_bill"
