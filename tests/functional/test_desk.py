"""The desk in a real browser: its keys, what it shows, what it holds."""

import pytest
from playwright.sync_api import expect

from annotations.models import Annotation, GoldLabel, QueueItem
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
    assert all("Billing" in text for text in rows.all_inner_texts())


def test_the_empty_search_lists_all_intents_by_click_and_by_arrow(open_desk):
    world.blind("it is dark")
    page = open_desk()

    page.locator("#find").click()
    expect(page.locator("#hits .domain b")).to_have_text(
        ["Billing", "Other", "Outages", "Roaming"]
    )
    press(page, "Escape")
    expect(page.locator("#hits")).to_be_hidden()
    page.locator("#find").focus()
    press(page, "ArrowUp")
    expect(page.locator("#hits [aria-selected=true]")).to_contain_text("Check roaming")
    next_after(page, "Enter", "Enter")

    assert GoldLabel.objects.get().intent.name == "check_roaming"


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
