"""The plan's page with a history, in a real browser."""

import os

import pytest

from tests.factories import cast, champions
from tests.functional.test_pages import WIDTHS, faults, overflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

HISTORY = (
    {"intent_accuracy": 0.79, "parameter_exact": 0.72, "macro_f1": 0.71},
    {"intent_accuracy": 0.87, "parameter_exact": 0.86, "macro_f1": 0.82},
    {"intent_accuracy": 0.93, "parameter_exact": 0.91, "macro_f1": 0.89},
)


def history() -> None:
    for n, figures in enumerate(HISTORY):
        champions.served(
            f"intent-r{n + 1}-a1",
            days_ago=9 - n,
            is_now=n + 1 == len(HISTORY),
            token_reduction=0.4 + n / 50,
            latency_p95_ms=31.0 - n,
            **figures,
        )


def look(page, name: str) -> None:
    """Keep a picture where somebody asked for one."""
    folder = os.environ.get("PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/rounds/plan"])
def test_the_pages_are_accessible_and_fit(page, live_server, sign_in, theme, path):
    history()
    sign_in(cast.person("olga", "product_owner"))
    page.emulate_media(color_scheme=theme)
    page.goto(f"{live_server.url}{path}")
    wrong = []

    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        look(page, f"{path.rsplit('/', 1)[1]}-{theme}-{width}")
        wrong += [f"{width} {fault}" for fault in faults(page)]
        if overflow(page) > 0:
            wrong.append(f"{width}: scrolls sideways")

    assert wrong == []
