"""What waits behind the item, and what becomes of answers on their way."""

import pytest
from playwright.sync_api import expect

from annotations.models import Annotation, GoldLabel, QueueItem
from annotations.services import labels, queue
from annotations.services.labels import Answer
from tests.factories import cast
from tests.functional import desk_world as world
from tests.functional.desk_world import next_after, press, settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

PAY = "i want to pay number {}"


def pays(n: int) -> list[QueueItem]:
    return [world.suggested(PAY.format(k), "pay_bill", "oos") for k in range(n)]


def hold_back(page):
    """Requests to the desk wait; call the result to let them go."""
    waiting, gate = [], {"is_open": False}

    def hold(route):
        if gate["is_open"]:
            route.continue_()
        else:
            waiting.append(route)

    def let_go():
        gate["is_open"] = True
        for route in waiting:
            route.continue_()

    page.route("**/label/answer", hold)
    return let_go


def test_the_next_item_is_there_before_the_answer_has_arrived(open_desk):
    pays(3)
    page = open_desk()
    let_go = hold_back(page)

    press(page, "Enter")

    expect(page.locator("#utterance")).to_have_text(PAY.format(1))
    expect(page.locator("#saved")).to_have_text("Saving…")
    assert not Annotation.objects.exists()
    let_go()
    expect(page.locator("#saved")).to_have_text("✓ All saved")
    assert GoldLabel.objects.get().utterance.text == PAY.format(0)


def test_unsent_answers_are_counted_and_work_stops_politely(open_desk):
    pays(4)
    page = open_desk()
    page.route("**/label/answer", lambda route: route.abort())

    press(page, "Enter")
    expect(page.locator("#saved")).to_have_text("1 not saved yet")
    settle(page)
    press(page, "Enter")
    expect(page.locator("#waiting")).to_contain_text("when the server can be reached")
    expect(page.locator("#saved")).to_have_text("2 not saved yet", timeout=10000)
    page.unroute("**/label/answer")
    expect(page.locator("#utterance")).to_have_text(PAY.format(2), timeout=20000)

    expect(page.locator("#saved")).to_have_text("✓ All saved", timeout=20000)
    given = Annotation.objects.order_by("created_at")
    assert [one.utterance.text for one in given] == [PAY.format(k) for k in range(2)]


def test_a_refused_answer_comes_back_on_top_of_the_next_item(open_desk):
    first, _, _ = pays(3)
    page = open_desk()
    let_go = hold_back(page)
    press(page, "2", "Enter")
    expect(page.locator("#utterance")).to_have_text(PAY.format(1))
    settle(page)
    press(page, "2")  # the draft on the next one
    QueueItem.objects.filter(pk=first.pk).delete()

    let_go()

    expect(page.locator("#refusal")).to_contain_text("no longer in the queue")
    expect(page.locator("#utterance")).to_have_text(PAY.format(0))
    expect(page.locator("input[value=oos]").first).to_be_checked()
    expect(page.locator("#today")).to_have_text("0")
    page.locator("#refusal button").click()
    expect(page.locator("#utterance")).to_have_text(PAY.format(1))
    expect(page.locator("input[value=oos]").first).to_be_checked()


def test_an_answer_not_yet_sent_is_taken_back_without_the_server(open_desk):
    pays(4)
    page = open_desk()
    let_go = hold_back(page)
    press(page, "Enter")
    settle(page)
    press(page, "2", "Enter")  # waits behind the first
    expect(page.locator("#saved")).to_have_text("Saving 2…")

    press(page, "Control+z")

    expect(page.locator("#utterance")).to_have_text(PAY.format(1))
    expect(page.locator("input[value=oos]").first).to_be_checked()
    let_go()
    expect(page.locator("#saved")).to_have_text("✓ All saved")
    assert Annotation.objects.get().utterance.text == PAY.format(0)


def test_undo_goes_back_step_by_step_and_forward_again(open_desk):
    pays(5)
    page = open_desk()
    for _ in range(4):
        next_after(page, "Enter")

    for k in (3, 2, 1, 0):
        press(page, "Control+z")
        expect(page.locator("#utterance")).to_have_text(PAY.format(k))
    expect(page.locator("#saved")).to_have_text("✓ All saved")
    assert not Annotation.objects.standing().exists()
    settle(page)
    for k in (1, 2, 3, 4):
        next_after(page, "Enter")
        expect(page.locator("#utterance")).to_have_text(PAY.format(k))

    assert Annotation.objects.standing().count() == 4


def test_undo_survives_a_reload(open_desk):
    pays(4)
    page = open_desk()
    next_after(page, "2", "Enter")
    next_after(page, "Enter")
    page.reload()
    expect(page.locator("#utterance")).to_be_visible()

    next_after(page, "Control+z")
    next_after(page, "Control+z")

    expect(page.locator("#utterance")).to_have_text(PAY.format(0))
    expect(page.locator("input[value=oos]").first).to_be_checked()
    assert not Annotation.objects.standing().exists()


def test_a_late_answer_says_who_was_faster_and_may_be_discarded(open_desk):
    first, _, _ = pays(3)
    page = open_desk()
    QueueItem.objects.filter(pk=first.pk).update(status="ready", lease_expires_at=None)
    ben = cast.ben()
    assert queue.claim_next(by=ben).pk == first.pk
    labels.submit(by=ben, answer=Answer(cast.new_id(), first.pk, intent="oos"))

    press(page, "Enter")

    notice = page.locator("#notices")
    expect(notice).to_contain_text("Ben answered this meanwhile.")
    expect(notice).to_contain_text("kept as a second opinion")
    assert Annotation.objects.filter(is_late=True).count() == 1
    notice.get_by_text("Discard mine").click()
    expect(page.locator("#saved")).to_have_text("✓ All saved")
    assert Annotation.objects.standing().get().annotator == ben


def test_closing_the_desk_gives_both_items_back(open_desk, live_server):
    pays(2)
    page = open_desk()
    assert QueueItem.objects.filter(status="leased").count() == 2

    page.goto(f"{live_server.url}/intents")
    page.wait_for_timeout(500)

    assert QueueItem.objects.filter(status="ready").count() == 2


def test_what_is_typed_before_the_intents_came_is_answered_when_they_do(
    page, open_desk, console
):
    world.suggested("it is dark", "pay_bill")
    let_go = world.hold_catalogue(page)
    open_desk()

    page.keyboard.type("outa")
    press(page, "Enter", "Enter")
    expect(page.locator("#hits")).to_have_text("The intents are being loaded…")
    expect(page.locator("#find")).to_have_value("outa")
    assert not Annotation.objects.exists()
    let_go()

    expect(page.locator("#hits [aria-selected=true]")).to_contain_text("Report outage")
    next_after(page, "Enter", "Enter")
    assert GoldLabel.objects.get().intent.name == "report_outage"
    assert console == []
