"""Every page in a language that nobody speaks: nothing English is left, and it fits."""

import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from playwright.sync_api import Page, expect

from annotations.models import QueueItem
from annotations.services import warm_up
from tests.functional.test_pages import PATHS, WIDTHS, overflow
from tests.pseudo_locale import CATALOGUE, left_in_english, pseudo_locale
from tests.test_translation import CODES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

# The same in every language: the product, units, keys, and what programs read.
NAMES = re.compile(
    "|".join(map(re.escape, CODES))
    + r"|jsonl|csv|IVR Label|ID|ms|kB|MB|JSON|CSV|SHA-256|UTC|MLflow|Esc|Enter|Space"
    r"|Backspace|Tab|Ctrl|Alt|Shift|manage\.py \w+|[\w.]+@[\w.]+|\w+_\w+|[\w.]+\.\w+",
)
SHOWN = """() => {
  const silent = "script, style, noscript, code, kbd, pre, bdi, [hidden] *, [hidden]";
  const told = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!parent.closest(silent)) told.push(walker.currentNode.data);
  }
  for (const name of ["aria-label", "title", "placeholder", "aria-description"])
    for (const node of document.querySelectorAll(`[${name}]`))
      if (!node.closest("[hidden]")) told.push(node.getAttribute(name));
  return [...told, document.title];
}"""


@pytest.fixture
def pseudo(page, settings) -> Iterator[Page]:
    page.route(
        "**/words.js",
        lambda route: route.fulfill(content_type="text/javascript", body=CATALOGUE),
    )
    with pseudo_locale(settings):
        yield page


def data() -> str:
    """Every text that a row holds: what people and callers said, names, codes.

    And the made-up calls that people practise on, which are in no row.
    """
    rows = [
        value
        for model in apps.get_models()
        for row in model.objects.values()
        for value in row.values()
        if isinstance(value, str | list | dict)
    ]
    return f" {words('; '.join(map(str, [*rows, warm_up.INTENTS, warm_up.ITEMS])))} "


def words(text: str) -> str:
    """`{"outcome": "labeled"}` and `outcome labeled 12` say the same."""
    return re.sub(r"[\W\d_]+", " ", text).strip().lower()


def english(page: Page) -> list[str]:
    """What the page says that no translator was asked for."""
    known = data()
    # A sentence with markup inside is several text nodes.
    told = left_in_english("\n".join(page.evaluate(SHOWN)))
    parts = [
        part
        for piece in told
        for line in piece.split("\n")
        for part in re.split("[·,]", NAMES.sub("", line))
    ]
    return [
        part.strip()
        for part in parts
        if re.search("[A-Za-z]{2}", part) and f" {words(part)} " not in known
    ]


def test_nothing_is_left_in_english_and_longer_words_fit(
    pseudo, everything, live_server
):
    left = []

    for path in PATHS:
        pseudo.goto(f"{live_server.url}{path}")
        left += [f"{path}: {piece}" for piece in english(pseudo)]
        for width, height in WIDTHS:
            pseudo.set_viewport_size({"width": width, "height": height})
            if overflow(pseudo) > 0:
                left.append(f"{path} {width}: scrolls sideways")
        QueueItem.objects.filter(status="leased").update(
            status="ready", lease_expires_at=None
        )

    assert left == []


def test_what_the_desk_opens_is_translated(pseudo, everything, live_server):
    pseudo.goto(f"{live_server.url}/label")
    expect(pseudo.locator("#params")).to_be_visible()
    left = {}

    for opened, keys in {
        "marking": ["Space"],
        "picker": ["p", "a", "y"],
        "key sheet": ["?"],
        "skip": [";"],
        "palette": ["Control+k"],
    }.items():
        for key in keys:
            pseudo.keyboard.press(key)
        left[opened] = english(pseudo)
        pseudo.keyboard.press("Escape")

    assert not any(left.values()), left
