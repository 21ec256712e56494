"""Questions that annotators ask reviewers about one utterance, and the answers."""

import uuid as uuids

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotations.errors import (
    ConflictError,
    DuplicateAnswerError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from annotations.intake.redaction import redact
from annotations.models import Question, QuestionMessage, QueueItem, User
from annotations.services import audit

MOST_LETTERS = 1000
Status = Question.Status


@transaction.atomic
def ask(*, by: User, uuid: uuids.UUID, item_id: int, text: str) -> QuestionMessage:
    """A reviewer will see the question beside the item's utterance.

    A second one about the same utterance goes on in the same thread. The same uuid
    again changes nothing. Raises NotFoundError, ConflictError where `by` never held
    the item, InvalidError.
    """
    words = _words(text)
    item = QueueItem.objects.select_for_update().filter(pk=item_id).first()
    if stored := _stored(uuid, by):
        return stored
    if item is None:
        raise NotFoundError(_("This item is no longer in the queue."))
    if by.pk not in item.holders:
        raise ConflictError(_("Take the item before you ask about it."))
    question = Question.objects.filter(asked_by=by, utterance=item.utterance_id).first()
    if question is None:
        question = Question.objects.create(asked_by=by, utterance_id=item.utterance_id)
    return _say(question, uuid, words, by=by, action="question.asked")


@transaction.atomic
def ask_on(
    *, by: User, uuid: uuids.UUID, question_id: int, text: str
) -> QuestionMessage:
    """Who asked goes on: the thread waits for a reviewer again."""
    words = _words(text)
    question = _lock(question_id)
    if stored := _stored(uuid, by):
        return stored
    if question.asked_by_id != by.pk:
        raise NotFoundError(_("There is no such question of yours."))
    return _say(question, uuid, words, by=by, action="question.asked")


@transaction.atomic
def answer(
    *, by: User, uuid: uuids.UUID, question_id: int, text: str
) -> QuestionMessage:
    """The thread is answered; who asked sees a bell until they have read it.

    Raises NotAllowedError for one's own question, ConflictError where it is answered.
    """
    words = _words(text)
    question = _lock(question_id)
    if stored := _stored(uuid, by):
        return stored
    if question.asked_by_id == by.pk:
        raise NotAllowedError(_("You asked this; another reviewer has to answer."))
    if question.status != Status.OPEN:
        raise ConflictError(_("Somebody answered this question meanwhile."))
    return _say(question, uuid, words, by=by, action="question.answered")


@transaction.atomic
def mark_read(*, by: User, question_id: int) -> Question:
    """Who asked has read the answer; the bell is gone. Again, nothing changes."""
    question = _lock(question_id)
    if question.asked_by_id != by.pk:
        raise NotFoundError(_("There is no such question of yours."))
    if question.status == Status.ANSWERED and question.read_at is None:
        question.read_at = Now()
        question.save(update_fields=["read_at"])
        audit.record(by=by, action="question.read", obj=f"question:{question.pk}")
    return question


def of(person: User) -> QuerySet[Question]:
    """A person's threads with everything said in them, newest first."""
    return (
        Question.objects.filter(asked_by=person)
        .select_related("utterance")
        .prefetch_related("messages__author")
        .order_by("-asked_at")
    )


def n_unread(person: User) -> int:
    """How many answers a person has not read yet."""
    return Question.objects.filter(
        asked_by=person, status=Status.ANSWERED, read_at__isnull=True
    ).count()


def _say(
    question: Question, uuid: uuids.UUID, words: str, *, by: User, action: str
) -> QuestionMessage:
    is_answer = by.pk != question.asked_by_id
    question.status = Status.ANSWERED if is_answer else Status.OPEN
    question.answered_at = Now() if is_answer else None
    question.read_at = None
    question.save(update_fields=["status", "answered_at", "read_at"])
    message = QuestionMessage.objects.create(
        id=uuid, question=question, author=by, text=words
    )
    audit.record(
        by=by,
        action=action,
        obj=f"question:{question.pk}",
        message=str(uuid),
        utterance=question.utterance_id,
    )
    return message


def _words(text: str) -> str:
    """What may be stored: bounded, and without personal data that patterns can find."""
    plain = text.replace("\0", "").strip()
    if not plain:
        raise InvalidError(_("Write the question first."))
    if len(plain) > MOST_LETTERS:
        raise InvalidError(
            _("A message has at most %(most)s characters.")
            % {"most": f"{MOST_LETTERS:,}"}
        )
    return redact(plain).text[:MOST_LETTERS]


def _lock(question_id: int) -> Question:
    question = Question.objects.select_for_update().filter(pk=question_id).first()
    if question is None:
        raise NotFoundError(_("This question is not there any more."))
    return question


def _stored(uuid: uuids.UUID, by: User) -> QuestionMessage | None:
    stored = QuestionMessage.objects.filter(pk=uuid).first()
    if stored and stored.author_id != by.pk:
        raise DuplicateAnswerError(_("This message id was used for something else."))
    return stored
