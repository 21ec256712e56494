"""Pages with callers' words while nobody is there, and after a sign-in has ended."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from annotations.models import Annotation, GoldLabel, QueueItem, User
from annotations.services import queue
from tests.factories import cast
from tests.functional import desk_world as world
from tests.functional.desk_world import enter, press, settle, stay
from tests.functional.test_pages import WIDTHS, faults, overflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

PAY = "i want to pay number {}"


def test_an_idle_desk_shows_no_word_and_the_key_that_wakes_it_does_nothing_else(
    impatient, open_desk, console
):
    world.suggested(PAY.format(1), "pay_bill", "oos")
    page = open_desk()
    expect(page.locator("#paused")).to_contain_text("The item is yours until")
    expect(page.locator("#utterance")).not_to_be_visible()
    expect(page.locator("#live")).to_have_text("")

    stay(page)
    press(page, "Enter")

    expect(page.locator("#paused")).to_have_count(0)
    expect(page.locator("#utterance")).to_have_text(PAY.format(1))
    expect(page.locator("#utterance")).to_be_visible()
    assert not Annotation.objects.exists()
    settle(page)
    press(page, "Enter")
    expect(page.locator("#saved")).to_have_text("✓ All saved")
    expect(page.locator("#empty")).to_be_visible()
    answer = Annotation.objects.get()
    assert answer.shown_ms < 3000  # the time under the cover is not counted
    assert console == []


@pytest.mark.parametrize("key", ["2", "Space", ";", "!", "p"])
def test_no_key_acts_while_it_wakes_the_desk(impatient, open_desk, key):
    world.suggested(PAY.format(1), "pay_bill", "oos")
    page = open_desk()
    expect(page.locator("#paused")).to_be_visible()

    stay(page)
    press(page, key)

    expect(page.locator("#paused")).to_have_count(0)
    expect(page.locator("input[value=pay_bill]")).to_be_checked()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#marker")).to_be_hidden()
    expect(page.locator("#find")).to_have_value("")
    assert not Annotation.objects.exists()


def test_what_went_back_meanwhile_is_followed_by_the_next(impatient, open_desk):
    first = world.suggested(PAY.format(1), "pay_bill")
    world.suggested(PAY.format(2), "pay_bill")
    page = open_desk()
    expect(page.locator("#paused")).to_be_visible()
    QueueItem.objects.filter(pk=first.pk).update(status="ready", lease_expires_at=None)
    assert queue.claim_next(by=cast.ben()).pk == first.pk

    stay(page)
    page.locator("#paused button").click()

    expect(page.locator("#utterance")).to_have_text(PAY.format(2))
    expect(page.locator("#banner")).to_contain_text("went back to the others")


def test_an_answer_begun_outlives_the_pause(impatient, open_desk):
    first = world.suggested(PAY.format(1), "pay_bill", "oos")
    page = open_desk()
    press(page, "2")
    expect(page.locator("#paused")).to_be_visible()
    QueueItem.objects.filter(pk=first.pk).update(status="ready", lease_expires_at=None)
    assert queue.claim_next(by=cast.ben()).pk == first.pk

    stay(page)
    press(page, "Escape")

    expect(page.locator("#banner")).to_contain_text("kept, as a second opinion")
    expect(page.locator("input[value=oos]").first).to_be_checked()


def test_unsent_answers_wait_for_the_sign_in_and_are_sent_once(
    open_desk, context, live_server
):
    for n in range(3):
        world.suggested(PAY.format(n), "pay_bill")
    page = open_desk()
    Session.objects.all().delete()

    press(page, "Enter")
    expect(page.locator("#signed-out")).to_contain_text("One answer is kept")
    expect(page.locator("#utterance")).not_to_be_visible()
    page.locator("#signed-out button").click()
    expect(page.locator("#signed-out")).to_contain_text("Not signed in yet")
    press(page, "Escape", "Enter")
    expect(page.locator("#signed-out")).to_be_visible()
    assert not Annotation.objects.exists()
    enter(context, live_server, User.objects.get(username="ana"))
    page.locator("#signed-out button").click()

    expect(page.locator("#signed-out")).to_have_count(0)
    expect(page.locator("#saved")).to_have_text("✓ All saved")
    assert GoldLabel.objects.get().utterance.text == PAY.format(0)
    expect(page.locator("#utterance")).to_have_text(PAY.format(1))


def test_answers_are_never_sent_under_another_name(open_desk, context, live_server):
    world.suggested(PAY.format(1), "pay_bill")
    page = open_desk()
    Session.objects.all().delete()
    press(page, "Enter")
    expect(page.locator("#signed-out")).to_be_visible()
    enter(context, live_server, cast.ben())

    page.locator("#signed-out button").click()

    expect(page.locator("#signed-out")).to_contain_text("sign in as yourself")
    page.goto(f"{live_server.url}/label")
    expect(page.locator("#item, #empty")).to_be_visible()
    page.wait_for_timeout(300)
    assert not Annotation.objects.exists()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_covers_break_no_rule_and_fit(impatient, open_desk, theme):
    world.suggested(PAY.format(1), "pay_bill")
    impatient.emulate_media(color_scheme=theme)
    page = open_desk()
    expect(page.locator("#paused p")).to_contain_text("yours until")
    found = wrong_at_all_widths(page)
    Session.objects.all().delete()
    press(page, "x")
    expect(page.locator("#signed-out")).to_be_visible()

    assert found + wrong_at_all_widths(page) == []


def wrong_at_all_widths(page) -> list[str]:
    told = []
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        told += [f"{width} {fault}" for fault in faults(page)]
        if overflow(page) > 0:
            told.append(f"{width}: scrolls sideways")
    return told
