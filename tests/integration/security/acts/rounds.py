"""What moves rounds, policies, drift checks and the champion."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from annotations.models import User
from tests.factories import cast, rounds
from tests.factories import drift as drift_world
from training.models import Checkpoint, Promotion, Round
from training.services import force, policies


def round_start(client: Client, user: User):
    rounds.world()
    rounds.policy()
    return client.post("/rounds/start", {"policy": "1"})


def round_cancel(client: Client, user: User):
    round_start(client, user)
    return client.post(f"/rounds/{Round.objects.get().pk}/cancel")


def drift_start(client: Client, user: User):
    drift_world.callers()
    return client.post("/drift/check")


def drift_sample(client: Client, user: User):
    check = drift_world.check()
    return client.post(f"/drift/{check.pk}/sample")


def api_rounds(client: Client, user: User):
    rounds.world()
    rounds.policy()
    return client.post(
        "/api/v1/rounds", {"iteration": 1}, content_type="application/json"
    )


def api_round_cancel(client: Client, user: User):
    round_start(client, user)
    return client.post(f"/api/v1/rounds/{Round.objects.get().pk}/cancel")


def round_decide(client: Client, user: User):
    challenger = checkpoint("challenger", "candidate")
    waiting = Round.objects.create(
        policy=rounds.policy(), recipe="head", status="awaiting", challenger=challenger
    )
    return client.post(
        f"/rounds/{waiting.pk}/decision",
        {"decision": "promote", "reason": "It is better in every respect."},
    )


def refused_round() -> Round:
    challenger = checkpoint("challenger", "rejected")
    Checkpoint.objects.update(gate_passed=False)
    return Round.objects.create(
        policy=rounds.policy(), recipe="head", status="awaiting", challenger=challenger
    )


def round_force(client: Client, user: User):
    sent = {"reason": "The outage cannot wait for it."}
    return client.post(f"/rounds/{refused_round().pk}/force", sent)


def force_decide(client: Client, user: User):
    found = refused_round()
    asked = force.request(
        round_id=found.pk, by=cast.ben(), reason="It cannot wait for labels."
    )
    sent = {"decision": "confirm", "reason": "Seen it answer, agreed."}
    return client.post(f"/rounds/forced/{asked.pk}", sent)


def policy(client: Client, user: User):
    found = policies.of_iteration(1)
    sent = policies.shown(found) | {"min_new_gold": "77", "revision": ""}
    return client.post("/rounds/policies/1", sent)


def policy_intents(client: Client, user: User):
    cast.intent("pay_bill", iteration=2)
    return client.post("/rounds/policies/1/intents", {"intent": "pay_bill"})


def champion_roll_back(client: Client, user: User):
    old, new = checkpoint("old", "retired"), checkpoint("new", "champion")
    now = timezone.now()
    Promotion.objects.create(
        checkpoint=old, from_at=now - timedelta(days=1), to_at=now, reason="x"
    )
    Promotion.objects.create(checkpoint=new, from_at=now, reason="x")
    return client.post(
        "/rounds/roll-back", {"name": "new", "reason": "It answers worse than before."}
    )


def checkpoint(name: str, state: str) -> Checkpoint:
    return Checkpoint.objects.create(
        name=name,
        recipe="head",
        path=name,
        manifest_sha256="0" * 64,
        state=state,
        gate_passed=True,
    )


ACTS = (
    (round_start, "round.requested"),
    (round_cancel, "round.cancel_requested"),
    (api_rounds, "round.requested"),
    (api_round_cancel, "round.cancel_requested"),
    (round_decide, "checkpoint.promoted"),
    (policy, "policy.changed"),
    (policy_intents, "intent.scheduled"),
    (round_force, "force.requested"),
    (force_decide, "force.confirmed"),
    (drift_start, "drift.requested"),
    (drift_sample, "drift.sample_queued"),
    (champion_roll_back, "checkpoint.rolled_back"),
)
