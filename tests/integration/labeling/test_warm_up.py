"""The warm-up is offered to newcomers, and only how it ended is kept."""

import json

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from annotations.errors import InvalidError
from annotations.models import Annotation, AuditEvent, DeskSettings, User, WarmUp
from annotations.services import desk_keys, queue, warm_up
from annotations.services.desk_keys import Wishes
from tests.factories import cast

pytestmark = pytest.mark.django_db


def offered(user: User) -> bool:
    client = Client()
    client.force_login(user)
    return b"/label/warm-up" in client.get("/label").content


def test_the_desk_offers_it_until_somebody_did_or_skipped_it():
    ana, ben = cast.ana(), cast.ben()
    assert offered(ana)

    warm_up.end(by=ana, how="skipped")

    assert not offered(ana)
    assert offered(ben)


def test_the_desk_does_not_offer_it_to_who_answered_before():
    ana = cast.ana()
    cast.item(cast.utterance(), rank=0)
    item = queue.claim_next(by=ana)
    client = Client()
    client.force_login(ana)
    client.post(
        "/label/skip",
        {"uuid": str(cast.new_id()), "item": item.pk, "reason": "unclear"},
    )

    assert Annotation.objects.filter(annotator=ana).exists()
    assert not offered(ana)


def test_what_is_done_stays_done_and_is_told_once():
    ana = cast.ana()
    for how in ("skipped", "done", "skipped", "done"):
        warm_up.end(by=ana, how=how)

    assert DeskSettings.objects.get(user=ana).warm_up == WarmUp.DONE
    events = AuditEvent.objects.filter(action="desk.warm_up_ended").order_by("pk")
    assert [json.loads(one.payload)["how"] for one in events] == ["skipped", "done"]


def test_keys_and_warm_up_leave_each_other_alone():
    ana = cast.ana()
    warm_up.end(by=ana, how="done")
    desk_keys.save(by=ana, wishes=Wishes("letters", "alt"))
    warm_up.end(by=ana, how="done")

    stored = DeskSettings.objects.get(user=ana)
    assert (stored.warm_up, stored.preset) == (WarmUp.DONE, "letters")


@pytest.mark.parametrize("how", ["", "to_come", "<b>"])
def test_it_ends_done_or_skipped_and_no_other_way(how):
    with pytest.raises(InvalidError):
        warm_up.end(by=cast.ana(), how=how)

    assert not DeskSettings.objects.exists()


def test_the_database_knows_no_other_way_either():
    ana = cast.ana()
    with pytest.raises(IntegrityError), transaction.atomic():
        DeskSettings.objects.create(user=ana, warm_up="maybe")


def test_every_suggestion_is_an_intent_that_its_picker_finds():
    known = {intent["name"] for intent in warm_up.picker_index()["intents"]}
    suggested = {s.name for item in warm_up.items() for s in item.suggestions}

    assert suggested <= known
    assert len(warm_up.items()) == 5
