"""Every page in both themes at three widths: accessible, whole and light."""

import gzip

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Page, expect

from annotations.models import GoldLabel, QueueItem
from annotations.services import sign_in as sign_in_links
from tests.functional import desk_world as world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

WIDTHS = ((1366, 768), (768, 1024), (360, 740))
PATHS = (
    "/",
    "/label",
    "/label/warm-up",
    "/me",
    "/me/effect",
    "/me/keys",
    "/history",
    "/history?q=nothingfitsthis",
    "/intents",
    "/intents/pay_bill",
    "/intents/pay_bill/edit",
    "/intents/pay_bill/contrast?other=dispute_charge",
    "/intents?state=retired",
    "/intents/pay_bill/samples",
    "/intents/dispute_charge/change",
    "/proposals",
    "/proposals/new",
    "/review/proposals",
    "/functions",
    "/functions/dispute_charge",
    "/search?q=charge",
    "/search?q=nothingfitsthis&domain=billing",
    "/search?q=%3F&status=none-such",
    "/audit",
    "/people",
    "/people?q=nobodyatall",
    "/sources",
    "/rounds",
    "/rounds/plan",
    "/rounds/curve",
    "/drift",
    "/progress",
    "/worth",
    "/review/disagreements",
    "/review/errors",
    "/review/questions",
    "/review/agreement",
    "/review/policy",
    "/nothing-here",
    "/intents/none-such",
)


def faults(page: Page) -> list[str]:
    """What axe finds, with the places; empty where all is well."""
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    return [
        f"{rule['id']}: {node['target']}"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]


def overflow(page: Page) -> int:
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible_and_fit(page, everything, live_server, theme):
    page.emulate_media(color_scheme=theme)
    wrong = []

    for path in PATHS:
        page.goto(f"{live_server.url}{path}")
        for width, height in WIDTHS:
            page.set_viewport_size({"width": width, "height": height})
            wrong += [f"{path} {width} {fault}" for fault in faults(page)]
            if overflow(page) > 0:
                wrong.append(f"{path} {width}: scrolls sideways")
        QueueItem.objects.filter(status="leased").update(
            status="ready", lease_expires_at=None
        )

    assert wrong == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_open_parts_of_the_desk_are_accessible(page, everything, live_server, theme):
    page.emulate_media(color_scheme=theme)
    page.goto(f"{live_server.url}/label")
    expect(page.locator("#params")).to_be_visible()
    wrong = {}

    page.keyboard.press("Space")
    wrong["marking"] = faults(page)
    page.keyboard.press("Escape")
    page.keyboard.type("pay")
    wrong["picker"] = faults(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    wrong["key sheet"] = faults(page)
    page.keyboard.press("Escape")
    page.keyboard.press(";")
    wrong["skip"] = faults(page)
    page.keyboard.press("Escape")
    page.locator(".menu summary").click()
    wrong["account"] = faults(page)
    page.goto(f"{live_server.url}/label")
    expect(page.locator("#empty")).to_be_visible()
    wrong["empty"] = faults(page)

    assert not any(wrong.values()), wrong


def test_the_theme_is_remembered(page, everything, live_server):
    page.emulate_media(color_scheme="light")
    page.goto(f"{live_server.url}/")

    page.locator("#theme").click()
    page.goto(f"{live_server.url}/intents")

    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_desk_loads_light(page, everything, live_server):
    bodies = []
    page.on("response", lambda response: bodies.append((response.url, response.body())))

    page.goto(f"{live_server.url}/label", wait_until="networkidle")

    expect(page.locator("#utterance")).to_be_visible()
    weight = sum(len(gzip.compress(body, 6)) for _, body in bodies)
    # Collected, the scripts of a bundle are one file (tests/integration/platform).
    joined = settings.STATIC_BUNDLES["js/label.js"]
    alone = [url for url, _ in bodies if not url.endswith(joined)]
    assert len(alone) + 1 <= 8, alone
    assert weight <= 60_000
    assert all(url.startswith(live_server.url) for url, _ in bodies)


def test_signing_out_clears_what_the_browser_keeps(page, everything, live_server):
    page.goto(f"{live_server.url}/label")
    page.evaluate("sessionStorage.setItem('ivr-unsent', '[]')")

    page.locator(".menu summary").click()
    page.locator(".menu button").click()
    page.wait_for_url("**/sign-in**")

    assert page.evaluate("sessionStorage.length") == 0
    page.goto(f"{live_server.url}/label")
    expect(page).to_have_url(f"{live_server.url}/sign-in?next=%2Flabel")


def test_the_desk_fits_a_laptop_screen(page, everything, live_server):
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{live_server.url}/label")
    expect(page.locator("#params")).to_be_visible()

    last = page.locator("#params tr").last.bounding_box()
    bar = page.locator("#acts").bounding_box()

    assert last["y"] + last["height"] <= bar["y"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_door_is_accessible(page, db, live_server, theme):
    page.emulate_media(color_scheme=theme)

    page.goto(f"{live_server.url}/sign-in")

    assert faults(page) == []
    assert overflow(page) == 0


def test_an_intent_can_be_answered_without_scripts(browser, live_server):
    world.intents()
    world.suggested(world.CHARGE, "pay_bill")
    link = sign_in_links.issue_link(user=world.ana(), base_url=live_server.url)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(link)
    if "/sign-in/" in page.url:
        page.locator("main form button").click()

    page.goto(f"{live_server.url}/label")
    page.locator("#acts .go").click()

    expect(page.locator("#empty")).to_be_visible()
    assert GoldLabel.objects.get().intent.name == "pay_bill"
    context.close()
