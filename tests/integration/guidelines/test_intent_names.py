"""A name leads to one intent, also after it changed."""

import pytest
from django.db import IntegrityError, connection, transaction

from annotations.errors import InvalidError
from annotations.models import Intent
from annotations.services import catalogue, intent_moves
from tests.factories import cast

from .conftest import client_of
from .moves_world import WHY, answer, gold_of, healthy

pytestmark = pytest.mark.django_db


def test_a_rename_keeps_identity_and_the_old_name_leads_on(people, bill):
    said, later = cast.utterance(), cast.utterance()
    cast.suggestion(later, "check_bill")
    answer(people.ana, said, bill)

    move = intent_moves.rename(
        intent=bill, name="look_at_bill", reason=WHY, by=people.rita
    )

    given = answer(people.ana, later, bill)  # the old name, as a program knows it
    assert gold_of(said).intent.name == "look_at_bill"
    assert (given.intent, given.suggested_rank) == (bill, 1)
    page = client_of(people.ana).get("/intents/check_bill")
    assert page["Location"] == "/intents/look_at_bill"
    assert healthy()

    undone = intent_moves.request_undo(move_id=move.pk, reason=WHY, by=people.rita)

    bill.refresh_from_db()
    assert (undone.status, bill.name) == ("undone", "check_bill")
    assert catalogue.current().by_name["look_at_bill"].id == bill.pk
    assert healthy()


@pytest.mark.parametrize("name", ["pay_bill", "old_pay", "Not A Name", "check_bill"])
def test_a_name_that_leads_elsewhere_is_refused(name, people, bill, pay):
    Intent.objects.filter(pk=pay.pk).update(aliases=["old_pay"])

    with pytest.raises(InvalidError):
        intent_moves.rename(intent=bill, name=name, reason=WHY, by=people.rita)


def test_the_database_refuses_a_name_that_leads_to_two(bill, pay):
    with pytest.raises(IntegrityError), transaction.atomic():
        Intent.objects.filter(pk=pay.pk).update(aliases=["check_bill"])
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
