"""A change on its way: numbers first, one at a time, and on after a kill."""

import pytest
from django.db import transaction

from annotations.errors import ConflictError
from annotations.models import (
    GoldLabel,
    Intent,
    IntentMove,
    MovedLabel,
)
from annotations.services import intent_moves, label_moves
from tests.factories import cast
from tests.unit.annotations.functions.pairs import fn, s

from .conftest import client_of
from .moves_world import WHY, answer, healthy, merge, undo

pytestmark = pytest.mark.django_db


def test_a_killed_worker_goes_on_where_it_was(people, bill, pay, monkeypatch):
    monkeypatch.setattr(label_moves, "CHUNK", 2)
    for _ in range(5):
        answer(people.ana, cast.utterance(), bill)
    move = intent_moves.merge(intent=bill, into=pay, reason=WHY, by=people.rita)
    settle, n = label_moves.gold.settle, []

    def dies(utterance, into=None):
        n.append(utterance.pk)
        if len(n) == 4:  # in the second chunk
            raise KeyboardInterrupt
        return settle(utterance, into)

    monkeypatch.setattr(label_moves.gold, "settle", dies)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        label_moves._run_chunk(move.pk)
        label_moves._run_chunk(move.pk)
    monkeypatch.setattr(label_moves.gold, "settle", settle)
    assert label_moves.due() == [move.pk]
    label_moves._run_chunk(move.pk)
    assert IntentMove.objects.get().n_moved == 2

    done = label_moves.run(move.pk)
    label_moves.run(move.pk)

    assert (done.n_moved, MovedLabel.objects.count()) == (5, 5)
    assert GoldLabel.objects.filter(intent=pay).count() == 5
    assert label_moves.due() == []
    assert healthy()


def test_the_preview_says_what_the_worker_does(people, bill, pay):
    cast.live_schema(pay, fn("month", month=s()))
    for _ in range(3):
        answer(people.ana, cast.utterance(), bill)

    shown = intent_moves.preview(intent_moves.draft(bill, "merge", into=pay))
    done = merge(bill, pay, people.rita)

    assert (shown.n_labels, shown.n_moved, shown.n_queued) == (3, 0, 3)
    assert (done.n_labels, done.n_moved, done.n_queued) == (3, 0, 3)
    assert shown.reasons == (("month is required now", 3),)
    assert [f.name for f in shown.functions] == ["pay_bill"]


def test_a_later_change_has_to_be_taken_back_first(people, bill, pay):
    third = cast.intent("see_bill")
    first = merge(bill, pay, people.rita)
    later = merge(pay, third, people.rita)

    with pytest.raises(ConflictError):
        intent_moves.request_undo(move_id=first.pk, reason=WHY, by=people.rita)
    undo(later, people.rita)
    undo(first, people.rita)

    assert Intent.objects.filter(is_active=True).count() == 3
    assert healthy()


def test_labels_on_their_way_hold_off_a_second_change(people, bill, pay):
    intent_moves.merge(intent=bill, into=pay, reason=WHY, by=people.rita)

    with pytest.raises(ConflictError):
        intent_moves.rename(intent=pay, name="settle", reason=WHY, by=people.rita)


def test_the_page_shows_the_numbers_before_it_does_anything(people, bill, pay):
    answer(people.ana, cast.utterance("why is it so high"), bill)
    client = client_of(people.rita)
    sent = {"kind": "merge", "into": "pay_bill"}

    shown = client.post("/intents/check_bill/change", {**sent, "act": "preview"})
    assert 'id="n-moved">1<' in shown.content.decode()
    assert not IntentMove.objects.exists()
    short = client.post(
        "/intents/check_bill/change", {**sent, "act": "confirm", "reason": "no"}
    )
    assert short.status_code == 422
    done = client.post(
        "/intents/check_bill/change", {**sent, "act": "confirm", "reason": WHY}
    )
    label_moves.run(IntentMove.objects.get().pk)
    page = client.get(done["Location"]).content.decode()

    assert "What cannot be taken back" in page
    client.post(done["Location"], {"reason": WHY})
    assert IntentMove.objects.get().status == "undoing"
