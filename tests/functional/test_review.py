"""A reviewer's journey through every queue, by keyboard alone and by mouse alone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from annotations.models import (
    Annotation,
    ErrorCandidate,
    GoldLabel,
    Question,
    User,
    Utterance,
)
from annotations.services import questions
from tests.factories import cast
from tests.functional import review_world as world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

WIDTHS = ((1366, 768), (768, 1024), (360, 740))
QUEUES = ("disagreements", "errors", "late", "questions", "personal", "gold",
          "agreement", "policy")  # fmt: skip


@pytest.fixture
def rita(sign_in):
    person = world.build()
    sign_in(person)
    return person


@pytest.fixture
def keyboard_only(page):
    """No mouse event may come from anybody."""
    page.add_init_script(
        "window.clicks = 0;addEventListener('pointerdown', () => window.clicks++, true)"
    )
    return page


def faults(page) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    return [
        f"{rule['id']}: {node['target']} {node['html'][:80]}"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_queue_is_accessible_and_fits(page, rita, live_server, theme):
    page.emulate_media(color_scheme=theme)
    wrong = []

    for name in QUEUES:
        world.open_queue(page, live_server.url, name)
        for width, height in WIDTHS:
            page.set_viewport_size({"width": width, "height": height})
            wrong += [f"{name} {width} {fault}" for fault in faults(page)]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.append(f"{name} {width}: scrolls sideways")
        if name in ("disagreements", "errors", "late"):
            page.set_viewport_size({"width": 1366, "height": 768})
            page.locator("[data-number]").last.check(force=True)
            expect(page.locator("#vote")).to_be_visible()
            wrong += [f"{name} afresh {fault}" for fault in faults(page)]

    assert wrong == []


def test_a_disagreement_is_settled_with_two_keys(
    keyboard_only, rita, live_server, console
):
    page = keyboard_only
    page.goto(f"{live_server.url}/review")
    world.desk.settle(page)
    expect(page.locator("#vote")).to_be_hidden()
    assert "60 %" not in page.content()

    page.keyboard.press("1")
    expect(page.locator("#vote")).to_contain_text("Dispute charge 60 %")
    page.keyboard.press("g")
    page.keyboard.press("Enter")
    expect(page.locator("#take-back")).to_be_visible()

    settled = Annotation.objects.get(is_review=True)
    assert (settled.intent.name, settled.review_reason) == ("dispute_charge", "rule")
    assert settled.spans.count() == 2
    assert GoldLabel.objects.get(utterance=settled.utterance).rule == "reviewed"
    page.keyboard.press("Control+z")
    expect(page.locator(".banner:not(#banner)")).to_contain_text("Taken back")
    assert Annotation.objects.get(kind="undo").undoes == settled
    assert page.evaluate("window.clicks") == 0
    assert console == []


def test_neither_is_labeled_afresh_by_keyboard(
    keyboard_only, rita, live_server, console
):
    page = keyboard_only
    world.open_queue(page, live_server.url, "disagreements")

    page.keyboard.press("3")
    expect(page.locator("#vote")).to_be_visible()
    page.keyboard.type("disp")
    expect(
        page.locator("#hits [aria-selected=true]", has_text="Dispute charge")
    ).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#chosen")).to_contain_text("Dispute charge")
    page.keyboard.press("Enter")
    expect(page.locator("#refusal")).to_contain_text("amount is needed")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("1")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    page.keyboard.press("Enter")
    expect(page.locator("#take-back")).to_be_visible()

    settled = Annotation.objects.get(is_review=True)
    assert [(s.param, s.text) for s in settled.spans.all()] == [
        ("amount", "twelve dollars")
    ]
    assert settled.intent.examples.get().utterance == settled.utterance
    assert page.evaluate("window.clicks") == 0
    assert console == []


def test_what_is_typed_before_the_intents_came_is_answered_when_they_do(
    keyboard_only, rita, live_server, console
):
    page = keyboard_only
    let_go = world.desk.hold_catalogue(page)
    world.open_queue(page, live_server.url, "disagreements")

    page.keyboard.press("3")
    expect(page.locator("#afresh")).to_be_visible()
    page.keyboard.type("outa")
    page.keyboard.press("Enter")
    expect(page.locator("#hits")).to_have_text("The intents are being loaded…")
    expect(page.locator("#find")).to_have_value("outa")
    let_go()
    expect(page.locator("#hits [aria-selected=true]")).to_contain_text("Report outage")
    page.keyboard.press("Enter")

    expect(page.locator("#chosen")).to_contain_text("Report outage")
    assert not Annotation.objects.filter(is_review=True).exists()
    assert console == []


def test_j_and_k_walk_through_the_queue(page, rita, live_server):
    world.open_queue(page, live_server.url, "disagreements")
    first = page.locator(".said").inner_text()

    page.keyboard.press("j")
    expect(page.locator(".said")).to_have_text("i want to pay for the outage")
    page.keyboard.press("k")

    expect(page.locator(".said")).to_have_text(first)


def test_a_suspected_label_is_right_or_wrong(keyboard_only, rita, live_server):
    page = keyboard_only
    world.open_queue(page, live_server.url, "errors")
    assert "91 %" not in page.content()

    page.keyboard.press("1")
    expect(page.locator("#vote")).to_contain_text("Check roaming 91 %")
    page.keyboard.press("Enter")
    expect(page.locator(".banner:not(#banner)")).to_contain_text("not be asked again")
    page.keyboard.press("Control+z")
    expect(page.locator(".banner:not(#banner)")).to_contain_text("Taken back")
    assert set(ErrorCandidate.objects.values_list("status", flat=True)) == {"open"}
    world.desk.settle(page)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator(".banner:not(#banner)")).to_contain_text("not be asked again")
    world.desk.settle(page)
    page.keyboard.press("2")
    expect(page.locator("#afresh")).to_be_visible()
    page.keyboard.type("roam")
    expect(
        page.locator("#hits [aria-selected=true]", has_text="Check roaming")
    ).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".banner:not(#banner)")).to_contain_text("your own label")

    assert set(ErrorCandidate.objects.values_list("kind", "status")) == {
        ("model", "dismissed"), ("twin", "confirmed"),
    }  # fmt: skip
    assert page.evaluate("window.clicks") == 0


def test_a_question_is_answered_and_read(keyboard_only, rita, live_server):
    page = keyboard_only
    world.open_queue(page, live_server.url, "questions")

    page.keyboard.press("a")
    page.keyboard.type("Yes, fees are charges.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".empty")).to_contain_text("No question waits")

    assert Question.objects.get().status == "answered"


def test_personal_data_is_taken_out_by_keyboard(keyboard_only, rita, live_server):
    page = keyboard_only
    world.open_queue(page, live_server.url, "personal")
    assert "Wendeline" not in page.content()

    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator(".empty")).to_contain_text("Nothing is reported")

    assert Utterance.objects.filter(
        text="my name is [NAME_1] and i want to pay"
    ).exists()


def test_a_gold_label_is_opened_again_by_mouse(page, rita, live_server):
    world.open_queue(page, live_server.url, "gold")

    page.locator("#why").select_option("unclear")
    page.locator("#reopen").click()
    expect(page.locator(".banner:not(#banner)").last).to_contain_text("Opened again")

    assert Annotation.objects.get(kind="reopen").annotator == rita


def test_a_case_is_settled_by_mouse_alone(page, rita, live_server):
    world.open_queue(page, live_server.url, "disagreements")

    page.locator(".answers label").nth(1).click()
    page.locator(".chips label").nth(2).click()
    page.locator("#save").click()
    expect(page.locator("#take-back")).to_be_visible()

    settled = Annotation.objects.get(is_review=True)
    assert (settled.intent.name, settled.review_reason) == (
        "explain_charge", "look_alike",
    )  # fmt: skip


def test_a_case_is_settled_without_scripts(browser, live_server):
    from annotations.services import sign_in as links

    link = links.issue_link(user=world.build(), base_url=live_server.url)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(link)
    if "/sign-in/" in page.url:
        page.locator("main form button").click()
    page.goto(f"{live_server.url}/review/disagreements")

    page.locator(".answers label").first.click()
    page.locator("#save").click()

    expect(page.locator(".banner:not(#banner)")).to_contain_text("gold now")
    context.close()


def test_an_annotator_asks_from_the_desk_and_reads_the_answer(
    keyboard_only, sign_in, live_server, console
):
    page = keyboard_only
    rita = world.build()
    ana = User.objects.get(username="ana")
    sign_in(ana)
    world.desk.suggested(world.desk.CHARGE, "pay_bill", "dispute_charge")
    page.goto(f"{live_server.url}/label")
    expect(page.locator("#utterance")).to_be_visible()

    page.keyboard.press('"')
    expect(page.locator("#ask-text")).to_be_focused()
    page.keyboard.type("Which bill?")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#ask")).to_have_count(0)
    expect(page.locator("#utterance")).to_be_visible()

    asked = Question.objects.get(utterance__text=world.desk.CHARGE)
    questions.answer(
        by=rita, uuid=cast.new_id(), question_id=asked.pk, text="The last one."
    )
    page.goto(f"{live_server.url}/me")
    expect(page.locator("#questions")).to_contain_text("1 answered")
    expect(page.locator("main")).to_contain_text("The last one.")
    page.locator("details[open] button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#questions")).not_to_contain_text("1 answered")
    assert page.evaluate("window.clicks") == 0
    assert console == []
