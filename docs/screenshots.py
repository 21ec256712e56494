"""Draw the pictures of the README from a running instance.

Start one with `make run`, wait until the demo data are in, then `make screenshots`
(PORT and IVR_DATA_DIR as for `make run`). They land in docs/pictures as
PAGE-THEME-WIDTH.png; with a folder as argument, every page in both themes at three
widths lands there, to be looked at, with what overflows its width.
"""

import itertools
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
BASE = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
SIZES = ((1366, 768), (768, 1024), (360, 740))
THEMES = ("light", "dark")
# What README and documents show.
KEPT = (
    "label-light-1366.png",
    "label-dark-1366.png",
    "disagreements-light-1366.png",
    "plan-light-1366.png",
    "drift_check-light-1366.png",
)
SETTLE_MS = 800  # the catalogue is in by then
# picture: (role, path, pattern); with a pattern, where the first link like it leads.
PAGES = {
    "label": ("annotator", "/label", None),
    "warm_up": ("annotator", "/label/warm-up", None),
    "home": ("annotator", "/", None),
    "me": ("annotator", "/me", None),
    "keys": ("annotator", "/me/keys", None),
    "history": ("annotator", "/history", None),
    "worth": ("annotator", "/worth", None),
    "intents": ("annotator", "/intents", None),
    "intent": ("annotator", "/intents", r"/intents/[a-z_]+$"),
    "samples": ("annotator", "/intents/check_bill_status/samples", None),
    "proposals": ("annotator", "/proposals", None),
    "search": ("annotator", "/search?q=bill", None),
    "like": ("annotator", "/search?q=bill", r"/search/like\?"),
    "functions": ("product_owner", "/functions", None),
    "function": ("product_owner", "/functions", r"/functions/[a-z_]+$"),
    "version": ("product_owner", "/functions/check_bill_status/v1", None),
    "editor": ("product_owner", "/functions/check_bill_status/draft", None),
    "edit_intent": ("product_owner", "/intents/check_bill_status/edit", None),
    "change_intent": ("product_owner", "/intents/check_bill_status/change", None),
    "rounds": ("ml_engineer", "/rounds", None),
    "round": ("ml_engineer", "/rounds", r"/rounds/\d+$"),
    "round_data": ("ml_engineer", "/rounds/1/data", None),
    "start": ("ml_engineer", "/rounds", r"/rounds/start\?"),
    "model": ("ml_engineer", "/rounds", r"/models/[^/]+$"),
    "plan": ("ml_engineer", "/rounds/plan", None),
    "curve": ("ml_engineer", "/rounds/curve", None),
    "policies": ("ml_engineer", "/rounds/policies", None),
    "policy": ("ml_engineer", "/rounds/policies/1", None),
    "drift": ("ml_engineer", "/drift", None),
    "drift_check": ("ml_engineer", "/drift", r"/drift/\d+$"),
    "progress": ("ml_engineer", "/progress", None),
    "sources": ("admin", "/sources", None),
    "source": ("admin", "/sources", r"/sources/[0-9a-f-]{36}$"),
    "people": ("admin", "/people", None),
    "person": ("admin", "/people", r"/people/\d+$"),
    "audit": ("auditor", "/audit", None),
    "review": ("reviewer", "/review", None),
    "disagreements": ("reviewer", "/review/disagreements", None),
    "afresh": ("reviewer", "/review/disagreements", None),
    "errors": ("reviewer", "/review/errors", None),
    "late": ("reviewer", "/review/late", None),
    "questions": ("reviewer", "/review/questions", None),
    "gold": ("reviewer", "/review/gold", None),
    "personal": ("reviewer", "/review/personal", None),
    "review_proposals": ("reviewer", "/review/proposals", None),
    "agreement": ("reviewer", "/review/agreement", None),
    "policy_of_review": ("reviewer", "/review/policy", None),
}


