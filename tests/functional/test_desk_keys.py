"""Keys at the desk: one table, no accidents, and the ways that are not the default."""

import pytest
from playwright.sync_api import expect

from annotations.models import Annotation, GoldLabel, KeyPreset, ParameterSpan
from annotations.services import desk_keys
from annotations.services.desk_keys import ACTIONS, Wishes
from tests.functional import desk_world as world
from tests.functional.desk_world import next_after, press, settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

PAY = "i want to pay number {}"
# 1,000 items answered with doubled and held keys, on a clock that the test moves.
HASTE = """async () => {
  let now = performance.now() + 1000;
  const frames = [];
  performance.now = () => now;
  window.requestAnimationFrame = (run) => frames.push(run);
  const pass = (ms) => { now += ms; for (const run of frames.splice(0)) run(); };
  const press = (repeat) => {
    const event = new KeyboardEvent("keydown",
      { key: "Enter", code: "Enter", bubbles: true, cancelable: true, repeat });
    Object.defineProperty(event, "timeStamp", { value: now });
    document.body.dispatchEvent(event);
  };
  const model = document.getElementById("item").cloneNode(true);
  let made = 0;
  const sent = [];
  window.fetch = async (url, options) => {
    if (!String(url).includes("/label/answer"))
      return new Response("{}", { status: 503 });
    const form = new URLSearchParams(options.body);
    sent.push(form.get("item"));
    if (form.get("stay")) return new Response(null, { status: 204 });
    made += 1;
    model.dataset.item = `9${made}`;
    const html = form.get("need") === "both" ? model.outerHTML
      : `<template>${model.outerHTML}</template>`;
    return new Response(html, { status: 200 });
  };
  const settled = async () => {
    for (let k = 0; k < 6; k += 1) {
      await new Promise((resolve) => { const c = new MessageChannel();
        c.port1.onmessage = resolve; c.port2.postMessage(0); });
      pass(1);
    }
    while (document.getElementById("saved").dataset.state === "busy")
      await new Promise((resolve) => setTimeout(resolve));
    pass(16); pass(16);
  };
  let meant = 0, random = 7;
  const dice = (n) => (random = (random * 48271) % 2147483647) % n;
  while (meant < 1000) {
    await settled();
    pass(250);
    press(false);
    meant += 1;
    if (dice(2)) for (let k = dice(4) + 1; k; k -= 1) { pass(dice(40)); press(false); }
    else for (let k = 30; k; k -= 1) { pass(33); press(true); }
  }
  await settled();
  return { meant, sent: sent.length, different: new Set(sent).size };
}"""


def test_a_thousand_doubled_and_held_enters_accept_nothing_unseen(open_desk):
    world.suggested(PAY.format(0), "pay_bill", "oos")
    world.suggested(PAY.format(1), "pay_bill", "oos")
    page = open_desk()

    counted = page.evaluate(HASTE)

    assert counted == {"meant": 1000, "sent": 1000, "different": 1000}


def test_the_servers_table_of_keys_is_the_pages(open_desk):
    world.suggested(PAY.format(0), "pay_bill")
    page = open_desk()

    table = page.evaluate("IVR.keys.table()")

    seen = {one["id"]: (one["mode"], tuple(one["keys"]), one["name"]) for one in table}
    known = {name: (one.mode, one.keys) for name, one in ACTIONS.items()}
    assert {name: row[:2] for name, row in seen.items()} == known


@pytest.mark.parametrize("preset", [KeyPreset.LETTERS, KeyPreset.LEFT_HAND])
def test_the_key_sheet_and_the_keys_follow_the_preset(open_desk, preset):
    for k in range(2):
        world.suggested(PAY.format(k), "pay_bill", "oos")
    page = open_desk()
    ana = world.User.objects.get(username="ana")
    desk_keys.save(by=ana, wishes=Wishes(preset, "plain"))
    page.reload()
    expect(page.locator("#utterance")).to_be_visible()
    settle(page)

    press(page, "?")
    row = page.locator("dt[data-command=submit] kbd")
    expect(row.last).to_have_text(ACTIONS["submit"].in_preset(preset)[-1])
    press(page, "Escape")
    next_after(page, ACTIONS["submit"].in_preset(preset)[-1])

    assert GoldLabel.objects.get().intent.name == "pay_bill"


