"""What a reviewer does."""

import uuid

from django.test import Client

from annotations.models import Annotation, User
from annotations.services import labels, queue
from tests.factories import cast

from .desk import asked


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


ACTS = (
    (review_resolve, "disagreement.resolved"),
    (review_undo, "review.undone"),
    (review_reopen, "gold.reopened"),
    (review_search, "error_search.requested"),
    (review_answer, "question.answered"),
    (review_report, "personal_data.redacted"),
    (review_policy, "opinion_policy.changed"),
)
