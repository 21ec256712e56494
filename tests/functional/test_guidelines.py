"""From a missed intent to samples, a proposal, a decision and a merge, in a browser."""

import pytest
from playwright.sync_api import expect

from annotations.models import IntentMove, IntentProposal, Utterance
from annotations.services import label_import, label_moves
from annotations.services.label_import import ImportedLabel
from tests.factories import cast
from tests.functional import desk_world as world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_the_journey_of_a_missed_intent(page, console, sign_in, live_server):
    world.intents()
    said = cast.utterance("i want to pay my bill right now")
    label_import.import_labels([ImportedLabel(said.pk, "pay_bill")], source="t")
    world.suggested(world.CHARGE, "explain_charge", "pay_bill")
    ana = world.ana()
    sign_in(ana)

    # At the desk, by keyboard alone.
    page.goto(f"{live_server.url}/label")
    expect(page.locator("#utterance")).to_be_visible()
    page.keyboard.press("Control+i")
    expect(page.locator("#proposal-title")).to_be_focused()
    page.keyboard.type("Freeze a line")
    page.keyboard.press("Tab")
    page.keyboard.type("Wants the line to rest.")
    page.keyboard.press("Tab")
    page.keyboard.type("billing")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#banner")).to_contain_text("A reviewer decides")
    proposal = IntentProposal.objects.get()
    assert proposal.utterance.text == world.CHARGE

    # Samples are judged while they are typed; only what is ticked is saved.
    page.goto(f"{live_server.url}/intents/explain_charge/samples")
    send = page.locator("#samples .go")
    expect(send).to_have_text("Check and save")
    page.locator("#texts").press_sequentially("i want to pay my bills right now\n")
    expect(page.locator("#verdicts")).to_contain_text("another intent")
    expect(send).to_have_text("Save what is ticked")
    page.locator("#texts").press_sequentially("what is this line for")
    expect(page.locator("#verdicts tbody tr")).to_have_count(2)
    send.click()
    expect(page.locator("h1")).to_have_text("Explain charge")
    assert Utterance.objects.get(source="expert").text == "what is this line for"

    # Another reviewer accepts, and its author sees it.
    rita = cast.person("rita", "reviewer")
    sign_in(rita)
    page.goto(f"{live_server.url}/review/proposals")
    page.get_by_text("Accept", exact=True).click()
    page.get_by_role("button", name="Accept Freeze a line").click()
    expect(page.locator(".banner[role=status]").last).to_contain_text("is an intent")
    sign_in(ana)
    page.goto(f"{live_server.url}/me")
    expect(page.locator(".proposals")).to_contain_text("Accepted")

    # A merge shows its numbers, is confirmed with a reason and taken back.
    sign_in(rita)
    page.goto(f"{live_server.url}/intents/pay_bill/change")
    page.locator("#into").select_option("explain_charge")
    page.locator("section[aria-labelledby=merge-h] button").click()
    expect(page.locator("#n-moved")).to_have_text("1")
    page.locator("#reason").fill("Both are about the same bill.")
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.locator("#move-state")).to_be_visible()
    label_moves.run(IntentMove.objects.get().pk)
    expect(page.locator("#state-h")).to_have_text("Done")
    page.reload()
    page.locator("#reason").fill("They are not, after all.")
    page.get_by_role("button", name="Take it back").click()
    label_moves.run(IntentMove.objects.get().pk)
    expect(page.locator("#state-h")).to_have_text("Taken back")
    assert console == []
