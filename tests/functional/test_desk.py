"""The desk in a real browser: keys, marks, refusals, lost networks."""

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


def test_enter_accepts_the_suggestion_and_shows_the_next_item(open_desk, console):
    world.suggested("i want to pay", "pay_bill", "explain_charge")
    world.suggested("the whole street is dark", "report_outage")
    page = open_desk()

    next_after(page, "Enter")

    assert GoldLabel.objects.get().intent.name == "pay_bill"
    expect(page.locator("#utterance")).to_have_text("the whole street is dark")
    expect(page.locator("#today")).to_have_text("1")
    assert console == []


def test_a_digit_chooses_by_its_place_on_the_keyboard(open_desk):
    world.suggested("what is this fee", "pay_bill", "explain_charge")
    page = open_desk()

    # A French keyboard writes é where an American one writes 2.
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'é', code: 'Digit2', bubbles: true, cancelable: true}))"
    )
    next_after(page, "Enter")

    assert GoldLabel.objects.get().intent.name == "explain_charge"


def test_the_number_pad_chooses_too(open_desk):
    world.suggested("what is this fee", "pay_bill", "explain_charge")
    page = open_desk()

    next_after(page, "Numpad2", "Enter")

    assert GoldLabel.objects.get().intent.name == "explain_charge"


def test_letters_search_all_intents(open_desk):
    world.suggested("it is dark", "pay_bill")
    page = open_desk()

    page.keyboard.type("outa")
    expect(page.locator("#hits [aria-selected=true]")).to_contain_text("Report outage")
    next_after(page, "Enter", "Enter")

    assert GoldLabel.objects.get().intent.name == "report_outage"


def test_a_domain_prefix_narrows_the_search(open_desk):
    world.suggested("it is dark", "pay_bill")
    page = open_desk()

    page.keyboard.type("bil:")

    rows = page.locator("#hits [role=option]")
    expect(rows).to_have_count(3)
    assert all("billing" in text for text in rows.all_inner_texts())


def test_zero_says_out_of_scope(open_desk):
    world.suggested("do you like cheese", "pay_bill")
    page = open_desk()

    next_after(page, "0", "Enter")

    assert GoldLabel.objects.get().intent.name == "oos"


def test_the_same_again_takes_the_intent_of_the_item_before(open_desk):
    world.suggested("it is dark here", "pay_bill", "report_outage")
    world.suggested("dark there too", "pay_bill")
    page = open_desk()

    next_after(page, "2", "Enter")
    next_after(page, "=", "Enter")

    intents = set(GoldLabel.objects.values_list("intent__name", flat=True))
    assert intents == {"report_outage"}


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


def test_a_blind_item_shows_no_suggestion(open_desk):
    world.blind("i want to pay")
    page = open_desk()

    expect(page.locator("[data-confidence]")).to_have_count(0)
    expect(page.locator("#find")).to_have_attribute(
        "placeholder", "No suggestions for this one: type to search all intents"
    )
    press(page, "Enter")
    expect(page.locator("#refusal")).to_contain_text("Choose an intent first")
    assert not Annotation.objects.exists()


def test_a_weak_guess_is_not_chosen_beforehand(open_desk):
    item = world.suggested("hm", "pay_bill", "explain_charge")
    guess = item.utterance.suggestion
    guess.intents = [{"intent": "pay_bill", "confidence": 0.3}]
    guess.save()
    page = open_desk()

    press(page, "Enter")

    expect(page.locator("#refusal")).to_contain_text("Choose an intent first")
    next_after(page, "1", "Enter")
    assert GoldLabel.objects.get().intent.name == "pay_bill"


def test_skipping_asks_for_the_reason(open_desk):
    world.suggested("ehm", "pay_bill")
    page = open_desk()

    press(page, ";")
    expect(page.locator("#skip")).to_be_visible()
    next_after(page, "2")

    assert Annotation.objects.get().skip_reason == "two_intents"


def test_personal_data_leaves_the_desk_at_once(open_desk):
    item = world.suggested("my name is on it", "pay_bill")
    page = open_desk()

    next_after(page, "!")

    item.utterance.refresh_from_db()
    assert item.utterance.status == "quarantined"


def test_undo_brings_the_answer_back_as_it_was_given(open_desk):
    world.suggested(world.CHARGE, "pay_bill", "dispute_charge")
    world.suggested("the whole street is dark", "report_outage")
    page = open_desk()
    expect(page.locator("#hits")).to_be_attached()

    press(page, "2", "Space", *["ArrowRight"] * 4, "Shift+ArrowRight", "1", "Escape")
    next_after(page, "Enter")
    next_after(page, "Control+z")

    expect(page.locator("#utterance")).to_have_text(world.CHARGE)
    expect(page.locator("#utterance .span")).to_have_text("twelve dollars")
    expect(page.locator("input[value=dispute_charge]")).to_be_checked()
    assert not GoldLabel.objects.exists()
    # What was on the desk meanwhile waits behind it.
    next_after(page, "Enter")
    expect(page.locator("#utterance")).to_have_text("the whole street is dark")


