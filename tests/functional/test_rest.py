"""When a break is due."""

import pytest
from playwright.sync_api import expect

from annotations.models import Annotation, DeskSettings, User
from tests.functional import desk_world as world
from tests.functional.desk_world import press, settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

PAY = "i want to pay number {}"


def test_a_break_is_proposed_only_where_it_was_asked_for(open_desk):
    world.suggested(PAY.format(1), "pay_bill")
    world.suggested(PAY.format(2), "pay_bill")
    page = open_desk()
    worked = "const now = Date.now(); sessionStorage.setItem('ivr-worked',"
    worked += " JSON.stringify([now - 3001000, now]))"
    page.add_init_script(worked)
    page.reload()
    settle(page)
    page.mouse.move(20, 300)
    expect(page.locator(".nudge")).to_have_count(0)
    ana = User.objects.get(username="ana")
    DeskSettings.objects.create(user=ana, nudges_breaks=True)
    page.reload()
    settle(page)
    page.mouse.move(30, 310)

    expect(page.locator(".nudge")).to_contain_text("50 minutes of work")
    press(page, "Escape")
    expect(page.locator(".nudge")).to_have_count(0)
    press(page, "Enter")  # it never was in the way
    expect(page.locator("#saved")).to_have_text("✓ All saved")
    assert Annotation.objects.count() == 1
