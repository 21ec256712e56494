"""Each route that changes something leaves its event, by whoever called it."""

import json
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from annotations.models import (
    Annotation,
    AuditEvent,
    BulkAction,
    FunctionExample,
    IntakeBatch,
    IntentMove,
    IntentProposal,
    Question,
    Role,
    User,
)
from annotations.services import audit, labels, questions, queue, samples, sign_in
from ivr_label.access import table
from tests.factories import cast, rounds
from tests.factories import drift as drift_world
from tests.unit.annotations.functions.pairs import fn, s
from training.models import Checkpoint, Promotion, Round
from training.services import force, policies

from .conftest import client_of

pytestmark = pytest.mark.django_db

JSON = "application/json"
# Leases come and go with each page and say nothing about the data.
WORKING_STATE = {
    "label_renew",
    "label_release",
    "search_open",
    "api_queue_next",
    "api_queue_heartbeat",
    "api_queue_release",
}
NOTHING_CHANGES = {
    "label_value",
    "api_function_validate",
    "chat_completions",
    "function_check",
    "intent_samples_check",
    "schema_try",
}
# A live turn is data that comes in, as a row of a batch is; the batch has an event.
DATA = {"api_turns"}


def everybody() -> User:
    return cast.person("everybody", *Role.values)


def leased(user: User) -> int:
    cast.item(cast.utterance(), rank=0)
    return queue.claim_next(by=user).pk


def form(user: User, **more: object) -> dict[str, object]:
    return {"uuid": str(uuid.uuid4()), "item": leased(user), **more}


def sign_in_link(client: Client, user: User):
    return client.post(sign_in.issue_link(user=user, base_url=""))


def sign_out(client: Client, user: User):
    return client.post("/sign-out")


def label_answer(client: Client, user: User):
    cast.intent("say_hello")
    return client.post("/label/answer", form(user, intent="say_hello"))


def label_skip(client: Client, user: User):
    return client.post("/label/skip", form(user, reason="unclear"))


def label_quarantine(client: Client, user: User):
    return client.post("/label/quarantine", form(user))


def label_undo(client: Client, user: User):
    label_skip(client, user)
    return client.post("/label/undo", {"uuid": str(uuid.uuid4()), "item": ""})


def me_keys(client: Client, user: User):
    return client.post("/me/keys", {"preset": "letters", "single_keys": "alt"})


def cluster_page(client: Client, user: User):
    """The page of the check, for three that say the same."""
    cast.intent("say_hello")
    said = [cast.utterance(f"hello there {n}") for n in range(3)]
    for one in said:
        cast.suggestion(one, "say_hello")
        cast.item(one, rank=0, why={"alike": [u.pk for u in said]})
    seed = queue.claim_next(by=user)
    return client.get(f"/label/cluster/{seed.pk}").context["opened"]


def label_cluster_check(client: Client, user: User):
    opened = cluster_page(client, user)
    return client.post(
        f"/label/cluster/{opened.seed_id}/check",
        {"token": opened.token, "uuid": str(uuid.uuid4()), "intent": "say_hello"},
    )


def label_cluster_confirm(client: Client, user: User):
    checked = label_cluster_check(client, user).context["checked"]
    one = checked.members[0].item.pk
    return client.post(
        f"/label/cluster/{checked.seed_id}/confirm",
        {"token": checked.token, "item": one, f"uuid-{one}": str(uuid.uuid4())},
    )


def label_cluster_undo(client: Client, user: User):
    done = label_cluster_confirm(client, user).context["done"]
    return client.post(
        "/label/cluster/undo",
        {"uuid": str(uuid.uuid4()), "answer": str(done.submissions[0].annotation.pk)},
    )


def review_resolve(client: Client, user: User):
    _, answers = disputed()
    return client.post(
        "/review/resolve", {"uuid": str(uuid.uuid4()), "answer": str(answers[0].pk)}
    )


