"""Near-duplicates confirmed together in a browser, by keys alone and by mouse alone."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from annotations.models import Annotation, QueueItem
from tests.factories import cast
from tests.functional.desk_world import press, settle
from tests.functional.test_pages import WIDTHS, faults, overflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

SHOTS = os.environ.get("CLUSTER_SHOTS")


def pays() -> None:
    words = ["old", "new", "last", "next", "first", "second", "third", "fourth"]
    said = [cast.utterance(f"how can i pay my {word} bill") for word in words]
    for one in said:
        cast.suggestion(one, "pay_bill", "oos")
        cast.item(one, why={"alike": [u.pk for u in said if u != one]})


def settled(page, heading: str) -> None:
    expect(page.locator("h1")).to_have_text(heading)
    settle(page)


def looked_at(page, name: str) -> list[str]:
    wrong = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(250)  # colours fade over
        for width, height in WIDTHS:
            page.set_viewport_size({"width": width, "height": height})
            wrong += [f"{name} {theme} {width} {fault}" for fault in faults(page)]
            if overflow(page) > 0:
                wrong.append(f"{name} {width}: scrolls sideways")
            if SHOTS:
                page.screenshot(path=Path(SHOTS) / f"{name}-{theme}-{width}.png")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1366, "height": 768})
    return wrong


def test_by_keys_alone_a_check_then_one_key_for_all(open_desk, console):
    pays()
    page = open_desk()
    wrong = looked_at(page, "desk")

    press(page, "%")
    settled(page, "First, one of the 8 without a suggestion")
    wrong += looked_at(page, "check")
    page.keyboard.type("pay")
    expect(page.locator("#hits [aria-selected=true]")).to_contain_text("Pay bill")
    press(page, "Enter")
    expect(page.locator("#chosen")).to_have_text("Pay bill")
    press(page, "Enter")
    settled(page, "All “Pay bill”?")
    wrong += looked_at(page, "confirm")
    press(page, "ArrowDown", "Space")
    expect(page.locator("#n")).to_have_text("6")
    press(page, "Enter")
    settled(page, "6 confirmed")
    wrong += looked_at(page, "done")

    assert Annotation.objects.filter(intent__name="pay_bill").count() == 7
    assert Annotation.objects.filter(blind=True).count() == 1
    press(page, "Control+z")
    expect(page.locator("#utterance")).to_be_visible()
    assert Annotation.objects.standing().get().blind
    assert wrong == [] and console == []


def test_by_mouse_alone_a_check_that_differs_leaves_them_to_the_desk(open_desk):
    pays()
    page = open_desk()

    page.get_by_role("link", name="7 more like this: confirm together").click()
    settled(page, "First, one of the 8 without a suggestion")
    page.locator("#find").fill("outage")
    page.locator("#hits [role=option]").first.click()
    page.get_by_role("button", name="Send").click()
    settled(page, "Not confirmed together")
    wrong = looked_at(page, "refused")
    page.get_by_role("link", name="Go one by one").click()

    expect(page.locator("#utterance")).to_contain_text("how can i pay my")
    expect(page.locator("#item .alike")).to_have_count(0)
    assert Annotation.objects.get().intent.name == "report_outage"
    assert wrong == []


def test_a_key_before_the_page_has_settled_confirms_nothing(open_desk):
    pays()
    page = open_desk()
    press(page, "%")
    settled(page, "First, one of the 8 without a suggestion")
    page.keyboard.type("pay")
    expect(page.locator("#hits [aria-selected=true]")).to_contain_text("Pay bill")
    press(page, "Enter", "Enter")
    expect(page.locator("h1")).to_have_text("All “Pay bill”?")

    page.evaluate(
        """document.dispatchEvent(new KeyboardEvent("keydown",
        {key: "Enter", code: "Enter", repeat: true, bubbles: true}))"""
    )
    settle(page)

    assert Annotation.objects.count() == 1


def test_going_one_by_one_gives_the_others_back(open_desk):
    pays()
    page = open_desk()
    press(page, "%")
    settled(page, "First, one of the 8 without a suggestion")
    assert QueueItem.objects.filter(status="leased").count() == 8

    press(page, "Escape")
    expect(page.locator("#utterance")).to_be_visible()
    page.wait_for_timeout(400)

    # The desk may hold the next one ready behind the one shown.
    shown = int(page.locator("[data-item]").get_attribute("data-item"))
    held = set(QueueItem.objects.filter(status="leased").values_list("pk", flat=True))
    assert shown in held and len(held) <= 2
