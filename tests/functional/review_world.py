"""A reviewer's day: something in every queue."""

from playwright.sync_api import Page

from annotations.models import ErrorCandidate, QueueItem, Reason, User, Utterance
from annotations.services import error_candidates, labels, questions, queue, reports
from annotations.services.answers import Answer, SpanAnswer
from tests.factories import cast
from tests.functional import desk_world as desk

SAID = "why was i charged twelve dollars for roaming in march"
AMOUNT = SpanAnswer(18, 32, "amount", SAID[18:32])
MARCH = SpanAnswer(48, 53, "bill_month", SAID[48:53])


def build() -> User:
    """Returns the reviewer."""
    desk.intents()
    ana, ben = cast.ana(), cast.ben()
    rita = cast.person("rita", "reviewer")
    _disagreements(ana, ben)
    _errors(ana, ben)
    _late(ana, ben)
    item = take(ana, cast.utterance("what is this thing on my bill"))
    questions.ask(
        by=ana, uuid=cast.new_id(), item_id=item.pk, text="Is a fee a charge?"
    )
    item = take(ana, cast.utterance("my name is Wendeline Quux and i want to pay"))
    labels.quarantine(by=ana, uuid=cast.new_id(), item_id=item.pk)
    QueueItem.objects.filter(status__in=QueueItem.OPEN).delete()
    assert reports.quarantined().exists()
    return rita


def open_queue(page: Page, base: str, name: str) -> None:
    """The first case of a queue, seen long enough for decisions to count."""
    page.goto(f"{base}/review/{name}")
    desk.settle(page)


def take(by: User, of: Utterance, reason: str = Reason.UNCERTAIN) -> QueueItem:
    item = cast.item(of, rank=0, reason=reason)
    assert queue.claim_next(by=by).pk == item.pk
    return item


def say(by: User, of: Utterance, intent: str, *, reason="uncertain", spans=(), **more):
    item = take(by, of, reason)
    sent = Answer(
        uuid=cast.new_id(), item_id=item.pk, intent=intent, spans=tuple(spans), **more
    )
    return labels.submit(by=by, answer=sent).annotation


def _disagreements(ana: User, ben: User) -> None:
    one = cast.utterance(SAID, context=desk.CONTEXT)
    say(ana, one, "dispute_charge", spans=[AMOUNT, MARCH])
    say(ben, one, "explain_charge", reason="second_opinion")
    cast.suggestion(one, "dispute_charge", "explain_charge")
    two = cast.utterance("i want to pay for the outage")
    say(ana, two, "pay_bill")
    say(ben, two, "report_outage", reason="second_opinion")


def _errors(ana: User, ben: User) -> None:
    twins = [
        say(ben, cast.utterance(f"is my roaming on {word}"), "check_roaming")
        for word in ("now", "today")
    ]
    odd = say(ana, cast.utterance("is my roaming on yet"), "report_outage")
    kinds = ErrorCandidate.Kind
    error_candidates.store(
        [
            error_candidates.Found(
                odd, kinds.MODEL, 0.9,
                {"predicted": "check_roaming", "confidence": 0.91,
                 "self_confidence": 0.02, "is_confident": True},
            ),
            error_candidates.Found(
                odd, kinds.TWIN, 0.66,
                {"twins": [t.utterance_id for t in twins], "cosine": 0.95, "same": 1,
                 "others": 2},
            ),
        ]
    )  # fmt: skip


def _late(ana: User, ben: User) -> None:
    of = cast.utterance("nothing works in my street")
    item = take(ana, of)
    QueueItem.objects.filter(pk=item.pk).update(lease_expires_at="2020-01-01T00:00Z")
    queue.claim_next(by=ben)
    for person in (ben, ana):
        sent = Answer(uuid=cast.new_id(), item_id=item.pk, intent="report_outage")
        labels.submit(by=person, answer=sent)
