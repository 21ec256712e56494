"""A schema on its way in a real browser: proposed, weighed, approved, followed."""

import re

import pytest
from playwright.sync_api import Page, expect

from annotations.models import GoldLabel, LabelMigration, QueueItem
from annotations.services import label_import, labels, queue, schema_migration
from annotations.services.label_import import ImportedLabel
from annotations.services.labels import Answer, SpanAnswer
from tests.factories import cast
from tests.unit.annotations.functions.pairs import fn, s

pytestmark = pytest.mark.django_db(transaction=True)

REASON = "agreed with billing operations"


@pytest.fixture
def live():
    return cast.live_schema(cast.intent("check_bill"), fn(month=s(), plan=s()))


def labeled(text, **spans):
    places = tuple(
        SpanAnswer(text.index(w), text.index(w) + len(w), param, w)
        for param, w in spans.items()
    )
    utterance = cast.utterance(text)
    label_import.import_labels(
        [
            ImportedLabel(
                utterance.pk, "check_bill", "billing", places, marks_known=True
            )
        ],
        source="test",
    )
    return utterance


def paced(person):
    """One timed answer of a person, so that minutes can be estimated."""
    item = queue.claim_next(by=person)
    answer = Answer(cast.new_id(), item.pk, "check_bill", shown_ms=30_000)
    labels.submit(by=person, answer=answer)


def test_a_schema_goes_from_proposal_to_relabeling(
    live_server, page: Page, sign_in, console, live
):
    boris, dana, ana = (
        cast.person("boris", "product_owner"),
        cast.person("dana", "product_owner"),
        cast.ana(),
    )
    moved = labeled("the march bill for plus", month="march", plan="plus")
    labeled("just the bill")
    labeled("what do i owe")
    cast.item(cast.utterance("one more bill"))
    paced(ana)

    # Boris drops the plan, renames the month and makes it required, in the form.
    sign_in(boris)
    page.goto(f"{live_server.url}/functions/check_bill")
    page.get_by_role("link", name="New version").click()
    month = page.locator('.parameter[data-name="month"]')
    month.get_by_label("Required").check()
    month.get_by_label("Name").fill("bill_month")
    month.get_by_label("Name").blur()
    page.get_by_role("button", name="Remove plan").click()
    expect(page.locator("#source")).to_have_value(re.compile('"bill_month"'))
    page.get_by_label("Renamed parameters").fill("month > bill_month")
    expect(page.locator("#check")).to_contain_text("check_bill(bill_month: str)")
    expect(page.locator("#check")).to_contain_text("major")
    page.get_by_label("What changes and why").fill("nobody names a plan")
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("button", name="Send to review").click()
    expect(page.get_by_text("In review", exact=True).first).to_be_visible()
    expect(page.get_by_role("button", name="Approve and put live")).to_have_count(0)

    # Dana sees what it costs and approves.
    sign_in(dana)
    page.goto(f"{live_server.url}/functions?status=in_review")
    page.get_by_role("link", name="In review", exact=True).click()
    expect(page.locator("#n-revisit")).to_have_text("3")
    expect(page.locator("#n-migrated")).to_have_text("1")
    expect(page.locator("#minutes")).to_have_text("2 min")
    page.get_by_label("Reason, at least ten characters").fill(REASON)
    page.get_by_role("button", name="Approve and put live").click()
    expect(page.get_by_text("Approved and live.")).to_be_visible()
    page.get_by_role("link", name="Receipt").click()
    expect(page.get_by_text(REASON)).to_be_visible()

    # A worker takes the labels over: one moves, three are asked again.
    schema_migration.run(LabelMigration.objects.get().pk)
    gold = GoldLabel.objects.get(utterance=moved)
    assert [m.param for m in gold.annotation.spans.all()] == ["bill_month"]
    waiting = QueueItem.objects.filter(reason="schema_changed", status="ready")
    assert waiting.count() == 3

    # Ana finds them at the desk.
    sign_in(ana)
    page.goto(f"{live_server.url}/label")
    expect(page.get_by_text("The function's parameters have changed")).to_be_visible()
    assert console == []


@pytest.mark.parametrize("width", [360, 768, 1366])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_registry_fits_and_is_accessible(
    live_server, page: Page, sign_in, live, width, scheme
):
    from axe_playwright_python.sync_playwright import Axe

    boris = cast.person("boris", "product_owner")
    labeled("the march bill", month="march")
    sign_in(boris)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    for path in (
        "/functions",
        "/functions/check_bill",
        "/functions/check_bill/v1",
        "/functions/check_bill/draft",
        "/functions/new",
        "/functions/import",
        "/functions/check_bill/v1/receipt",
    ):
        page.goto(f"{live_server.url}{path}")
        found = Axe().run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == [], path
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path
