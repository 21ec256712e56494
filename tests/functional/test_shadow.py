"""A round in shadow in a real browser: what its page shows, whole and accessible."""

import os

import pytest
from playwright.sync_api import expect

from tests.factories import cast
from tests.factories import rounds as factory
from tests.functional.test_pages import WIDTHS, faults, overflow
from training.models import Checkpoint, LiveTurn, Round, ShadowAnswer
from training.services import promotion, round_log, rounds
from training.services.rounds import Status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
SAID = (
    "Epoch 3 of 12: mean loss 0.4127, score on held-out rows 1.8123, the best so far."
)


def model(name: str, **fields: object) -> Checkpoint:
    return Checkpoint.objects.create(
        name=name, recipe="head", path=name, manifest_sha256="0" * 64, **fields
    )


def turn(serving: Checkpoint, challenger: Checkpoint, number: int) -> None:
    """Every fifth turn both see another intent in; every tenth the champion none."""
    said = LiveTurn.objects.create(
        dedupe_key=bytes([number % 256]) * 32,
        answer={},
        checkpoint=serving,
        intent="check_bill",
        confidence=0.9,
        scope_score=0.1,
        outcome="fallback" if number % 10 == 3 else "call",
        is_unsure=False,
        milliseconds=9 + number % 7,
        utterance=cast.utterance(f"said {number}"),
    )
    ShadowAnswer.objects.create(
        turn=said,
        checkpoint=challenger,
        intent="cancel_plan" if number % 5 == 0 else "check_bill",
        confidence=0.8,
        is_fallback=number % 10 == 7,
        milliseconds=4.2 if number < 32 else None,
    )


@pytest.fixture
def waiting():
    policy = factory.policy(gates={"min_shadow": 200})
    factory.world()
    found = rounds.request(policy=policy, cause="40 new gold labels", by=None)
    claim = rounds.claim(found.pk, worker="gpu@here")
    rounds.enter(claim, Status.TRAINING)
    for line in ("Attempt 1, on gpu@here.", SAID, "model-r2 is on disk, 23.1 MB."):
        round_log.say(claim, line)
    serving = model("intent-r1-0a1b2c3d", gate_passed=True)
    promotion.promote(checkpoint=serving, reason="first", by=None, instead_of=None)
    challenger = model("intent-r2-4e5f6a7b", gate_passed=False)
    Round.objects.filter(pk=found.pk).update(champion=serving, challenger=challenger)
    rounds.await_live_turns(
        claim, needed=200, verdict={"passed": False, "reasons": ["It is better."]}
    )
    for number in range(120):
        turn(serving, challenger, number)
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_round_in_shadow_is_accessible_and_fits(
    page, sign_in, live_server, waiting, theme
):
    sign_in(cast.person("mia", "ml_engineer", "reviewer"))
    page.emulate_media(color_scheme=theme)
    page.goto(f"{live_server.url}/rounds/{waiting.pk}")
    expect(page.get_by_text("120 of 200")).to_be_visible()
    expect(page.get_by_text(SAID)).to_be_visible()
    expect(page.locator("#shadow-changes tbody tr").first).to_contain_text("24")
    wrong = []

    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        wrong += [f"{width} {fault}" for fault in faults(page)]
        if overflow(page) > 0:
            wrong.append(f"{width}: scrolls sideways")
        if folder := os.environ.get("PICTURES"):
            page.screenshot(path=f"{folder}/shadow-{theme}-{width}.png", full_page=True)

    assert wrong == []


def test_a_reason_being_typed_outlives_a_poll(page, sign_in, live_server, waiting):
    sign_in(factory.engineer())
    page.goto(f"{live_server.url}/rounds/{waiting.pk}")
    page.locator("#reason").fill("it confuses bills")

    serving, challenger = Checkpoint.objects.order_by("pk")
    turn(serving, challenger, 121)
    page.evaluate(
        """() => { const state = document.getElementById("round-state");
        htmx.ajax("GET", state.getAttribute("hx-get"),
                  {target: state, swap: "outerHTML"}); }"""
    )

    expect(page.get_by_text("121 of 200")).to_be_visible()
    expect(page.locator("#reason")).to_have_value("it confuses bills")
    page.locator("#reason").press("Enter")
    expect(page.get_by_text("The challenger was not promoted")).to_be_visible()
