"""A real Chromium for the robots, signed in at the desk."""

import contextlib
import shutil
from collections.abc import Iterator

from playwright.sync_api import Page, sync_playwright

from benchmarks.page_weight import FLAGS

PAINTED = "new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"
SETTLE_MS = 230  # the desk takes no decision in the first 200 ms of an item


@contextlib.contextmanager
def desk(url: str, link: str) -> Iterator[Page]:
    """The labeling page of whoever the sign-in link is for."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
        page.goto(link)
        # The page's script sends its form by itself.
        page.wait_for_url(lambda address: "/sign-in" not in address)
        page.goto(f"{url}/label")
        page.locator("#utterance").wait_for()
        page.wait_for_load_state("networkidle")
        yield page
        browser.close()


def settle(page: Page) -> None:
    """The item has been painted for long enough to take a decision."""
    page.evaluate(PAINTED)
    page.wait_for_timeout(SETTLE_MS)