def disputed() -> tuple[int, list[Annotation]]:
    """An utterance with two answers that differ, by two people."""
    said = cast.utterance()
    answers = []
    for person, name in ((cast.ana(), "one"), (cast.ben(), "two")):
        cast.intent(name)
        item = cast.item(said, rank=0)
        queue.claim_next(by=person)
        answer = labels.Answer(uuid=uuid.uuid4(), item_id=item.pk, intent=name)
        answers.append(labels.submit(by=person, answer=answer).annotation)
    return said.pk, answers


def review_undo(client: Client, user: User):
    _, answers = disputed()
    key = str(uuid.uuid4())
    client.post("/review/resolve", {"uuid": key, "answer": str(answers[0].pk)})
    return client.post("/review/undo", {"uuid": str(uuid.uuid4()), "event": key})


def review_reopen(client: Client, user: User):
    said, answers = disputed()
    key = str(uuid.uuid4())
    client.post("/review/resolve", {"uuid": key, "answer": str(answers[0].pk)})
    return client.post(
        f"/review/gold/{said}", {"uuid": str(uuid.uuid4()), "reason": "unclear"}
    )


def review_search(client: Client, user: User):
    return client.post("/review/errors/search")


def asked(by: User) -> Question:
    cast.item(cast.utterance(), rank=0)
    item = queue.claim_next(by=by)
    return questions.ask(
        by=by, uuid=uuid.uuid4(), item_id=item.pk, text="Why?"
    ).question


def label_ask(client: Client, user: User):
    return client.post("/label/ask", form(user, text="Is this a bill?"))


def question_reply(client: Client, user: User):
    question = asked(user)
    questions.answer(
        by=cast.ana(), uuid=uuid.uuid4(), question_id=question.pk, text="Yes."
    )
    return client.post(f"/me/questions/{question.pk}", {"uuid": str(uuid.uuid4())})


def review_answer(client: Client, user: User):
    question = asked(cast.ana())
    return client.post(
        f"/review/questions/{question.pk}", {"uuid": str(uuid.uuid4()), "text": "Yes."}
    )


def review_report(client: Client, user: User):
    ana = cast.ana()
    said = cast.utterance("my name is Wendeline Quux")
    item = cast.item(said, rank=0)
    queue.claim_next(by=ana)
    labels.quarantine(by=ana, uuid=uuid.uuid4(), item_id=item.pk)
    return client.post(
        f"/review/personal/{said.pk}", {"word": ["11-20", "21-25"], "type": "NAME"}
    )


def review_policy(client: Client, user: User):
    return client.post("/review/policy", {"share": "20", "cap": "40"})


def source_upload(client: Client, user: User):
    file = SimpleUploadedFile("calls.jsonl", b'{"text": "hello"}\n')
    return client.post("/sources/upload", {"source": "calls", "file": file})


def source_cancel(client: Client, user: User):
    source_upload(client, user)
    return client.post(f"/sources/{IntakeBatch.objects.get().pk}/cancel")


def api_batches(client: Client, user: User):
    body = json.dumps([{"text": "hello"}])
    return client.post("/api/v1/utterances/batches", body, content_type=JSON)


def api_annotations(client: Client, user: User):
    body = {
        "id": str(uuid.uuid4()),
        "kind": "skip",
        "item": leased(user),
        "reason": "unclear",
    }
    return client.post("/api/v1/annotations", body, content_type=JSON)


def round_start(client: Client, user: User):
    rounds.world()
    rounds.policy()
    return client.post("/rounds/start", {"policy": "1"})


def round_cancel(client: Client, user: User):
    round_start(client, user)
    return client.post(f"/rounds/{Round.objects.get().pk}/cancel")


def progress_release(client: Client, user: User):
    return client.post(f"/progress/{leased(user)}/release")


def drift_start(client: Client, user: User):
    drift_world.callers()
    return client.post("/drift/check")


def drift_sample(client: Client, user: User):
    check = drift_world.check()
    return client.post(f"/drift/{check.pk}/sample")


