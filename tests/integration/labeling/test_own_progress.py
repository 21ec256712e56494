"""A person's own figures, each worked by hand on a few answers."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotations.models import Annotation, GoldLabel
from annotations.services import own_progress
from annotations.services.own_progress import Pace
from annotations.shares import Gap, Share
from tests.factories import cast

pytestmark = pytest.mark.django_db


def answered(person, intent, *, gold=None, **fields) -> Annotation:
    said = cast.utterance()
    answer = Annotation.objects.create(
        id=cast.new_id(), kind="label", utterance=said, annotator=person,
        intent=intent, body_hash="0" * 64, **fields,
    )  # fmt: skip
    if gold:
        GoldLabel.objects.create(
            utterance=said, annotation=answer, intent=gold, rule="reviewed"
        )
    return answer


def test_figures_are_of_ones_own_standing_answers():
    ana, ben = cast.ana(), cast.ben()
    pay, check = cast.intent("pay_bill"), cast.intent("check_bill")
    seen = {"suggested_by": "m"}
    answered(ana, pay, gold=pay, suggested_rank=1, **seen)
    answered(ana, pay, gold=check, suggested_rank=1, **seen)
    answered(ana, pay, suggested_rank=2, **seen)
    answered(ana, pay, blind=True, suggested_rank=1, **seen)
    answered(ana, pay, blind=True, **seen)
    answered(ana, pay)
    answered(ana, pay, gold=pay, created_at=timezone.now() - timedelta(days=91))
    answered(ben, pay, gold=pay, suggested_rank=1, **seen)

    found = own_progress.of(ana)

    assert (found.today, found.week) == (6, 6)
    assert found.reviewed == Share(1, 2)
    assert found.sway == Gap(Share(2, 3), Share(1, 2))


def test_the_figures_take_two_queries(django_assert_num_queries):
    ana = cast.ana()
    for _ in range(3):
        answered(ana, cast.intent(f"intent_{cast.new_id().hex[:6]}"))

    with django_assert_num_queries(2):
        own_progress.of(ana)


def test_the_page_says_what_cannot_be_told(client):
    ana = cast.ana()
    answered(ana, cast.intent("pay_bill"))
    client.force_login(ana)

    page = client.get("/me").content.decode()

    assert "No reviewer decided on a label of yours yet." in page
    assert "Cannot be told yet" in page


def test_the_pace_is_told_by_kind_of_answer_with_its_median():
    ana, pay = cast.ana(), cast.intent("pay_bill")
    seen = {"suggested_by": "m", "suggested_rank": 1}
    for ms in (500, 1000, 4000, 9000):
        answered(ana, pay, shown_ms=ms, **seen)
    answered(ana, pay, shown_ms=3000, suggested_by="m", suggested_rank=2)
    answered(ana, pay, shown_ms=599, blind=True, **seen)
    answered(ana, pay, **seen)
    old = timezone.now() - timedelta(days=8)
    answered(ana, pay, shown_ms=1, created_at=old, **seen)
    answered(cast.ben(), pay, shown_ms=1, **seen)

    assert own_progress.paces(ana) == [
        Pace("Took the first suggestion", 4, 2.5, 1),
        Pace("Chose otherwise", 1, 3.0, 0),
        Pace("Saw no suggestion", 1, 0.599, 1),
    ]
