"""What changes intents and what is written about them."""

from django.test import Client

from annotations.models import IntentMove, IntentProposal, User
from annotations.services import samples
from tests.factories import cast

from ..conftest import client_of


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


ACTS = (
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