def api_rounds(client: Client, user: User):
    rounds.world()
    rounds.policy()
    return client.post("/api/v1/rounds", {"iteration": 1}, content_type=JSON)


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


def function_new(client: Client, user: User):
    cast.intent("pay_bill")
    source = json.dumps(fn(amount=s()))
    return client.post(
        "/functions/new", {"name": "pay_bill", "intent": "pay_bill", "source": source}
    )


def function_draft(client: Client, user: User):
    cast.live_schema(cast.intent("check_bill"), fn(month=s()))
    return client.post(
        "/functions/check_bill/draft", {"source": json.dumps(fn(month=s(), plan=s()))}
    )


def function_import(client: Client, user: User):
    cast.intent("pay_bill")
    tool = {"name": "pay_bill", "parameters": fn(amount=s())}
    file = SimpleUploadedFile("tool.json", json.dumps(tool).encode())
    return client.post("/functions/import", {"files": [file]})


def function_examples(client: Client, user: User):
    live = cast.live_schema(cast.intent("check_bill"), fn(month=s()))
    example = FunctionExample.objects.create(
        function=live.function, kind="positive", text="my bill", vetted_by=user
    )
    return client.post("/functions/check_bill/examples", {"remove": example.pk})


def schema_step(client: Client, user: User):
    cast.live_schema(cast.intent("check_bill"), fn(month=s()))
    return client.post(
        "/functions/check_bill/v1/step/comment", {"text": "The month reads well."}
    )


def intent_edit(client: Client, user: User):
    cast.intent("pay_bill")
    sent = {"title": "Pay", "description": "Wants to pay.", "revision": "1"}
    return client.post("/intents/pay_bill/edit", sent)


def intent_contrast(client: Client, user: User):
    cast.intent("pay_bill")
    cast.intent("check_bill")
    sent = {"other": "check_bill", "own": "pays", "others": "asks", "revision": "0"}
    return client.post("/intents/pay_bill/contrast", sent)


def intent_examples(client: Client, user: User):
    cast.intent("pay_bill")
    sent = {"utterance": cast.utterance().pk}
    return client.post("/intents/pay_bill/examples", sent)


def intent_set_off(client: Client, user: User):
    cast.intent("pay_bill")
    cast.intent("check_bill")
    sent = {"utterance": cast.utterance().pk, "against": "check_bill"}
    return client.post("/intents/pay_bill/set-off", sent)


def intent_remarks(client: Client, user: User):
    cast.intent("pay_bill")
    return client.post("/intents/pay_bill/remarks", {"text": "And credit notes?"})


def intent_samples(client: Client, user: User):
    pay = cast.intent("pay_bill")
    sent = {"texts": "i want to pay", "seen": samples.seen_of(pay, ["i want to pay"])}
    return client.post("/intents/pay_bill/samples", {**sent, "keep": "0"})


def propose_intent(client: Client, user: User):
    cast.intent("pay_bill")
    sent = {"title": "Freeze", "description": "A rest.", "domain": "billing"}
    return client.post("/proposals/new", sent)


def proposal_decide(client: Client, user: User):
    propose_intent(client_of(ana := cast.ana()), ana)
    proposal = IntentProposal.objects.get()
    sent = {"decision": "decline", "reason": "It is what pay_bill is for."}
    return client.post(f"/review/proposals/{proposal.pk}", sent)


def intent_change(client: Client, user: User):
    cast.intent("pay_bill")
    sent = {"kind": "rename", "name": "settle_bill", "reason": "The plan says so."}
    return client.post("/intents/pay_bill/change", {**sent, "act": "confirm"})


def intent_move(client: Client, user: User):
    intent_change(client, user)
    move = IntentMove.objects.get()
    return client.post(f"/intents/moves/{move.pk}", {"reason": "The plan changed."})


def bulk_draft(client: Client, user: User):
    cast.utterance("same words")
    return client.post("/search/bulk", {"q": "same", "kind": "exclude"})