def test_a_held_enter_answers_one_item(open_desk):
    for n in range(4):
        world.suggested(f"i want to pay number {n}", "pay_bill")
    page = open_desk()

    page.keyboard.down("Enter")
    for _ in range(30):
        page.keyboard.down("Enter")  # a second `down` is an auto-repeat
        page.wait_for_timeout(20)
    page.keyboard.up("Enter")
    expect(page.locator("#today")).to_have_text("1")

    assert Annotation.objects.count() == 1


def test_a_double_enter_answers_one_item(open_desk):
    for n in range(3):
        world.suggested(f"i want to pay number {n}", "pay_bill")
    page = open_desk()

    page.evaluate(
        """for (let press = 0; press < 3; press++)
        document.activeElement.dispatchEvent(new KeyboardEvent("keydown",
        {key: "Enter", code: "Enter", bubbles: true, cancelable: true}))"""
    )
    expect(page.locator("#today")).to_have_text("1")
    page.wait_for_timeout(400)

    assert Annotation.objects.count() == 1


def test_keys_are_letters_while_somebody_types(open_desk):
    world.suggested("it is dark", "pay_bill")
    page = open_desk()

    page.locator("#find").focus()
    page.keyboard.type("!;0-=")

    expect(page.locator("#find")).to_have_value("!;0-=")
    assert not Annotation.objects.exists()


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


def test_an_account_closed_under_an_answer_keeps_the_item_on_the_desk(open_desk):
    world.suggested("i want to pay", "pay_bill")
    page = open_desk()
    User.objects.filter(username="ana").update(is_active=False)

    press(page, "Enter")

    expect(page.locator("#refusal")).to_contain_text("Your session has ended")
    expect(page.locator("#utterance")).to_have_text("i want to pay")
    assert not Annotation.objects.exists()


def test_closing_the_desk_gives_the_item_back(open_desk, live_server):
    item = world.suggested("i want to pay", "pay_bill")
    page = open_desk()
    assert QueueItem.objects.get(pk=item.pk).status == "leased"

    page.goto(f"{live_server.url}/intents")
    page.wait_for_timeout(500)

    assert QueueItem.objects.get(pk=item.pk).status == "ready"


def test_two_tabs_hold_different_items(open_desk, context, live_server):
    for n in range(4):
        world.suggested(f"i want to pay number {n}", "pay_bill")
    first = open_desk()
    second = context.new_page()
    second.goto(f"{live_server.url}/label")
    settle(second)

    texts = [tab.locator("#utterance").inner_text() for tab in (first, second)]
    for tab in (first, second):
        press(tab, "Enter")
        texts.append(tab.locator("#utterance").inner_text())

    assert len(set(texts)) == 4


def test_an_empty_desk_takes_work_up_when_it_comes(open_desk):
    page = open_desk()
    expect(page.locator("#empty")).to_contain_text("All done")

    world.suggested("i want to pay", "pay_bill")

    expect(page.locator("#utterance")).to_have_text("i want to pay", timeout=20000)
    settle(page)
    next_after(page, "Enter")
    assert GoldLabel.objects.get().intent.name == "pay_bill"


def test_hostile_words_stay_words(open_desk, console):
    hostile = "<img src=x onerror=alert(1)> <b hx-get=/audit hx-trigger=load>&lt;hi"
    world.suggested(hostile, "pay_bill")
    page = open_desk()

    expect(page.locator("#utterance")).to_have_text(hostile)
    assert page.locator("#utterance img, #utterance b").count() == 0
    assert console == []


def test_the_key_sheet_names_every_key_that_works(open_desk):
    world.suggested("i want to pay", "pay_bill")
    page = open_desk()
    table = page.evaluate("IVR.keys.table()")

    press(page, "?")

    shown = page.locator("#keysheet dt").evaluate_all(
        "rows => rows.map(row => row.dataset.command)"
    )
    assert sorted(shown) == sorted(command["id"] for command in table)  # by group
    assert all(command["works"] for command in table)
    for mode in ("desk", "span"):
        keys = [
            key
            for command in table
            if command["mode"] in (mode, "page")
            for key in command["keys"]
        ]
        assert len(keys) == len(set(keys)), f"two commands on one key in {mode}"