def test_own_keys_and_single_keys_off(open_desk):
    for k in range(2):
        world.suggested(PAY.format(k), "pay_bill", "oos")
    page = open_desk()
    ana = world.User.objects.get(username="ana")
    desk_keys.save(by=ana, wishes=Wishes("default", "off", {"none": "F2"}))
    page.reload()
    expect(page.locator("#utterance")).to_be_visible()
    settle(page)

    press(page, "2", ";", "p")
    expect(page.locator("#skip")).to_have_count(0)
    next_after(page, "F2", "Enter")

    assert GoldLabel.objects.get().intent.name == "oos"


def test_letters_typed_before_the_palettes_script_has_come_are_its_own(open_desk):
    world.suggested(world.CHARGE, "pay_bill")
    page = open_desk()
    held = []
    page.route("**/palette*.js", lambda route: held.append(route))

    press(page, "Control+k")
    page.keyboard.type("skip")
    expect(page.locator("#palette-find")).to_have_value("skip")
    expect(page.locator("#skip")).to_have_count(0)
    held[0].continue_()

    row = page.locator("#palette-hits [aria-selected=true]")
    expect(row).to_contain_text("Skip, with a reason")


def test_a_palette_that_cannot_be_fetched_says_so(open_desk):
    world.suggested(world.CHARGE, "pay_bill")
    page = open_desk()
    page.route("**/palette*.js", lambda route: route.abort())

    press(page, "Control+k")

    expect(page.locator("#banner")).to_contain_text("cannot be reached")
    expect(page.locator("dialog")).to_have_count(0)


def test_the_palette_finds_a_command_and_shows_its_key(open_desk):
    world.suggested(PAY.format(0), "pay_bill")
    page = open_desk()

    press(page, "Control+k")
    expect(page.locator("#palette-find")).to_be_focused()
    page.keyboard.type("skip")
    row = page.locator("#palette-hits [aria-selected=true]")
    expect(row).to_contain_text("Skip, with a reason")
    expect(row.locator("kbd")).to_have_text(";")
    press(page, "Escape")
    expect(page.locator("dialog")).to_have_count(0)
    press(page, "Control+k")
    page.keyboard.type("skip")
    press(page, "Enter")

    expect(page.locator("#skip")).to_be_visible()


def test_the_answer_before_is_repeated_with_its_marks(open_desk):
    world.suggested(world.CHARGE, "pay_bill", "dispute_charge")
    world.suggested("they took twelve dollars again", "pay_bill")
    page = open_desk()
    expect(page.locator("#params")).to_be_attached()

    press(page, "2", "Space", *["ArrowRight"] * 4, "Shift+ArrowRight", "1", "Escape")
    next_after(page, "Enter")
    next_after(page, "=", "Enter")

    again = ParameterSpan.objects.get(annotation__utterance__text__startswith="they")
    assert (again.param, again.text) == ("amount", "twelve dollars")


def test_an_earlier_answer_is_looked_back_at_and_corrected(open_desk):
    for k in range(4):
        world.suggested(PAY.format(k), "pay_bill", "oos")
    page = open_desk()
    next_after(page, "Enter")
    next_after(page, "Enter")

    press(page, "[")
    expect(page.locator("#entry .utterance")).to_have_text(PAY.format(1))
    press(page, "[")
    expect(page.locator("#entry .utterance")).to_have_text(PAY.format(0))
    press(page, "Enter")
    expect(page.locator("#utterance")).to_have_text(PAY.format(0))
    settle(page)
    next_after(page, "2", "Enter")

    expect(page.locator("#utterance")).to_have_text(PAY.format(2))
    corrected = Annotation.objects.get(revises__isnull=False)
    assert corrected.utterance.text == PAY.format(0)
    assert GoldLabel.objects.get(utterance=corrected.utterance).intent.name == "oos"


