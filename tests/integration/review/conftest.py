"""A reviewer, two annotators, and answers as people leave them."""

from collections.abc import Callable

import pytest

from annotations.models import Annotation, QueueItem, Reason, User, Utterance
from annotations.services import labels, queue
from annotations.services.labels import Answer, SpanAnswer
from tests.factories import cast


@pytest.fixture
def ana(db) -> User:
    return cast.ana()


@pytest.fixture
def ben(db) -> User:
    return cast.ben()


@pytest.fixture
def rita(db) -> User:
    return cast.person("rita", "reviewer")


@pytest.fixture
def bill(db):
    return cast.intent("check_bill")


@pytest.fixture
def pay(db):
    return cast.intent("pay_bill")


def take(by: User, of: Utterance, reason: str = Reason.UNCERTAIN) -> QueueItem:
    """The utterance's own item, leased to `by` as the desk would."""
    item = cast.item(of, rank=0, reason=reason)
    held = queue.claim_next(by=by)
    assert held.pk == item.pk
    return item


@pytest.fixture
def say() -> Callable[..., Annotation]:
    def answer(by, of, intent, *, reason=Reason.UNCERTAIN, spans=(), **more):
        item = take(by, of, reason)
        sent = Answer(
            uuid=cast.new_id(),
            item_id=item.pk,
            intent=intent,
            spans=tuple(SpanAnswer(*span) for span in spans),
            **more,
        )
        return labels.submit(by=by, answer=sent).annotation

    return answer


@pytest.fixture
def report() -> Callable[..., Annotation]:
    def quarantine(by, of):
        item = take(by, of)
        return labels.quarantine(by=by, uuid=cast.new_id(), item_id=item.pk).annotation

    return quarantine
