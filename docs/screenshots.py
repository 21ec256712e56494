"""Draw the pictures of the README from a running instance.

Start one with `make run`, wait until the demo data are in, then `make screenshots`
(PORT and IVR_DATA_DIR as for `make run`). They land in docs/pictures as
PAGE-THEME-WIDTH.png; with a folder as argument, every page in both themes at three
widths lands there, to be looked at.
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
    "label-light-360.png",
    "rounds-light-1366.png",
)
SETTLE_MS = 800  # the catalogue is in by then
# picture: (role, path)
PAGES = {
    "label": ("annotator", "/label"),
    "home": ("annotator", "/"),
    "me": ("annotator", "/me"),
    "intents": ("annotator", "/intents"),
    "functions": ("product_owner", "/functions"),
    "rounds": ("ml_engineer", "/rounds"),
    "plan": ("product_owner", "/rounds/plan"),
    "curve": ("product_owner", "/rounds/curve"),
    "version": ("product_owner", "/functions/check_bill_status/v1"),
    "sources": ("admin", "/sources"),
    "audit": ("auditor", "/audit"),
    "disagreements": ("reviewer", "/review/disagreements"),
    "errors": ("reviewer", "/review/errors"),
    "personal": ("reviewer", "/review/personal"),
    "agreement": ("reviewer", "/review/agreement"),
    "policy": ("reviewer", "/review/policy"),
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
        for role in dict.fromkeys(role for role, _ in PAGES.values()):
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
    for name, (needed, path) in PAGES.items():
        if needed == role:
            shown = telling_desk(context) if name == "label" else page
            draw(shown, name, path, folder)
    context.close()


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
        page.screenshot(path=(folder or PICTURES) / file)
        print((folder or PICTURES) / file)


if __name__ == "__main__":
    sys.exit(main())
