"""What an annotator does at the desk, and asks from there."""

import uuid

from django.test import Client

from annotations.models import Question, User
from annotations.services import questions, queue
from tests.factories import cast


def leased(user: User) -> int:
    cast.item(cast.utterance(), rank=0)
    return queue.claim_next(by=user).pk


def form(user: User, **more: object) -> dict[str, object]:
    return {"uuid": str(uuid.uuid4()), "item": leased(user), **more}


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


def label_warm_up(client: Client, user: User):
    return client.post("/label/warm-up", {"how": "skipped"})


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


def api_annotations(client: Client, user: User):
    body = {
        "id": str(uuid.uuid4()),
        "kind": "skip",
        "item": leased(user),
        "reason": "unclear",
    }
    return client.post("/api/v1/annotations", body, content_type="application/json")


def progress_release(client: Client, user: User):
    return client.post(f"/progress/{leased(user)}/release")


ACTS = (
    (label_answer, "label.submitted"),
    (label_skip, "utterance.skipped"),
    (label_quarantine, "utterance.quarantined"),
    (label_undo, "skip.undone"),
    (me_keys, "desk.keys_changed"),
    (label_warm_up, "desk.warm_up_ended"),
    (label_cluster_check, "label.submitted"),
    (label_cluster_confirm, "cluster.confirmed"),
    (label_cluster_undo, "label.undone"),
    (label_ask, "question.asked"),
    (question_reply, "question.read"),
    (api_annotations, "utterance.skipped"),
    (progress_release, "lease.released"),
)
