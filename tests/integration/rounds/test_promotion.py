"""Who becomes champion: a person's decision, a champion that changes, the way back."""

import pytest

from annotations.errors import InvalidError
from annotations.models import AuditEvent
from tests.factories import rounds as factory
from training import failpoints
from training.models import Checkpoint
from training.services import checkpoints, promotion, rounds
from training.services.rounds import Status

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("tiny", "bells"),
]
REASON = "it was checked by hand"


def test_where_a_person_decides_nothing_serves_before():
    factory.world()
    found = factory.ended(factory.policy(promotion="person"))
    assert found.status == Status.AWAITING
    assert checkpoints.champion() is None

    mia = factory.engineer()
    promotion.approve(round_id=found.pk, by=mia, reason=REASON)

    found = rounds.get(found.pk)
    assert found.status == Status.PROMOTED
    assert found.decided_by == mia
    assert found.verdict["decision"] == REASON
    assert checkpoints.champion() == found.challenger
    with pytest.raises(promotion.RoundNotAwaitingError):
        promotion.reject(round_id=found.pk, by=mia, reason=REASON)


def test_a_person_may_decline():
    factory.world()
    found = factory.ended(factory.policy(promotion="person"))

    promotion.reject(round_id=found.pk, by=factory.engineer(), reason=REASON)

    found = rounds.get(found.pk)
    assert found.status == Status.REJECTED
    assert found.challenger.state == Checkpoint.State.REJECTED


def test_a_decision_needs_a_reason():
    factory.world()
    found = factory.ended(factory.policy(promotion="person"))

    with pytest.raises(InvalidError):
        promotion.approve(round_id=found.pk, by=factory.engineer(), reason="  ok  ")

    assert rounds.get(found.pk).status == Status.AWAITING


def test_a_round_may_start_while_another_awaits_its_decision():
    factory.world()
    policy = factory.policy(promotion="person")
    factory.ended(policy)

    assert factory.ended(policy).status == Status.AWAITING


def test_a_decision_on_an_outdated_comparison_is_refused(tmp_path):
    factory.world()
    policy = factory.policy(promotion="person")
    first, second = factory.ended(policy), factory.ended(policy)
    mia = factory.engineer()
    promotion.approve(round_id=first.pk, by=mia, reason=REASON)

    with pytest.raises(promotion.ChampionChangedError):
        promotion.approve(round_id=second.pk, by=mia, reason=REASON)

    assert checkpoints.champion() == first.challenger


def test_a_champion_that_changes_meanwhile_is_compared_with_instead(tmp_path):
    factory.world()
    other = factory.checkpoint("other", tmp_path / "other", factory.SAYINGS)
    failpoints.arm(
        "gate.judged",
        lambda: (
            failpoints.disarm(),
            promotion.promote(
                checkpoint=other, reason=REASON, by=None, instead_of=None
            ),
        ),
    )

    found = factory.ended(factory.policy())

    assert found.champion == other
    assert found.status == Status.REJECTED
    assert checkpoints.champion() == other


def test_rolling_back_brings_the_model_before_back(tmp_path):
    one = factory.checkpoint("one", tmp_path / "one", factory.SAYINGS)
    two = factory.checkpoint("two", tmp_path / "two", factory.SAYINGS)
    mia = factory.engineer()
    with pytest.raises(promotion.NothingToRollBackError):
        promotion.roll_back(by=mia, reason=REASON)
    promotion.promote(checkpoint=one, reason=REASON, by=None, instead_of=None)
    promotion.promote(checkpoint=two, reason=REASON, by=None, instead_of=one)

    promotion.roll_back(by=mia, reason=REASON)

    assert checkpoints.champion() == one
    two.refresh_from_db()
    assert two.state == Checkpoint.State.RETIRED
    event = AuditEvent.objects.get(action="checkpoint.rolled_back")
    assert event.object == f"checkpoint:{two.pk}"


def test_a_promotion_rings_for_a_new_ranking(tmp_path, bells):
    one = factory.checkpoint("one", tmp_path / "one", factory.SAYINGS)

    promotion.promote(checkpoint=one, reason=REASON, by=None, instead_of=None)

    assert "training.tasks.sweep_ranking" in [task for task, _ in bells]
