"""What moves are made of: answers, changes run to their end, a look at all."""

import uuid

from annotations.models import GoldLabel
from annotations.services import (
    intent_moves,
    label_moves,
    labels,
    queue,
)
from annotations.services.invariants import broken
from tests.factories import cast
from training.management.commands.invariants import ALL

WHY = "Callers do not tell them apart."


def answer(by, utterance, intent, **fields):
    item = cast.item(utterance, rank=0, reason=fields.pop("reason", "uncertain"))
    assert queue.claim_next(by=by).pk == item.pk
    sent = labels.Answer(
        uuid=uuid.uuid4(), item_id=item.pk, intent=intent.name, **fields
    )
    return labels.submit(by=by, answer=sent).annotation


def gold_of(utterance):
    return GoldLabel.objects.select_related("annotation", "intent").get(
        utterance=utterance
    )


def healthy():
    """Whether nothing is broken; the factory's schemas leave no approval behind."""
    found = [b for b in broken(ALL) if b.invariant.name != "approvals_are_on_the_trail"]
    return [(b.invariant.name, b.rows) for b in found] == []


def merge(intent, into, by):
    move = intent_moves.merge(intent=intent, into=into, reason=WHY, by=by)
    return label_moves.run(move.pk)


def undo(move, by):
    intent_moves.request_undo(move_id=move.pk, reason=WHY, by=by)
    return label_moves.run(move.pk)


def split(intent, by, *parts, keeps_rest=False):
    move = intent_moves.split(
        intent=intent,
        parts=parts,
        titles={},
        keeps_rest=keeps_rest,
        reason=WHY,
        by=by,
    )
    return label_moves.run(move.pk)
