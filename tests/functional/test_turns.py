"""Turns at the desk: values, marks on earlier turns, acts, by keys and by mouse."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from annotations.models import Annotation, Conversation, ParameterSpan, Turn
from annotations.services import labels, queue
from tests.factories import cast
from tests.functional import desk_world as world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
CONTEXT = [
    {"role": "bot", "text": "how can i help"},
    {"role": "caller", "text": "👍🏽 check my march bill"},
    {"role": "bot", "text": "for which line"},
]
MARCH = CONTEXT[1]["text"].index("march")


@pytest.fixture
def ana():
    bill = cast.intent("check_bill")
    cast.live_schema(bill, world.BILL_SCHEMA)
    cast.intent("say_yes", usual_act="confirms")
    cast.intent("oos", domain="other", is_out_of_scope=True)
    return world.ana()


def asked(text, context=CONTEXT, **fields):
    said = cast.utterance(text, context=context, occurred_at="2026-05-10T12:00Z")
    cast.suggestion(said, "check_bill")
    return cast.item(said, **fields)


def opened(page, sign_in, live_server, person):
    sign_in(person)
    page.goto(f"{live_server.url}/label")
    page.locator("#params").wait_for()
    world.settle(page)


def pressed(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def submitted(page):
    world.settle(page)
    page.keyboard.press("Enter")
    page.locator("#empty").wait_for()
    return Annotation.objects.get(kind="label", annotator__username="ana")


def test_words_marked_show_their_value_which_is_stored(
    page, sign_in, live_server, ana, console
):
    asked("the march one")
    opened(page, sign_in, live_server, ana)

    pressed(page, "Space", "ArrowRight", "1")
    expect(page.get_by_label("Value of bill_month")).to_have_value("2026-03")
    submitted(page)

    assert ParameterSpan.objects.get().value == "2026-03"
    assert console == []


def test_what_the_schema_refuses_stays_with_the_reason_beside_it(
    page, sign_in, live_server, ana
):
    asked("the usual one")
    opened(page, sign_in, live_server, ana)
    pressed(page, "Space", "ArrowRight", "1")
    page.locator(".value[aria-invalid]").wait_for()

    pressed(page, "Enter")

    assert "needs a value, such as 2026-03" in page.locator("#params").inner_text()
    assert not Annotation.objects.exists()
    page.keyboard.type("may")
    page.locator("#params small", has_text="= 2026-05").wait_for()
    pressed(page, "Enter")
    submitted(page)
    assert ParameterSpan.objects.get().value == "2026-05"


def test_a_value_is_carried_over_from_an_earlier_turn_by_keyboard(
    page, sign_in, live_server, ana
):
    asked("yes that one")
    opened(page, sign_in, live_server, ana)

    pressed(page, "Space", "ArrowUp", "ArrowUp")
    pressed(page, *["ArrowRight"] * 3, "1")
    submitted(page)

    span = ParameterSpan.objects.get()
    assert (span.turn, span.start, span.text) == (1, MARCH, "march")


def test_a_value_is_carried_over_by_mouse_and_undone_as_it_was(
    page, sign_in, live_server, ana
):
    asked("yes that one")
    opened(page, sign_in, live_server, ana)

    page.locator(".turns .w", has_text="march").click()
    page.locator("#marker button", has_text="bill_month").click()
    page.get_by_label("Corrects").check()
    page.get_by_label("A word was misheard").check()
    stored = submitted(page)

    assert (stored.act, stored.is_misheard) == ("corrects", True)
    assert stored.spans.get().turn == 1
    page.reload()
    pressed(page, "Control+z")
    page.locator(".turns .span", has_text="march").wait_for()
    assert page.get_by_label("Corrects").is_checked()
    assert page.get_by_label("A word was misheard").is_checked()


def test_the_act_is_guessed_from_what_is_open_and_changed_by_one_key(
    page, sign_in, live_server, ana
):
    call = Conversation.objects.create(source="calls", external_id="c")
    before = cast.utterance(CONTEXT[1]["text"], conversation=call, turn=1)
    item = cast.item(before, rank=0)
    queue.claim_next(by=ana)
    mark = labels.SpanAnswer(MARCH, MARCH + 5, "bill_month", "march", "2026-03")
    first = labels.Answer(cast.new_id(), item.pk, "check_bill", (mark,), act="new")
    labels.submit(by=ana, answer=first)
    item = asked("and line two")
    type(item.utterance).objects.filter(pk=item.utterance_id).update(
        conversation=call, turn=3
    )
    Turn.objects.create(conversation=call, number=1, utterance=before)
    opened(page, sign_in, live_server, ana)

    assert "bill_month 2026-03 · yours" in page.locator(".turns").inner_text()
    assert "Open: Check bill" in page.locator(".open").inner_text()
    assert page.get_by_label("Continues").is_checked()
    page.keyboard.type("say")
    expect(page.locator("#hits [aria-selected=true]")).to_contain_text("Say yes")
    pressed(page, "Enter")
    assert page.get_by_label("Confirms").is_checked()
    pressed(page, ",", "*")
    world.settle(page)
    pressed(page, "Enter")
    page.locator("#empty").wait_for()

    stored = Annotation.objects.get(act="denies")
    assert stored.is_misheard


def test_a_blind_item_shows_no_act_before_the_intent_is_chosen(
    page, sign_in, live_server, ana
):
    asked("yes that one", reason="exam")
    sign_in(ana)
    page.goto(f"{live_server.url}/label")
    page.locator("#find").wait_for()

    assert page.locator("input[name=act]:checked").count() == 0
    page.keyboard.type("check")
    expect(page.locator("#hits [aria-selected=true]")).to_contain_text("Check bill")
    pressed(page, "Enter")

    assert page.get_by_label("New request").is_checked()


def test_the_place_of_personal_data_is_what_is_selected(
    page, sign_in, live_server, ana
):
    asked("i am anna")
    opened(page, sign_in, live_server, ana)

    pressed(page, "Space", "ArrowRight", "ArrowRight", "!")
    page.locator("#empty").wait_for()

    report = Annotation.objects.get()
    assert (report.kind, report.reported_start, report.reported_end) == (
        "quarantine", 5, 9,
    )  # fmt: skip


@pytest.mark.parametrize("width", [360, 768, 1366])
def test_turns_and_values_fit_and_break_no_rule(page, sign_in, live_server, ana, width):
    asked("the usual one")
    page.set_viewport_size({"width": width, "height": 768})
    opened(page, sign_in, live_server, ana)
    pressed(page, "Space", "ArrowRight", "1")
    page.locator(".value[aria-invalid]").wait_for()

    found = Axe().run(page).response["violations"]

    assert [one["id"] for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
