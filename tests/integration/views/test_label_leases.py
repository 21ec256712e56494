"""The items that a desk holds: brought ahead, renewed, given back."""

import re
import uuid

import pytest

from annotations.models import Annotation, QueueItem
from annotations.services import queue
from tests.factories import cast

from .desk import send, taken

pytestmark = pytest.mark.django_db


def test_the_page_brings_the_next_item_as_a_template(ana):
    first, second = cast.item(), cast.item()

    response = ana.get("/label")

    before, after = response.content.decode().split("<template")
    assert f'data-item="{first.pk}"' in before
    assert f'data-item="{second.pk}"' in after
    held = QueueItem.objects.filter(status="leased", leased_by=ana.person)
    assert held.count() == 2


@pytest.mark.parametrize(
    ("need", "shown", "templates"), [("", 1, 0), ("ahead", 0, 1), ("both", 1, 1)]
)
def test_a_response_brings_what_the_desk_lacks(ana, bill, need, shown, templates):
    item = taken(ana)
    cast.item()
    cast.item()

    page = send(ana, item, need=need).content.decode()

    assert page.split("<template")[0].count("data-item") == shown
    assert page.count("<template") == templates
    leased = QueueItem.objects.filter(status="leased").count()
    assert leased == shown + templates


def test_a_retry_gets_the_same_two_items(ana, bill):
    item = taken(ana)
    for _ in range(4):
        cast.item()
    key = uuid.uuid4()

    pages = [send(ana, item, uuid=key, need="both").content for _ in range(2)]

    first, again = (re.findall(rb'data-item="(\d+)"', page) for page in pages)
    assert len(first) == 2 and first == again
    assert QueueItem.objects.filter(status="leased").count() == 2


def test_without_the_script_the_item_held_ready_comes_next(ana, bill):
    for _ in range(3):
        cast.item()
    page = ana.get("/label").content.decode()
    first, second = re.findall(r'data-item="(\d+)"', page)

    form = {"uuid": uuid.uuid4(), "item": first, "next": second, "intent": "check_bill"}
    after = ana.post("/label/answer", form)

    assert after.context["item"].item_id == int(second)
    assert QueueItem.objects.filter(status="leased").count() == 2


def test_a_closing_page_gives_both_items_back(ana):
    items = [taken(ana), taken(ana)]

    ana.post("/label/release", {"item": [item.pk for item in items]})

    assert not QueueItem.objects.filter(status="leased").exists()


def test_a_lease_is_renewed_and_given_back(ana):
    item = taken(ana)
    before = item.lease_expires_at

    renewed = ana.post("/label/renew", {"item": item.pk})
    item.refresh_from_db()
    released = ana.post("/label/release", {"item": item.pk})

    assert (renewed.status_code, released.status_code) == (200, 204)
    assert item.lease_expires_at > before
    item.refresh_from_db()
    assert item.status == "ready"


def test_another_person_cannot_renew_release_or_answer(ana, bill, signed_in):
    ben = signed_in("ben", "annotator")
    item = taken(ana)

    assert ben.post("/label/renew", {"item": item.pk}).status_code == 409
    ben.post("/label/release", {"item": item.pk})
    assert send(ben, item).status_code == 409

    item.refresh_from_db()
    assert (item.status, item.leased_by) == ("leased", ana.person)
    assert not Annotation.objects.exists()


def test_many_open_pages_hold_few_items(ana):
    for _ in range(queue.MAX_LEASES + 4):
        cast.item()

    for _ in range(queue.MAX_LEASES + 4):
        ana.get("/label")

    assert QueueItem.objects.filter(status="leased").count() == queue.MAX_LEASES