def test_a_click_is_told_its_key_once(open_desk):
    for k in range(3):
        world.suggested(PAY.format(k), "pay_bill", "oos")
    page = open_desk()

    page.locator(".acts [data-does=mark]").click()
    expect(page.locator(".coach")).to_contain_text("Mark a parameter")
    page.evaluate("document.querySelector('.coach').remove()")
    press(page, "Escape")
    page.locator(".acts [data-does=mark]").click()

    expect(page.locator(".coach")).to_have_count(0)


@pytest.fixture
def desk_of(open_desk):
    """The desk as Ana wants it, on an item whose likeliest intent needs a parameter."""

    def open_it(single_keys: str, preset: str = "default", **own: str):
        world.suggested(world.CHARGE, "dispute_charge", "pay_bill")
        page = open_desk()
        keys = {name.replace("_", "-"): key for name, key in own.items()}
        ana = world.User.objects.get(username="ana")
        desk_keys.save(by=ana, wishes=Wishes(preset, single_keys, keys))
        page.reload()
        expect(page.locator("#utterance")).to_be_visible()
        settle(page)
        return page

    return open_it


def keys_drawn(page, place: str) -> dict[str, str]:
    """Command -> the key drawn for it, "" where none is."""
    return page.locator(f"{place} kbd[data-for]").evaluate_all(
        "marks => Object.fromEntries(marks.map((m) => [m.dataset.for,"
        " m.hidden ? '' : m.textContent]))"
    )


def test_what_is_drawn_and_said_names_the_persons_own_keys(desk_of):
    page = desk_of("plain", skip="\\", none="`", not_spoken="/", span_silent="/")

    drawn = keys_drawn(page, "#acts")
    assert (drawn["skip"], drawn["submit"], drawn["ask"]) == ("\\", "↵", '"')
    skip = page.locator("#acts [data-does=skip]")
    expect(skip).to_have_attribute("aria-keyshortcuts", "\\")
    assert keys_drawn(page, "#item")["none"] == "`"
    expect(page.locator("#params kbd")).to_have_text("/")
    press(page, "Enter")
    expect(page.locator("#refusal")).to_contain_text("“Not spoken” (/)")
    press(page, "Escape", "q", "x", "q")
    expect(page.locator("#hits")).to_contain_text("Esc, then `, for none of these")
    press(page, "Escape", "Control+k")
    page.keyboard.type("skip")
    expect(page.locator("#palette-hits kbd").first).to_have_text("\\")


def test_a_preset_shows_the_keys_it_adds(desk_of):
    page = desk_of("plain", KeyPreset.LETTERS)

    drawn = keys_drawn(page, "#acts")

    assert (drawn["submit"], drawn["skip"], drawn["undo"]) == ("e", "s", "ctrl z")
    placeholder = page.locator("#find").get_attribute("placeholder")
    assert placeholder == "Search all intents (/)"


@pytest.mark.parametrize(
    ("single_keys", "skip", "search"),
    [
        ("alt", "alt ;", "Search all intents (alt a\N{EN DASH}z)"),
        ("off", "", "Search all intents"),
    ],
)
def test_keys_that_do_not_work_are_not_shown(desk_of, single_keys, skip, search):
    page = desk_of(single_keys)

    drawn = keys_drawn(page, "#acts")
    assert (drawn["skip"], drawn["submit"], drawn["undo"]) == (skip, "↵", "ctrl z")
    assert keys_drawn(page, "#item")["choose"] == ("alt 2" if skip else "")
    assert page.locator("#find").get_attribute("placeholder") == search
    press(page, "Enter")
    told = page.locator("#refusal")
    expect(told).to_contain_text("mark it in the text")
    assert ("(alt -)" in told.text_content()) == bool(skip)
    page.locator("#keys").click()
    expect(page.locator("dt[data-command=skip]")).to_have_text(skip or "off")


def test_every_page_heeds_that_single_keys_are_off(desk_of, live_server):
    page = desk_of("off")

    page.goto(f"{live_server.url}/intents")
    expect(page.locator("#keys kbd")).to_be_hidden()
    press(page, "?")

    expect(page.locator("#keysheet")).to_have_count(0)
