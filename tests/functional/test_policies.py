"""The form of a policy in a real browser, where one button must not cover another."""

import pytest
from playwright.sync_api import expect

from annotations.models import Intent
from tests.factories import cast
from tests.factories import rounds as factory
from training.models import Policy

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
WIDTHS = {360: 740, 768: 1024, 1366: 768}


@pytest.fixture
def form(live_server, page, sign_in):
    factory.policy()
    sign_in(factory.engineer())
    page.goto(f"{live_server.url}/rounds/policies/1")
    return page


@pytest.mark.parametrize("width", WIDTHS)
def test_a_policy_is_changed_with_the_mouse_alone(form, width):
    form.set_viewport_size({"width": width, "height": WIDTHS[width]})

    form.get_by_label("Rounds of this iteration start by themselves").click()
    form.get_by_role("button", name="Keep the changes").click()

    expect(form.get_by_text("1 changed and kept.")).to_be_visible()
    assert not Policy.objects.get(iteration=1).is_active


def test_what_cannot_be_is_said_beside_the_field_and_kept_by_keyboard(form):
    form.get_by_label("New gold labels that start a round").fill("many")
    form.keyboard.press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("Nothing was changed.")

    form.get_by_role("alert").get_by_role("link").focus()
    form.keyboard.press("Enter")
    expect(form.get_by_label("New gold labels that start a round")).to_be_focused()
    form.keyboard.press("ControlOrMeta+a")
    form.keyboard.type("75")
    form.keyboard.press("Enter")

    expect(form.get_by_text("1 changed and kept.")).to_be_visible()
    assert Policy.objects.get(iteration=1).min_new_gold == 75


def test_intents_move_with_the_mouse_alone(form):
    cast.intent("reset_router", "router", iteration=2)
    form.reload()

    form.get_by_text("Take from").first.click()
    form.get_by_label("reset_router").click()
    form.get_by_role("button", name="Move the chosen intents to this iteration").click()

    expect(form.get_by_text("1 intent moved here.")).to_be_visible()
    assert Intent.objects.get(name="reset_router").iteration == 1
