"""A small call centre for the browser: intents, a schema, utterances in the queue."""

from collections.abc import Callable

from django.test import Client
from playwright.sync_api import BrowserContext, Page, Route, expect

from annotations.models import QueueItem, Reason, User
from tests.factories import cast

SETTLE_MS = 260  # the desk ignores decisions in the first 200 ms of an item
CHARGE_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "amount": {"type": "string", "description": "how much was charged"},
        "bill_month": {"type": "string", "description": "which bill"},
        "feature": {"type": "string", "enum": ["roaming", "data", "voicemail"]},
    },
    "required": ["amount"],
}
BILL_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "bill_month": {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"},
        "lines": {"type": "integer", "maximum": 9},
    },
    "required": ["bill_month"],
}
CONTEXT = [
    {"role": "bot", "text": "Thanks for calling. How can I help you today?"},
    {"role": "caller", "text": "uh it's about my last bill"},
    {"role": "bot", "text": "Sure. What would you like to know about your bill?"},
]
CHARGE = "why was i charged twelve dollars for roaming when i was home"


def intents() -> None:
    charge = cast.intent(
        "dispute_charge", description="Says that a charge should not be there."
    )
    cast.intent("explain_charge", description="Asks what a charge is for.")
    cast.intent("pay_bill", description="Wants to pay.")
    cast.intent("report_outage", domain="outages", description="Nothing works.")
    cast.intent("check_roaming", domain="roaming", description="Asks about roaming.")
    cast.intent("oos", domain="other", is_out_of_scope=True)
    cast.live_schema(charge, CHARGE_SCHEMA)


def suggested(text: str, *names: str, **fields: object) -> QueueItem:
    """An item in the queue with the model's guess, the first at 60 %."""
    utterance = cast.utterance(text, context=CONTEXT)
    cast.suggestion(utterance, *names, **fields)
    return cast.item(utterance)


def blind(text: str) -> QueueItem:
    utterance = cast.utterance(text)
    cast.suggestion(utterance, "pay_bill")
    return cast.item(utterance, reason=Reason.EXAM)


def ana() -> User:
    return cast.person("ana", "annotator", "reviewer")


def settle(page: Page) -> None:
    """Wait until decisions count: the item is painted and has been seen a while."""
    expect(page.locator("[data-painted], #empty")).to_be_visible()
    page.wait_for_timeout(SETTLE_MS)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def hold_catalogue(page: Page) -> Callable[[], None]:
    """The list of intents does not come; call the result to let it."""
    waiting: list[Route] = []
    gate = {"is_open": False}

    def hold(route: Route) -> None:
        if gate["is_open"]:
            route.continue_()
        else:
            waiting.append(route)

    def let_go() -> None:
        gate["is_open"] = True
        for route in waiting:
            route.continue_()

    page.route("**/label/catalogue", hold)
    return let_go


def next_after(page: Page, *keys: str) -> None:
    """Press keys that end in a decision, and wait until the next item has settled."""
    before = page.locator("[data-item]").get_attribute("data-item")
    press(page, *keys)
    following = page.locator(f"#empty, [data-item]:not([data-item='{before}'])")
    expect(following).to_be_visible()
    expect(page.locator("#saved")).to_have_text("✓ All saved")
    settle(page)


def stay(page: Page) -> None:
    """Somebody is at the desk from now on, however slow the machine is."""
    page.evaluate("setInterval(() => dispatchEvent(new Event('pointermove')), 100)")


def enter(context: BrowserContext, live_server, person: User) -> None:
    """A sign-in in another tab: a new session, and with it a new token."""
    client = Client()
    client.force_login(person)
    context.clear_cookies()
    context.add_cookies(
        [
            {"name": name, "value": client.cookies[name].value, "url": live_server.url}
            for name in client.cookies
        ]
    )
