"""A real Chromium against a real server and the real PostgreSQL."""

import os
import re
import shutil
import threading
from collections.abc import Iterator

import pytest
from django.core.signals import request_finished, request_started
from django.test import Client
from playwright.sync_api import Page, expect

from annotations.models import User
from annotations.services import labels, queue
from annotations.services.labels import Answer
from tests.factories import cast
from tests.functional import desk_world as world

# Playwright's synchronous interface runs an event loop in the test's own thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
expect.set_options(timeout=15_000)  # a busy machine is slow, not wrong
FLAGS = [
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/functional" in str(item.path):
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="no chromium on this machine"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    # As root there is no sandbox to have; the pages are our own.
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": flags}


class Underway:
    """Counts the requests that the server has begun and not yet ended."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()
        request_started.connect(self._began)
        request_finished.connect(self._ended)

    def _began(self, **_: object) -> None:
        with self._changed:
            self._count += 1

    def _ended(self, **_: object) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait_for_none(self) -> None:
        with self._changed:
            is_quiet = self._changed.wait_for(lambda: self._count <= 0, timeout=30)
        request_started.disconnect(self._began)
        request_finished.disconnect(self._ended)
        assert is_quiet, f"{self._count} requests were still underway"


@pytest.fixture(autouse=True)
def no_request_is_left(live_server, transactional_db) -> Iterator[None]:
    """A closed page's last request is over before the tables are emptied under it."""
    underway = Underway()
    yield
    underway.wait_for_none()


@pytest.fixture
def sign_in(live_server, context):
    """Gives the browser a session of `user`."""

    def open_session(user: User) -> None:
        client = Client()
        client.force_login(user)
        cookie = client.cookies["ivr_session"]
        context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "url": live_server.url}]
        )

    return open_session


@pytest.fixture
def open_desk(page, sign_in, live_server):
    """Opens the desk as Ana on the items made before."""

    def open_it() -> Page:
        sign_in(world.ana())
        page.goto(f"{live_server.url}/label")
        expect(page.locator("#item, #empty")).to_be_visible()
        world.settle(page)
        return page

    world.intents()
    return open_it


@pytest.fixture
def everything(sign_in):
    """Somebody with every role, and something on every page."""
    world.intents()
    person = cast.person(
        "ana", "annotator", "reviewer", "product_owner", "auditor", "ml_engineer"
    )
    world.suggested(world.CHARGE, "pay_bill", "dispute_charge")
    item = queue.claim_next(by=person)
    labels.submit(
        by=person, answer=Answer(uuid=cast.new_id(), item_id=item.pk, intent="pay_bill")
    )
    guess = [{"param": "amount", "start": 18, "end": 32, "text": "", "value": ""}]
    world.suggested(
        f"{world.CHARGE} again", "dispute_charge", "pay_bill", parameters=guess
    )
    sign_in(person)
    return person


@pytest.fixture
def impatient(page):
    """Pages that are covered after a second, which nobody may choose."""
    covered_pages = re.compile(
        r"/label$|/label/cluster/|/review/(disagreements|proposals)|/search|/history"
        r"|/intents/\w+|/proposals/new|/me$"
    )

    def hasten(route):
        response = route.fetch()
        body = re.sub(r'data-idle="\d+"', 'data-idle="1"', response.text())
        route.fulfill(response=response, body=body)

    page.route(covered_pages, hasten)
    return page


@pytest.fixture
def console(page):
    """What the page complained about: script errors, refused content, bad answers."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if message.type == "error" else None
        ),
    )
    return complaints
