"""A real Chromium for the robots, signed in at the desk."""

import contextlib
import shutil
from collections.abc import Callable, Iterator

from playwright.sync_api import Page, Route, sync_playwright

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PAINTED = "new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"
# painted: milliseconds from each Enter's own timestamp to the frame of the next item.
WATCH = """
window.painted = [];
addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  const before = document.querySelector("#item")?.dataset.item;
  const look = () => {
    const now = document.querySelector("#item")?.dataset.item;
    if (now && now !== before) {
      const channel = new MessageChannel();
      // The task after a frame runs when that frame has been painted.
      channel.port1.onmessage = () => painted.push(performance.now() - event.timeStamp);
      channel.port2.postMessage(null);
    } else if (document.querySelector("#empty") === null) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}, true);
"""
SETTLE_MS = 230  # the desk takes no decision in the first 200 ms of an item


@contextlib.contextmanager
def desk(
    url: str, link: str, *, route: tuple[str, Callable[[Route], None]] | None = None
) -> Iterator[Page]:
    """The labeling page of whoever the sign-in link is for.

    route: addresses by pattern, and what answers them in place of the server.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
        page.goto(link)
        # The page's script sends its form by itself.
        page.wait_for_url(lambda address: "/sign-in" not in address)
        if route:
            page.route(*route)
        page.goto(f"{url}/label")
        page.locator("#utterance").wait_for()
        page.wait_for_load_state("networkidle")
        yield page
        browser.close()


def settle(page: Page) -> None:
    """The item has been painted for long enough to take a decision."""
    page.evaluate(PAINTED)
    page.wait_for_timeout(SETTLE_MS)
