"""Which labels are answered twice: by a policy, by chance that repeats."""

import pytest

from annotations.models import (
    Annotation,
    AuditEvent,
    Domain,
    OpinionPolicy,
    QueueItem,
    Reason,
)
from annotations.services import labels, queue, second_opinions
from tests.factories import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def answered(ana, ben, bill, say):
    """Forty labels by two people, half each."""
    return [
        say(ana if n % 2 else ben, cast.utterance(), "check_bill") for n in range(40)
    ]


def set_everywhere(by, share, cap=1.0):
    return second_opinions.set_policy(by=by, domain=None, share=share, cap=cap)


def asked() -> set[int]:
    items = QueueItem.objects.filter(reason=Reason.SECOND_OPINION)
    return set(items.values_list("utterance_id", flat=True))


def test_a_share_of_labels_is_drawn_and_the_same_ones_again(answered, rita):
    set_everywhere(rita, 0.3)
    second_opinions.draw()
    first = asked()
    QueueItem.objects.filter(reason=Reason.SECOND_OPINION).delete()

    second_opinions.draw()

    assert asked() == first
    assert 4 <= len(first) <= 22


def test_a_larger_share_keeps_what_a_smaller_one_drew(answered, rita):
    set_everywhere(rita, 0.2)
    second_opinions.draw()
    few = asked()

    set_everywhere(rita, 0.6)
    second_opinions.draw()

    assert few < asked()


def test_nothing_is_drawn_at_a_share_of_nothing(answered, rita):
    set_everywhere(rita, 0.0)

    assert second_opinions.draw() == second_opinions.Drawn(0, 0)


def test_a_domain_has_a_share_of_its_own(answered, rita, ana, say):
    cast.intent("say_hello", domain="talk")
    hello = say(ana, cast.utterance(), "say_hello")
    set_everywhere(rita, 0.0)
    talk = Domain.objects.get(name="talk")
    second_opinions.set_policy(by=rita, domain=talk, share=1.0, cap=1.0)

    second_opinions.draw()

    assert asked() == {hello.utterance_id}


def test_nobody_is_asked_about_their_own_answer(rita, ana, ben, bill, say):
    own = say(ana, cast.utterance(), "check_bill")
    set_everywhere(rita, 1.0)
    second_opinions.draw()

    assert queue.claim_next(by=ana) is None
    assert queue.claim_next(by=ben).utterance_id == own.utterance_id


def test_what_was_answered_or_skipped_twice_is_not_asked_again(
    rita, ana, ben, bill, say
):
    say(ana, cast.utterance(), "check_bill")
    set_everywhere(rita, 1.0)
    second_opinions.draw()
    item = queue.claim_next(by=ben)
    labels.skip(by=ben, uuid=cast.new_id(), item_id=item.pk, reason="unclear")

    assert second_opinions.draw().by_chance == 0


def test_so_many_wait_at_most(monkeypatch, answered, rita):
    monkeypatch.setattr(second_opinions, "MOST_OPEN", 5)
    set_everywhere(rita, 1.0)

    for _ in range(3):
        second_opinions.draw()

    assert len(asked()) == 5


def test_labels_of_machines_and_reviews_are_not_asked_again(rita, bill):
    for n in range(3):
        of = cast.utterance()
        author = cast.person(f"import{n}")
        type(author).objects.filter(pk=author.pk).update(is_system=True)
        Annotation.objects.create(
            id=cast.new_id(), kind="label", utterance=of, annotator=author,
            intent=bill, body_hash="0" * 64,
        )  # fmt: skip
        second_opinions_gold(of)
    set_everywhere(rita, 1.0)

    assert second_opinions.draw().by_chance == 0


def second_opinions_gold(of) -> None:
    from annotations.services import gold

    gold.settle(of)


def test_who_gives_most_of_an_intent_alone_is_asked_again(rita, ana, ben, bill, say):
    """Eight of ten are Ana's: four more than the cap of 40 % allows."""
    own = {say(ana, cast.utterance(), "check_bill").utterance_id for _ in range(8)}
    for _ in range(2):
        say(ben, cast.utterance(), "check_bill")
    set_everywhere(rita, 0.0, cap=0.4)

    assert second_opinions.draw().above_the_cap == 4
    assert asked() < own
    assert second_opinions.draw().above_the_cap == 0


def test_a_change_is_on_the_trail(rita):
    policy = set_everywhere(rita, 0.25, cap=0.5)

    event = AuditEvent.objects.get(action="opinion_policy.changed")
    assert event.object == f"opinion_policy:{policy.pk}"
    assert (event.actor, '"share": 0.25' in event.payload) == (f"user:{rita.pk}", True)


def test_a_domain_can_follow_everywhere_again(rita, bill):
    second_opinions.set_policy(by=rita, domain=bill.domain, share=1.0, cap=1.0)

    second_opinions.drop_policy(by=rita, domain=bill.domain)

    assert not OpinionPolicy.objects.filter(domain=bill.domain).exists()
    assert AuditEvent.objects.filter(action="opinion_policy.changed").count() == 2


@pytest.mark.parametrize(("share", "cap"), [(-0.1, 1), (1.1, 1), (0.1, 0), (0.1, 1.1)])
def test_shares_beyond_all_are_refused(share, cap, rita):
    with pytest.raises(second_opinions.InvalidError):
        set_everywhere(rita, share, cap)
