"""Draw the pictures of the README from a running instance.

Start one with `make run`, wait until the demo data are in, then `make screenshots`
(PORT as for `make run`). Pictures land in docs/pictures as PAGE-THEME-WIDTH.png.
"""

import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
BASE = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
SIZES = ((1366, 768), (768, 1024), (360, 740))
THEMES = ("light", "dark")
# picture: (role, path)
PAGES = {
    "label": ("annotator", "/label"),
    "home": ("annotator", "/"),
    "me": ("annotator", "/me"),
    "intents": ("annotator", "/intents"),
    "functions": ("product_owner", "/functions"),
    "rounds": ("ml_engineer", "/rounds"),
    "sources": ("admin", "/sources"),
    "audit": ("auditor", "/audit"),
}


def main() -> int:
    if not is_running():
        print(f"Nothing answers at {BASE}. Start it with `make run` first.")
        return 1
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        print("There is no chromium on this machine.")
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        links = sign_in_links()
        for role in dict.fromkeys(role for role, _ in PAGES.values()):
            draw_role(browser, role, links[role])
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


def draw_role(browser: Browser, role: str, link: str) -> None:
    page = browser.new_context().new_page()
    page.goto(link)
    confirm = page.locator("main form button")
    if "/sign-in/" in page.url and confirm.count():
        confirm.click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
    for name, (needed, path) in PAGES.items():
        if needed == role:
            draw(page, name, path)
    page.context.close()


def draw(page: Page, name: str, path: str) -> None:
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.goto(f"{BASE}{path}")
            page.wait_for_timeout(600)  # the catalogue and the fonts are in by then
            picture = PICTURES / f"{name}-{theme}-{width}.png"
            page.screenshot(path=picture)
            print(picture.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
