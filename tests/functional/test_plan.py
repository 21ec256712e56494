"""The plan and the learning curve with a history, in a real browser."""

import os

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.factories import cast, champions
from tests.functional.test_pages import WIDTHS, faults, overflow
from training.models import LearningComparison, OwnEffect

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


def compared() -> LearningComparison:
    chosen = [(20, 0.41), (37, 0.55), (67, 0.68), (122, 0.79), (222, 0.86), (800, 0.92)]
    control = [(20, 0.38), (37, 0.49), (67, 0.58), (122, 0.66), (222, 0.74)]
    return LearningComparison.objects.create(
        status="done",
        n_chosen=1002,
        n_control=278,
        n_exam=460,
        curves={"chosen": bands(chosen), "control": bands(control)},
        difference={
            "labels": 222,
            "value": 0.12,
            "low": 0.07,
            "high": 0.17,
            "outcome": "better",
            "needed": 98,
        },
        finished_at=timezone.now(),
    )


def taught(person) -> OwnEffect:
    difference = {"labels": 140, "value": 0.018, "low": -0.011, "high": 0.047}
    return OwnEffect.objects.create(
        person=person,
        n_labels=214,
        n_control=278,
        n_exam=460,
        without=0.71,
        own=bands([(140, 0.79)])[0],
        control=bands([(140, 0.77)])[0],
        difference={**difference, "outcome": "open", "needed": None},
    )


def bands(points):
    return [
        {"labels": n, "accuracy": accuracy, "low": accuracy - 0.04,
         "high": accuracy + 0.04}
        for n, accuracy in points
    ]  # fmt: skip


def look(page, name: str) -> None:
    """Keep a picture where somebody asked for one."""
    folder = os.environ.get("PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/rounds/plan", "/rounds/curve", "/me/effect"])
def test_the_pages_are_accessible_and_fit(page, live_server, sign_in, theme, path):
    history()
    compared()
    olga = cast.person("olga", "product_owner", "annotator")
    taught(olga)
    sign_in(olga)
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


def test_the_curve_follows_a_comparison_to_its_end(page, live_server, sign_in, console):
    whole = {"n_chosen": 60, "n_control": 60, "n_exam": 60}
    running = LearningComparison.objects.create(
        **whole, progress={"done": 3, "total": 10}
    )
    sign_in(cast.person("olga", "product_owner"))
    page.goto(f"{live_server.url}/rounds")
    page.get_by_role("link", name="What choosing is worth").click()
    expect(page.get_by_text("3 of 10 steps")).to_be_visible()

    running.status, running.finished_at = "failed", timezone.now()
    running.save()
    compared()

    expect(
        page.get_by_text("needs about 98 labels where random needs 222")
    ).to_be_visible()
    expect(page.get_by_text("Being computed")).to_have_count(0)
    assert console == []
