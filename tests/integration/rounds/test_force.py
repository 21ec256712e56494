"""Promoting against the gate takes two people."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from annotations.errors import InvalidError
from annotations.models import AuditEvent
from tests.factories import cast
from tests.factories import rounds as factory
from training.models import Checkpoint, ForcedPromotion, Policy, Promotion, Round
from training.services import checkpoints, force, policies, promotion
from training.services.rounds import Status

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
REASON = "the outage cannot wait for labels"
SECOND = "seen it answer, agreed"


@pytest.fixture
def mia():
    return factory.engineer()


@pytest.fixture
def nora():
    return cast.person("nora", "ml_engineer")


def refused(status: str = Status.AWAITING, **fields: object) -> Round:
    """A round whose challenger the gate did not pass."""
    challenger = Checkpoint.objects.create(
        name="refused",
        recipe="head",
        path="refused",
        manifest_sha256="0" * 64,
        gate_passed=False,
    )
    return Round.objects.create(
        policy=factory.policy(promotion=Policy.Promotion.PERSON),
        recipe="head",
        status=status,
        challenger=challenger,
        finished_at=timezone.now() if status == Status.REJECTED else None,
        verdict={"passed": False, "reasons": ["no"]},
        **fields,
    )


def test_one_person_cannot_promote_what_the_gate_refused(mia):
    found = refused()

    with pytest.raises(promotion.GateNotPassedError):
        promotion.approve(round_id=found.pk, by=mia, reason=REASON)

    assert checkpoints.champion() is None


@pytest.mark.parametrize("status", [Status.AWAITING, Status.REJECTED])
def test_two_people_can_and_both_reasons_are_kept(mia, nora, status):
    found = refused(status)

    asked = force.request(round_id=found.pk, by=mia, reason=REASON)
    assert checkpoints.champion() is None
    force.confirm(force_id=asked.pk, by=nora, reason=SECOND)

    found.refresh_from_db()
    assert checkpoints.champion() == found.challenger
    assert (found.status, found.decided_by) == (Status.PROMOTED, nora)
    kept = Promotion.objects.get().reason
    assert REASON in kept and SECOND in kept
    actions = set(AuditEvent.objects.values_list("actor", "action"))
    assert {
        (f"user:{mia.pk}", "force.requested"),
        (f"user:{nora.pk}", "force.confirmed"),
        (f"user:{nora.pk}", "checkpoint.promoted"),
        (f"user:{nora.pk}", "round.promoted"),
    } <= actions


def test_who_asked_cannot_confirm(mia):
    asked = force.request(round_id=refused().pk, by=mia, reason=REASON)

    with pytest.raises(force.SecondPersonNeededError):
        force.confirm(force_id=asked.pk, by=mia, reason=SECOND)

    assert ForcedPromotion.objects.get().status == "requested"


def test_the_database_refuses_one_person_twice(mia):
    asked = force.request(round_id=refused().pk, by=mia, reason=REASON)

    with pytest.raises(IntegrityError, match="force_confirmed_by_a_second_person"):
        ForcedPromotion.objects.filter(pk=asked.pk).update(
            status="confirmed", decided_by=mia, decided_at=timezone.now()
        )


def test_the_database_refuses_a_reason_of_nine_characters(mia):
    found = refused()

    with (
        pytest.raises(IntegrityError, match="force_has_a_reason"),
        transaction.atomic(),
    ):
        ForcedPromotion.objects.create(
            round=found, checkpoint=found.challenger, reason="123456789",
            requested_by=mia,
        )  # fmt: skip
    with pytest.raises(InvalidError):
        force.request(round_id=found.pk, by=mia, reason="123456789")


def test_it_is_asked_for_once(mia, nora):
    found = refused()
    force.request(round_id=found.pk, by=mia, reason=REASON)

    with pytest.raises(force.ForceOpenError):
        force.request(round_id=found.pk, by=nora, reason=REASON)


def test_a_second_person_can_decline_and_the_first_take_back(mia, nora):
    found = refused()
    first = force.request(round_id=found.pk, by=mia, reason=REASON)
    force.decline(force_id=first.pk, by=nora, reason="not before the holidays")
    again = force.request(round_id=found.pk, by=mia, reason=REASON)

    force.decline(force_id=again.pk, by=mia, reason="found a better one")

    assert {one.status for one in ForcedPromotion.objects.all()} == {"declined"}
    assert checkpoints.champion() is None
    with pytest.raises(force.ForceDecidedError):
        force.confirm(force_id=again.pk, by=nora, reason=SECOND)


def test_what_passed_is_promoted_and_not_forced(mia):
    found = refused()
    Checkpoint.objects.update(gate_passed=True)

    with pytest.raises(force.NothingToForceError):
        force.request(round_id=found.pk, by=mia, reason=REASON)


def test_what_can_no_longer_be_confirmed_waits_for_nobody(mia, tmp_path):
    force.request(round_id=refused().pk, by=mia, reason=REASON)
    assert len(force.waiting()) == 1

    other = factory.checkpoint("other", tmp_path / "other", factory.SAYINGS)
    promotion.promote(checkpoint=other, reason=REASON, by=None, instead_of=None)

    assert force.waiting() == []


def test_another_champion_since_makes_the_comparison_void(mia, nora, tmp_path):
    found = refused()
    asked = force.request(round_id=found.pk, by=mia, reason=REASON)
    other = factory.checkpoint("other", tmp_path / "other", factory.SAYINGS)
    promotion.promote(checkpoint=other, reason=REASON, by=None, instead_of=None)

    with pytest.raises(promotion.ChampionChangedError):
        force.confirm(force_id=asked.pk, by=nora, reason=SECOND)

    assert checkpoints.champion() == other


def test_who_changed_the_gate_meanwhile_does_not_decide(mia, nora):
    found = refused()
    Checkpoint.objects.update(gate_passed=True)
    policies.change(
        iteration=1,
        revision=policies.revision_of(found.policy),
        sent={**policies.shown(found.policy), "min_exam": "1"},
        by=mia,
    )

    with pytest.raises(promotion.GateEditedError):
        promotion.approve(round_id=found.pk, by=mia, reason=REASON)
    promotion.approve(round_id=found.pk, by=nora, reason=REASON)

    assert checkpoints.champion() == found.challenger


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_pages_lead_through_it(mia, nora):
    found = refused()
    first, second = client_of(mia), client_of(nora)
    page = first.get(f"/rounds/{found.pk}").content.decode()
    assert "Ask for a second person" in page
    assert 'value="promote"' not in page

    first.post(f"/rounds/{found.pk}/force", {"reason": REASON})

    page = first.get(f"/rounds/{found.pk}").content.decode()
    assert "Another ML engineer has to confirm" in page
    assert "Take it back" in page and "Ask for a second person" not in page
    assert "Waits for a second person" in second.get("/rounds").content.decode()
    page = second.get(f"/rounds/{found.pk}").content.decode()
    assert ">Promote against the gate</button>" in page
    asked = ForcedPromotion.objects.get()
    refusal = first.post(
        f"/rounds/forced/{asked.pk}", {"decision": "confirm", "reason": SECOND}
    )
    assert refusal.status_code == 403
    second.post(f"/rounds/forced/{asked.pk}", {"decision": "confirm", "reason": SECOND})
    assert checkpoints.champion() == found.challenger
    assert "Waits for a second" not in second.get("/rounds").content.decode()
