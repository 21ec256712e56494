"""What the demo's people leave to a reviewer: late answers, questions, reports."""

import uuid

from django.db import transaction
from django.db.models.functions import Now

from annotations.demo import catalogue as demo
from annotations.models import (
    Annotation,
    GoldLabel,
    Question,
    QueueItem,
    Reason,
    User,
    Utterance,
)
from annotations.services import catalogue, labels, personal, questions, queue
from annotations.services.answers import Answer, SpanAnswer
from annotations.services.demo import Cast

NAMESPACE = uuid.UUID("5f4f0c1e-8c0e-4c53-9a7e-6b1f5c6f2a90")
N_LATE, N_REPORTS = 4, 2
LOOKED_AT = 400
QUESTIONS = (
    "Is this a question about the bill or a payment? Both would fit.",
    "The caller names two products. Which of them counts?",
    "The bot asked something else before. Does that change the intent?",
)


@transaction.atomic
def fill(cast: Cast) -> None:
    """Some late answers, questions and reports; a second run adds nothing."""
    people = [user for user, _ in cast.annotators]
    known = Annotation.objects.filter(annotator__in=people)
    if not known.filter(is_late=True).exists():
        _answer_late(people)
    if not Question.objects.filter(asked_by__in=people).exists():
        _ask(people)
    if not known.filter(kind=Annotation.Kind.QUARANTINE).exists():
        _report(people)


def _answer_late(people: list[User]) -> None:
    """Half of them agree with who was faster, half choose a look-alike."""
    single = (
        GoldLabel.objects.filter(
            rule=GoldLabel.Rule.SINGLE,
            annotation__annotator__in=people,
            utterance__split=Utterance.Split.TRAIN,
        )
        .select_related("annotation", "intent", "utterance")
        .prefetch_related("annotation__spans")
        .order_by("annotation_id")
    )
    confusable = {i.name: i.confusable for i in demo.load().intents}
    wanted = [label for label in single if confusable[label.intent.name]][:N_LATE]
    for number, label in enumerate(wanted):
        first = label.annotation.annotator_id
        late = next(person for person in people if person.pk != first)
        item = QueueItem.objects.create(
            utterance=label.utterance,
            reason=Reason.RANDOM,
            rank=0,
            draw_probability=1.0,
            status=QueueItem.Status.DONE,
            leased_by_id=first,
            holders=[late.pk, first],
        )
        look_alike = confusable[label.intent.name][0]
        labels.submit(
            by=late,
            answer=_same(label, item) if number % 2 else _bare(label, item, look_alike),
        )


def _late_key(label: GoldLabel) -> uuid.UUID:
    """Follows from the answer before, not from the row's number: models learn in the
    order of answers, which is then the same in every demo.
    """
    return uuid.uuid5(NAMESPACE, f"late/{label.annotation_id}")


def _same(label: GoldLabel, item: QueueItem) -> Answer:
    return Answer(
        uuid=_late_key(label),
        item_id=item.pk,
        intent=label.intent.name,
        spans=tuple(
            SpanAnswer(s.start, s.end, s.param, s.text, s.value, s.turn)
            for s in label.annotation.spans.all()
        ),
        not_spoken=tuple(label.annotation.not_spoken),
        act=label.annotation.act,
    )


def _bare(label: GoldLabel, item: QueueItem, intent: str) -> Answer:
    """Nothing marked: every needed parameter was not spoken."""
    card = catalogue.current().by_name[intent]
    return Answer(
        uuid=_late_key(label),
        item_id=item.pk,
        intent=intent,
        not_spoken=tuple(p.name for p in card.parameters if p.required),
    )


def _ask(people: list[User]) -> None:
    for number, utterance in enumerate(_untouched()[: len(QUESTIONS)]):
        item = _lease(utterance, people[number % len(people)])
        questions.ask(
            by=people[number % len(people)],
            uuid=uuid.uuid5(NAMESPACE, f"question/{number}"),
            item_id=item.pk,
            text=QUESTIONS[number],
        )
        item.delete()  # the utterance waits in the pool again


def _report(people: list[User]) -> None:
    """Words that are no ordinary ones: a reviewer sees them as dots."""
    odd = [one for one in _untouched()[len(QUESTIONS) :] if _is_odd(one)]
    for number, utterance in enumerate(odd[:N_REPORTS]):
        by = people[number % len(people)]
        item = _lease(utterance, by)
        key = uuid.uuid5(NAMESPACE, f"report/{utterance.pk}")
        labels.quarantine(by=by, uuid=key, item_id=item.pk)


def _is_odd(utterance: Utterance) -> bool:
    utterance.standing_reports = []
    return any(piece.is_hidden for piece in personal.masked(utterance))


def _untouched() -> list[Utterance]:
    """Unanswered and in nobody's hands, so that nobody's work is disturbed.

    What merely waits in the queue counts: which items do depends on when it was ranked.
    """
    free = Utterance.objects.in_pool().for_training()
    held = QueueItem.objects.filter(status=QueueItem.Status.LEASED).values("utterance")
    answered = Annotation.objects.values("utterance")
    free = free.exclude(pk__in=held).exclude(pk__in=answered)
    return list(free.order_by("-occurred_at", "text")[:LOOKED_AT])


def _lease(utterance: Utterance, by: User) -> QueueItem:
    QueueItem.objects.filter(
        utterance=utterance, status=QueueItem.Status.READY
    ).delete()
    return QueueItem.objects.create(
        utterance=utterance,
        reason=Reason.RANDOM,
        rank=0,
        draw_probability=1.0,
        status=QueueItem.Status.LEASED,
        leased_by=by,
        holders=[by.pk],
        leased_at=Now(),
        lease_expires_at=queue.in_lease(),
    )
