"""Parameters are marked at the desk: by keyboard, by clicks, by dragging."""

import pytest
from playwright.sync_api import expect

from annotations.models import Annotation, Intent, ParameterSpan
from tests.factories import cast
from tests.functional import desk_world as world
from tests.functional.desk_world import next_after, press

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_a_parameter_is_marked_by_keyboard(open_desk):
    world.suggested(world.CHARGE, "dispute_charge")
    page = open_desk()
    expect(page.locator("#params")).to_be_visible()

    # why was i charged [twelve dollars]
    press(page, "Space", *["ArrowRight"] * 4, "Shift+ArrowRight", "1", "Escape")
    next_after(page, "Enter")

    span = ParameterSpan.objects.get()
    assert (span.param, span.text) == ("amount", "twelve dollars")
    assert world.CHARGE[span.start : span.end] == "twelve dollars"


def test_a_mark_can_end_within_a_word(open_desk):
    world.suggested("about 12dollars of it", "dispute_charge")
    page = open_desk()
    expect(page.locator("#params")).to_be_visible()

    press(page, "Space", "ArrowRight", *["Alt+ArrowLeft"] * 7, "1", "Escape")
    next_after(page, "Enter")

    assert ParameterSpan.objects.get().text == "12"


def test_a_parameter_is_marked_by_two_clicks(open_desk):
    world.suggested(world.CHARGE, "dispute_charge")
    page = open_desk()
    expect(page.locator("#params")).to_be_visible()

    page.locator("#utterance .w", has_text="twelve").click()
    page.locator("#utterance .w", has_text="dollars").click()
    page.locator("#marker button", has_text="amount").click()
    expect(page.locator("#utterance .span")).to_have_text("twelve dollars")
    next_after(page, "Enter")

    assert ParameterSpan.objects.get().text == "twelve dollars"


def test_a_parameter_is_marked_by_dragging(open_desk):
    world.suggested(world.CHARGE, "dispute_charge")
    page = open_desk()
    expect(page.locator("#params")).to_be_visible()

    first = page.locator("#utterance .w", has_text="twelve").bounding_box()
    last = page.locator("#utterance .w", has_text="dollars").bounding_box()
    page.mouse.move(first["x"] + 4, first["y"] + 8)
    page.mouse.down()
    page.mouse.move(last["x"] + 10, last["y"] + 8, steps=5)
    page.mouse.up()
    press(page, "1")
    next_after(page, "Enter")

    assert ParameterSpan.objects.get().text == "twelve dollars"


def test_letters_narrow_a_long_list_of_parameters(open_desk):
    names = [f"detail_{n}" for n in range(10)] + ["appointment_date", "zip_code"]
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"type": "string"} for name in names},
    }
    cast.live_schema(Intent.objects.get(name="pay_bill"), schema)
    world.suggested("on november fifth please", "pay_bill")
    page = open_desk()
    expect(page.locator("#params")).to_contain_text("12 optional")
    row, desk = (
        page.locator(place).bounding_box() for place in ("#params tr", "#slot")
    )
    assert row["width"] <= desk["width"] and row["height"] < 100

    press(page, "Space", "ArrowRight", "Shift+ArrowRight", "a")
    expect(page.locator("#marker button kbd")).to_have_text(["1", "esc"])
    press(page, "1", "Escape")
    next_after(page, "Enter")

    span = ParameterSpan.objects.get()
    assert (span.param, span.text) == ("appointment_date", "november fifth")


def test_a_missing_parameter_is_asked_for_and_may_be_not_spoken(open_desk):
    world.suggested("this charge is wrong", "dispute_charge")
    page = open_desk()
    expect(page.locator("#params")).to_be_visible()

    press(page, "Enter")
    expect(page.locator("#refusal")).to_contain_text("amount is needed")
    assert not Annotation.objects.exists()
    next_after(page, "-", "Enter")

    assert Annotation.objects.get().not_spoken == ["amount"]


def test_backspace_removes_a_mark(open_desk):
    guess = [{"param": "amount", "start": 18, "end": 32, "text": "", "value": ""}]
    world.suggested(world.CHARGE, "dispute_charge", parameters=guess)
    page = open_desk()
    expect(page.locator("#utterance .span")).to_have_text("twelve dollars")

    page.locator("#utterance .w", has_text="twelve").click()
    press(page, "Backspace")

    expect(page.locator("#utterance .span")).to_have_count(0)


def test_a_phone_breaks_no_parameters_name_and_keeps_the_banner_to_a_line(
    page, open_desk
):
    names = ["autopay_authorization_date", "alternative_account_number"]
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"type": "string"} for name in names},
        "required": names[:1],
    }
    cast.live_schema(cast.intent("set_up_autopay"), schema)
    world.suggested("i want to pay by itself", "set_up_autopay")
    page.set_viewport_size({"width": 360, "height": 740})
    open_desk()

    heads = page.locator("#params th")
    expect(heads).to_have_text(names)
    one_line = 34
    assert all(head.bounding_box()["height"] < one_line for head in heads.all())
    banner = page.locator(".banner", has_text="No worker is alive")
    assert banner.bounding_box()["height"] < one_line + 6
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