def bulk_step(client: Client, user: User):
    bulk_draft(client, user)
    return client.post(f"/search/bulk/{BulkAction.objects.get().pk}/confirm")


def checkpoint(name: str, state: str) -> Checkpoint:
    return Checkpoint.objects.create(
        name=name,
        recipe="head",
        path=name,
        manifest_sha256="0" * 64,
        state=state,
        gate_passed=True,
    )


ACTS = {
    act.__name__: (act, action)
    for act, action in (
        (sign_in_link, "signed_in"),
        (sign_out, "signed_out"),
        (label_answer, "label.submitted"),
        (label_skip, "utterance.skipped"),
        (label_quarantine, "utterance.quarantined"),
        (label_undo, "skip.undone"),
        (me_keys, "desk.keys_changed"),
        (label_cluster_check, "label.submitted"),
        (label_cluster_confirm, "cluster.confirmed"),
        (label_cluster_undo, "label.undone"),
        (review_resolve, "disagreement.resolved"),
        (review_undo, "review.undone"),
        (review_reopen, "gold.reopened"),
        (review_search, "error_search.requested"),
        (review_answer, "question.answered"),
        (review_report, "personal_data.redacted"),
        (review_policy, "opinion_policy.changed"),
        (label_ask, "question.asked"),
        (question_reply, "question.read"),
        (source_upload, "batch.received"),
        (source_cancel, "batch.cancelled"),
        (api_batches, "batch.received"),
        (api_annotations, "utterance.skipped"),
        (round_start, "round.requested"),
        (round_cancel, "round.cancel_requested"),
        (api_rounds, "round.requested"),
        (api_round_cancel, "round.cancel_requested"),
        (round_decide, "checkpoint.promoted"),
        (policy, "policy.changed"),
        (policy_intents, "intent.scheduled"),
        (round_force, "force.requested"),
        (force_decide, "force.confirmed"),
        (progress_release, "lease.released"),
        (drift_start, "drift.requested"),
        (drift_sample, "drift.sample_queued"),
        (champion_roll_back, "checkpoint.rolled_back"),
        (function_new, "schema.drafted"),
        (function_draft, "schema.drafted"),
        (function_import, "schema.drafted"),
        (function_examples, "example.removed"),
        (schema_step, "schema.commented"),
        (bulk_draft, "bulk.drafted"),
        (bulk_step, "bulk.exclude"),
        (intent_edit, "intent.described"),
        (intent_contrast, "intent.contrasted"),
        (intent_examples, "intent.example_added"),
        (intent_set_off, "intent.example_added"),
        (intent_remarks, "intent.remarked"),
        (intent_samples, "intent.sampled"),
        (intent_change, "intent_move.requested"),
        (intent_move, "intent_move.undo_requested"),
        (propose_intent, "proposal.proposed"),
        (proposal_decide, "proposal.declined"),
    )
}


def test_every_route_that_changes_something_is_acted_below():
    changing = {route for route, row in table().items() if set(row) - {"GET"}}

    assert changing - WORKING_STATE - NOTHING_CHANGES - DATA == set(ACTS)


@pytest.mark.parametrize("route", ACTS)
def test_the_act_leaves_its_event(route):
    act, action = ACTS[route]
    user = everybody()

    response = act(client_of(user), user)

    assert response.status_code < 400, response.content[:500]
    actors = AuditEvent.objects.filter(action=action).values_list("actor", flat=True)
    assert set(actors) == {f"user:{user.pk}"}


@pytest.mark.parametrize("route", ["label_answer", "label_skip", "api_annotations"])
def test_without_its_event_nothing_is_stored(route, monkeypatch):
    """The event is part of the change's transaction."""
    act, _ = ACTS[route]
    user = everybody()
    client = client_of(user)
    client.raise_request_exception = False

    def broken(**_):
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", broken)

    assert act(client, user).status_code == 500
    assert not Annotation.objects.exists()
