"""A reviewer's own label says all that an annotator's can: by keys and by mouse."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from annotations.models import Annotation
from annotations.services.desk_keys import ACTIONS
from tests.factories import cast
from tests.functional import review_world as world
from tests.functional.desk_world import BILL_SCHEMA, settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
CONTEXT = [
    {"role": "bot", "text": "how can i help"},
    {"role": "caller", "text": "👍🏽 the march bill is too high"},
    {"role": "bot", "text": "on which bill"},
]
MARCH = CONTEXT[1]["text"].index("march")
NEITHER = "3"


@pytest.fixture
def case(page, sign_in, live_server, console):
    """A disputed turn of a conversation, open before its reviewer."""
    cast.live_schema(cast.intent("dispute_charge"), BILL_SCHEMA)
    cast.intent("explain_charge")
    cast.intent("pay_bill")
    cast.intent("oos", domain="other", is_out_of_scope=True)
    ana, ben = cast.ana(), cast.ben()
    of = cast.utterance(
        "yes that one is wrong", context=CONTEXT, occurred_at="2026-05-10T12:00Z"
    )
    world.say(ana, of, "pay_bill", act="new")
    world.say(ben, of, "explain_charge", reason="second_opinion", act="confirms")
    page.add_init_script(
        "window.clicks = window.presses = 0;"
        "addEventListener('pointerdown', () => window.clicks++, true);"
        "addEventListener('keydown', () => window.presses++, true)"
    )
    sign_in(cast.person("rita", "reviewer"))
    world.open_queue(page, live_server.url, "disagreements")
    return of


def pressed(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def settled(page):
    expect(page.locator("#take-back")).to_be_visible()
    return Annotation.objects.get(is_review=True)


def test_marks_act_and_hearing_are_given_by_keyboard_alone(page, case, console):
    pressed(page, NEITHER)
    page.keyboard.type("disp")
    option = page.locator("#hits [aria-selected=true]", has_text="Dispute charge")
    expect(option).to_be_visible()
    pressed(page, "Enter")
    pressed(page, "Space", "ArrowUp", "ArrowUp", *["ArrowRight"] * 2, "1")
    expect(page.locator("#params")).to_contain_text("turn 2")
    pressed(page, "Escape", ",", ",", "<", ",", "*")
    expect(page.get_by_label("Corrects")).to_be_checked()
    expect(page.locator(".value").first).to_have_value("2026-03")
    pressed(page, "Enter")
    stored = settled(page)

    assert (stored.intent.name, stored.act, stored.is_misheard) == (
        "dispute_charge", "corrects", True,
    )  # fmt: skip
    span = stored.spans.get()
    assert (span.turn, span.start, span.text) == (1, MARCH, "march")
    assert page.evaluate("window.clicks") == 0
    assert console == []


def test_marks_act_and_hearing_are_given_by_mouse_alone(page, case, console):
    page.locator(".answers .neither label").click()
    page.locator("#find").click()
    page.locator("#hits [role=option]", has_text="Dispute charge").click()
    page.locator("#afresh .turns .w", has_text="march").click()
    page.locator("#marker button", has_text="bill_month").click()
    page.get_by_label("Closes").check()
    page.get_by_label("A word was misheard").check()
    page.locator("#save").click()
    stored = settled(page)

    assert (stored.act, stored.is_misheard) == ("closes", True)
    assert (stored.spans.get().turn, stored.spans.get().text) == (1, "march")
    assert page.evaluate("window.presses") == 0
    assert console == []


def test_none_of_these_is_one_key_after_the_search_found_nothing(page, case):
    pressed(page, NEITHER)
    page.keyboard.type("zzzz")
    expect(page.locator("#hits")).to_contain_text("Esc, then 0")
    pressed(page, "Escape", "0")
    expect(page.locator("#chosen")).to_contain_text("None of these")
    pressed(page, "Enter")

    assert settled(page).intent.is_out_of_scope


def test_none_of_these_is_one_click(page, case):
    page.locator(".answers .neither label").click()
    page.locator("#none-of-these").click()
    page.locator("#save").click()

    assert settled(page).intent.is_out_of_scope


def test_any_intent_is_chosen_by_mouse_alone_from_the_list_of_all(page, case, console):
    for n in range(40):
        cast.intent(f"troubleshoot_device_{n:02}", domain="support")
    page.reload()
    settle(page)
    page.locator(".answers .neither label").click()
    expect(page.locator("#hits")).to_be_hidden()

    page.locator("#find").click()
    groups = page.locator("#hits .domain b")
    expect(groups).to_have_text(["Billing", "Other", "Support"])
    last = page.locator("#hits [role=option]").last
    expect(last).not_to_be_in_viewport()
    page.locator("#hits").hover()
    page.mouse.wheel(0, 10_000)
    expect(last).to_be_in_viewport()
    faults = Axe().run(page).response["violations"]
    last.click()
    expect(page.locator("#chosen")).to_have_text("Troubleshoot device 39 · Support")
    expect(page.locator("#hits")).to_be_hidden()
    page.locator("#save").click()

    assert settled(page).intent.name == "troubleshoot_device_39"
    assert page.evaluate("window.presses") == 0
    assert [one["id"] for one in faults] == []
    assert console == []


def test_a_value_that_the_schema_refuses_is_told_before_anything_is_lost(page, case):
    pressed(page, NEITHER)
    page.keyboard.type("disp")
    expect(page.locator("#hits [aria-selected=true]")).to_contain_text("Dispute")
    pressed(page, "Enter", "Space", "1", "Escape")
    page.locator(".value[aria-invalid]").wait_for()
    pressed(page, "Enter")

    expect(page.locator("#refusal")).to_contain_text("bill_month needs a value")
    assert not Annotation.objects.filter(is_review=True).exists()
    page.keyboard.type("may")
    page.locator("#params small", has_text="= 2026-05").wait_for()
    pressed(page, "Enter", "Enter")
    assert settled(page).spans.get().value == "2026-05"


def test_the_key_sheet_names_every_key_that_works(page, case):
    pressed(page, NEITHER)
    expect(page.locator("#afresh")).to_be_visible()
    table = page.evaluate("IVR.keys.table()")

    pressed(page, "?")

    shown = page.locator("#keysheet dt").evaluate_all(
        "rows => rows.map(row => row.dataset.command)"
    )
    assert sorted(shown) == sorted(command["id"] for command in table)
    assert all(command["works"] for command in table)
    by_name = {command["id"]: command for command in table}
    for name in by_name.keys() & ACTIONS.keys():
        assert tuple(by_name[name]["keys"]) == ACTIONS[name].keys
    said = {"none", "find", "mark", "not-spoken", "value", "act", "act-back",
            "misheard", "span-turn", "span-param"}  # fmt: skip
    assert said <= by_name.keys()
    for mode in ("review", "afresh", "span"):
        keys = [key for one in table if one["mode"] == mode for key in one["keys"]]
        assert len(keys) == len(set(keys)), mode


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1366])
def test_a_label_afresh_fits_and_breaks_no_rule(page, case, theme, width):
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 768})
    pressed(page, NEITHER)
    page.keyboard.type("disp")
    expect(page.locator("#hits [aria-selected=true]")).to_contain_text("Dispute")
    pressed(page, "Enter", "Space", "1")
    page.locator(".value[aria-invalid]").wait_for()

    found = Axe().run(page).response["violations"]

    assert [one["id"] for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
