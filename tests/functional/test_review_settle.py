"""A reviewer's doubled and held keys and clicks: no case is settled that nobody saw."""

from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect

from annotations.models import Annotation, Utterance
from tests.functional import review_world as world
from tests.functional.desk_world import SETTLE_MS, press, settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

# The next page loads and hears every key, but nothing of it is painted until `paint`.
UNPAINTED = """window.frames_due = [];
window.requestAnimationFrame = (run) => window.frames_due.push(run);
window.paint = () => {
  for (let k = 0; k < 2; k += 1)
    for (const run of window.frames_due.splice(0)) run(performance.now());
};"""


@pytest.fixture
def rita(sign_in):
    sign_in(world.build())


def painted(page) -> None:
    page.evaluate("paint()")
    settle(page)


def resolved() -> int:
    return Annotation.objects.filter(is_review=True).count()


def test_a_doubled_sequence_and_a_held_enter_settle_one_case(
    page, rita, live_server, console
):
    page.goto(f"{live_server.url}/review/disagreements")
    settle(page)
    page.add_init_script(UNPAINTED)

    press(page, "1")
    for _ in range(3):
        page.keyboard.down("Enter")  # a second `down` is an auto-repeat
    expect(page.locator("#take-back")).to_be_visible()
    for _ in range(3):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    press(page, "1", "Enter", "g", "t", "1", "Enter")
    page.locator(".answers label").first.click()
    page.locator("#save").click()

    expect(page.locator(".said")).to_have_text("i want to pay for the outage")
    expect(page.locator("input:checked")).to_have_count(0)
    expect(page.locator("#vote")).to_be_hidden()  # else it would have chosen along
    assert resolved() == 1
    painted(page)
    press(page, "1", "Enter")
    expect(page.locator(".empty")).to_contain_text("Nothing to settle")
    assert resolved() == 2
    assert console == []


@pytest.mark.parametrize("by", ["keys", "clicks"])
def test_a_report_nobody_has_seen_is_neither_erased_nor_released(
    page, rita, live_server, by
):
    page.add_init_script(UNPAINTED)
    page.goto(f"{live_server.url}/review/personal")

    if by == "keys":
        press(page, "r", "Enter")
    else:
        page.locator("#release").dblclick()

    page.wait_for_timeout(300)
    assert Utterance.objects.filter(status="quarantined").count() == 1
    painted(page)
    press(page, "r")
    expect(page.locator(".empty")).to_contain_text("Nothing is reported")


@pytest.mark.parametrize(
    "meanwhile",
    [
        "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))",
        "performance.now = () => 1e9",
    ],
    ids=["the browser came back", "nothing came of it"],
)
def test_a_form_that_got_lost_is_sent_again_with_the_button_pressed_last(
    page, rita, live_server, meanwhile
):
    page.route("**/review/personal/**", lambda route: route.fulfill(status=204))
    world.open_queue(page, live_server.url, "personal")
    page.locator(".word").first.click()
    with page.expect_request("**/review/personal/**"):
        page.locator("#redact").click()

    page.evaluate(meanwhile)
    page.wait_for_timeout(SETTLE_MS)
    with page.expect_request("**/review/personal/**") as again:
        page.locator("#release").click()

    assert parse_qs(again.value.post_data)["decision"] == ["release"]
