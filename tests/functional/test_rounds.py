"""Rounds in a real browser: the page moves by itself and stops when it is over."""

import os

import pytest
from playwright.sync_api import expect

from tests.factories import rounds as factory
from training.services import datasets, execution, rounds
from training.services.rounds import Status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture(autouse=True)
def a_data_folder(tmp_path, settings):
    settings.DATA_DIR = tmp_path


def look(page, name: str) -> None:
    """Keep a picture where somebody asked for one."""
    folder = os.environ.get("PICTURES")
    if folder:
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.screenshot(path=f"{folder}/{name}-{theme}.png", full_page=True)


def test_the_page_follows_a_round_to_its_end(live_server, page, sign_in, console):
    factory.world()
    sign_in(factory.engineer())
    policy = factory.policy(promotion="person")
    page.goto(f"{live_server.url}/rounds")
    look(page, "rounds-before")
    page.get_by_role("link", name="Start now …").first.click()
    expect(page.get_by_text("gold labels to learn from")).to_be_visible()
    look(page, "round-start")
    page.get_by_role("button", name="Start the round").click()
    expect(page.get_by_text("Waiting: no training worker is alive.")).to_be_visible()
    found = rounds.get(int(page.url.rsplit("/", 1)[1]))
    assert found.policy == policy

    claim = rounds.claim(found.pk, worker="gpu@here")
    rounds.enter(claim, Status.TRAINING, snapshot=datasets.freeze())
    rounds.write(
        claim,
        progress={
            "step": "fine-tuning",
            "done": 500,
            "total": 846,
            "loss": [[s, 4.2 / (1 + s / 60)] for s in range(5, 501, 5)],
            "seconds_left": 95,
        },
    )
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "500")
    expect(page.get_by_text("about 95 s left")).to_be_visible()
    look(page, "round-training")

    rounds.release(claim, "the worker was stopped")
    with factory.tiny_backend():
        execution.run(found.pk, worker="gpu@here")
    expect(page.get_by_role("button", name="Promote")).to_be_visible()
    look(page, "round-awaiting")

    page.get_by_label("Reason, kept in the trail").fill("looked at the worst ten")
    page.get_by_role("button", name="Promote").click()
    expect(page.get_by_text("The challenger was promoted")).to_be_visible()
    look(page, "round-promoted")
    page.goto(f"{live_server.url}/rounds")
    look(page, "rounds-after")
    assert console == []


def test_a_running_round_is_cancelled_with_one_click(live_server, page, sign_in):
    factory.world()
    sign_in(factory.engineer())
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)
    page.goto(f"{live_server.url}/rounds/{found.pk}")

    page.get_by_role("button", name="Cancel this round").click()

    expect(page.get_by_text("It was cancelled")).to_be_visible()
    assert rounds.get(found.pk).status == Status.CANCELLED


def test_a_page_that_did_not_change_is_not_drawn_again(live_server, page, sign_in):
    factory.world()
    sign_in(factory.engineer())
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)
    page.goto(f"{live_server.url}/rounds/{found.pk}")
    state = f"/rounds/{found.pk}/state"
    with page.expect_response(lambda r: r.url.endswith(state) and r.status == 200):
        pass
    page.evaluate("document.getElementById('steps').dataset.kept = 'yes'")

    with page.expect_response(lambda r: r.url.endswith(state) and r.status == 304):
        pass
    expect(page.locator("#steps[data-kept]")).to_have_count(1)

    claim = rounds.claim(found.pk, worker="gpu@here")
    rounds.enter(claim, Status.SNAPSHOT)
    expect(page.get_by_text("Freezing the data, on gpu@here.")).to_be_visible()
