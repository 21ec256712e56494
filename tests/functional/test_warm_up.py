"""The warm-up: the desk's own keys on made-up items, and nothing stored of them."""

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Annotation, AuditEvent, DeskSettings, KeyPreset, WarmUp
from annotations.services import desk_keys
from annotations.services.desk_keys import Wishes
from tests.functional import desk_world as world
from tests.functional.desk_world import press, settle
from tests.functional.test_pages import faults, overflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

STREET = "the internet has been dead in our street since this morning"


@pytest.fixture
def open_warm_up(page, sign_in, live_server):
    def open_it(**wishes: object) -> Page:
        ana = world.ana()
        if wishes:
            desk_keys.save(by=ana, wishes=Wishes(single_keys="plain", **wishes))
        sign_in(ana)
        page.goto(f"{live_server.url}/label/warm-up")
        expect(page.locator("[data-painted]")).to_be_visible()
        begun(page, 1)
        return page

    return open_it


def begun(page: Page, number: int) -> None:
    expect(page.locator("#step")).to_have_text(f"Warm-up, {number} of 5")
    settle(page)


def right(page: Page, told: str) -> None:
    expect(page.locator("#right")).to_have_text(told)


def test_all_five_are_done_by_keyboard_and_nothing_is_stored_as_a_label(
    open_warm_up, console, live_server
):
    page = open_warm_up()
    sent = []
    page.on("request", lambda one: sent.append(one) if one.method == "POST" else None)

    press(page, "Enter")
    right(page, "Right: one key.")
    begun(page, 2)
    press(page, "2", "Enter")
    right(page, "Right: 2 keys.")
    begun(page, 3)
    expect(page.locator("#live")).to_contain_text(STREET)
    press(page, "o", "u", "t", "Enter", "Enter")
    right(page, "Right: 5 keys.")
    begun(page, 4)
    press(page, "Space", "Shift+ArrowRight", "1", "Enter")
    right(page, "Right: 4 keys.")
    begun(page, 5)
    press(page, ";", "1")
    expect(page.locator("#task")).to_contain_text("takes the last answer back")
    press(page, "Control+z")
    expect(page.locator("#task")).to_contain_text("back as it was")
    settle(page)
    with page.expect_response("**/label/warm-up"):
        press(page, "Enter")

    expect(page.locator("#finish")).to_contain_text("All five are done, with 16 keys")
    page.wait_for_timeout(world.SETTLE_MS)
    press(page, "Enter")
    expect(page).to_have_url(f"{live_server.url}/label")
    assert [one.url for one in sent if "/release" not in one.url] == [
        f"{live_server.url}/label/warm-up"
    ]
    assert DeskSettings.objects.get().warm_up == WarmUp.DONE
    assert AuditEvent.objects.filter(action="desk.warm_up_ended").count() == 1
    assert not Annotation.objects.exists()
    assert page.evaluate("sessionStorage.getItem('ivr-last-intent')") is None
    assert console == []


def test_all_five_are_done_by_mouse(open_warm_up):
    page = open_warm_up()
    submit = page.locator("#acts [data-does=submit]")

    submit.click()
    right(page, "Right.")
    begun(page, 2)
    page.locator(".choices label").nth(1).click()
    submit.click()
    begun(page, 3)
    page.locator("#find").click()
    page.locator("#find").fill("out")
    page.locator("#hits [role=option]").first.click()
    submit.click()
    begun(page, 4)
    page.locator("#utterance .w", has_text="twelve").click()
    page.locator("#utterance .w", has_text="dollars").click()
    page.locator("#marker button", has_text="amount").click()
    submit.click()
    begun(page, 5)
    page.locator("#acts [data-does=skip]").click()
    page.locator("#skip .reasons button").first.click()
    page.locator("#acts [data-does=undo]").click()
    settle(page)
    submit.click()

    expect(page.locator("#finish")).to_contain_text("All five are done")


def test_items_skipped_do_not_count_as_done(open_warm_up):
    page = open_warm_up()

    for number in (1, 2, 3, 4):
        begun(page, number)
        press(page, ";", "1")
        right(page, "Skipped.")
    begun(page, 5)
    press(page, ";", "1", "Control+z")
    settle(page)
    with page.expect_response("**/label/warm-up"):
        press(page, "Enter")

    expect(page.locator("#finish")).to_contain_text("1 of the five done")
    expect(page.locator("#finish")).not_to_contain_text("could not")
    assert DeskSettings.objects.get().warm_up == WarmUp.SKIPPED


@pytest.mark.parametrize(
    ("preset", "keys"),
    [
        (KeyPreset.LETTERS, ("/", "o", "u", "t", "Enter", "e")),
        (KeyPreset.LEFT_HAND, ("r", "o", "u", "t", "Enter", "f")),
    ],
)
def test_the_keys_practised_are_the_persons_own(open_warm_up, preset, keys):
    page = open_warm_up(preset=preset, digit_submits=True)

    press(page, keys[-1])
    begun(page, 2)
    press(page, "2")
    begun(page, 3)
    expect(page.locator("#task kbd").first).to_have_text(keys[0])
    press(page, *keys)

    begun(page, 4)


def test_another_answer_keeps_the_item_and_says_again_what_to_try(open_warm_up):
    page = open_warm_up()

    press(page, "0", "Enter")

    right(page, "Nearly. Here it is about this:")
    begun(page, 1)
    press(page, "1", "Enter")
    begun(page, 2)
    press(page, "Control+z")
    right(page, "Taken back.")
    begun(page, 1)


def test_escape_leaves_it_and_the_desk_offers_it_no_more(open_warm_up, live_server):
    page = open_warm_up()

    press(page, "Space", "Escape")
    begun(page, 1)
    press(page, "Escape")

    expect(page).to_have_url(f"{live_server.url}/label")
    expect(page.locator("#notices form")).to_have_count(0)
    assert DeskSettings.objects.get().warm_up == WarmUp.SKIPPED


def test_the_desk_offers_it_and_takes_no_for_an_answer(open_desk):
    world.suggested("i want to pay", "pay_bill")
    page = open_desk()
    offer = page.locator("#notices form")
    expect(offer).to_contain_text("Warm up")

    offer.locator("button").click()

    expect(page.locator("#utterance")).to_be_visible()
    expect(offer).to_have_count(0)
    assert DeskSettings.objects.get().warm_up == WarmUp.SKIPPED
    press(page, "?")
    page.locator("#keysheet a", has_text="Practise").click()
    begun(page, 1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_later_parts_are_accessible_and_fit(open_warm_up, theme):
    page = open_warm_up()
    page.emulate_media(color_scheme=theme)
    wrong = []

    def look() -> None:
        for width in (1366, 768, 360):
            page.set_viewport_size({"width": width, "height": 768})
            wrong.extend(f"{width} {fault}" for fault in faults(page))
            if overflow(page) > 0:
                wrong.append(f"{width}: scrolls sideways")

    for number, keys in (
        (1, ["Enter"]),
        (2, ["2", "Enter"]),
        (3, ["o", "u", "t", "Enter", "Enter"]),
    ):
        begun(page, number)
        press(page, *keys)
    begun(page, 4)
    press(page, "Space", "Shift+ArrowRight", "1")
    look()
    press(page, "Enter")
    begun(page, 5)
    press(page, ";", "1")
    expect(page.locator("#task")).to_contain_text("takes the last answer back")
    look()
    press(page, "Control+z")
    settle(page)
    press(page, "Enter")
    expect(page.locator("#finish")).to_be_visible()
    look()

    assert wrong == []