def main() -> int:
    if not is_running():
        print(f"Nothing answers at {BASE}. Start it with `make run` first.")
        return 1
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        print("There is no chromium on this machine.")
        return 1
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    (folder or PICTURES).mkdir(parents=True, exist_ok=True)
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        links = sign_in_links()
        for role in dict.fromkeys(role for role, _, _ in PAGES.values()):
            draw_role(browser, role, links[role], folder)
        browser.close()
    return 0


def is_running() -> bool:
    try:
        with urllib.request.urlopen(f"{BASE}/healthz", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def sign_in_links() -> dict[str, str]:
    """One-time links of the running instance, by role."""
    command = [sys.executable, "manage.py", "sign_in_links", "--base-url", BASE]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return dict(re.findall(r"^sign in as (\w+): (\S+)$", told.stdout, re.MULTILINE))


def draw_role(browser: Browser, role: str, link: str, folder: Path | None) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    confirm = page.locator("main form button")
    if "/sign-in/" in page.url and confirm.count():
        confirm.click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
    for name, (needed, path, pattern) in PAGES.items():
        if needed != role or not is_wanted(name, folder):
            continue
        shown = telling_desk(context) if name == "label" else page
        if pattern:
            path = linked(page, path, pattern)
        if path:
            draw(shown, name, path, folder)
        else:
            print(f"{name}: no link like {pattern} yet")
    context.close()


def is_wanted(name: str, folder: Path | None) -> bool:
    return folder is not None or any(file.startswith(f"{name}-") for file in KEPT)


def linked(page: Page, path: str, pattern: str) -> str | None:
    """Where the first link of the page leads that is like `pattern`."""
    page.goto(f"{BASE}{path}")
    links = page.locator("main a[href]").evaluate_all(
        "links => links.map((link) => link.getAttribute('href'))"
    )
    return next((link for link in links if re.search(pattern, link)), None)


def telling_desk(context: BrowserContext) -> Page:
    """Of a few items the one that shows most: suggestions and parameters."""
    desks = [context.new_page() for _ in range(5)]
    for desk in desks:
        desk.goto(f"{BASE}/label")
        desk.wait_for_timeout(SETTLE_MS)
    return max(desks, key=worth_showing)


def worth_showing(desk: Page) -> tuple[int, int]:
    """Parameters, but not so many that they fill the picture; then suggestions."""
    n_rows = desk.locator("#params tr").count()
    return int(1 < n_rows < 5), desk.locator("input[data-confidence]").count()


def label_afresh(page: Page) -> None:
    """None of the answers is right: the first one's intent, given anew, and a mark."""
    first = page.locator("input[name=answer]").first.get_attribute("data-intent")
    page.locator(".answers .neither label").click()
    page.locator("#find").fill((first or "").replace("_", " "))
    page.locator("#hits [aria-selected=true]").wait_for()
    page.keyboard.press("Enter")
    redacted = page.locator("#utterance .chip")
    if redacted.count():
        redacted.first.click()
    else:
        page.keyboard.press("Space")
    page.keyboard.press("1")
    page.keyboard.press("Escape")
    page.locator("#vote").wait_for()
    page.wait_for_timeout(SETTLE_MS)


def draw(page: Page, name: str, path: str, folder: Path | None) -> None:
    for theme, (width, height) in itertools.product(THEMES, SIZES):
        file = f"{name}-{theme}-{width}.png"
        if folder is None and file not in KEPT:
            continue
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": height})
        if name != "label":
            page.goto(f"{BASE}{path}")
        page.wait_for_timeout(SETTLE_MS)
        if name == "afresh":
            label_afresh(page)
        page.screenshot(path=(folder or PICTURES) / file, full_page=folder is not None)
        wide = page.evaluate("document.documentElement.scrollWidth") > width
        print((folder or PICTURES) / file, "TOO WIDE" if wide else "")


if __name__ == "__main__":
    sys.exit(main())
