"""Labels follow when their intent is merged or split; a worker's half.

Every label of the intent that stands gets a new event of a system author that revises
it, or its utterance is asked about again. A chunk is one transaction with the place to
go on from: the worker may be killed anywhere.
"""

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from annotations.models import (
    Annotation,
    IntentMove,
    MovedLabel,
    QueueItem,
    User,
    Utterance,
)
from annotations.services import audit, gold, label_successors
from annotations.services.move_plan import Plan, Step, standing_labels

# Ids follow from move and label: a worker that starts again stores nothing twice.
NAMESPACE = uuid.UUID("5d2a6c7e-98f3-4a0b-a4f5-51b7c3a0a1d2")
CHUNK = 200  # utterances
STREAM = "catalogue"  # of the trail: nobody else waits for it
Status = IntentMove.Status


def due() -> list[int]:
    """Moves that still have labels before them, or behind them to bring back."""
    waiting = IntentMove.objects.filter(status__in=IntentMove.OPEN)
    return list(waiting.order_by("requested_at").values_list("pk", flat=True))


def run(move_id: int) -> IntentMove:
    """Bring every label where it belongs; may be killed and run again."""
    while not _run_chunk(move_id):
        pass
    return IntentMove.objects.get(pk=move_id)


@transaction.atomic
def _run_chunk(move_id: int) -> bool:
    """Settle the next utterances; True when nothing is left to do."""
    move = (
        IntentMove.objects.select_for_update(of=("self",))
        .select_related("intent", "into")
        .get(pk=move_id)
    )
    if move.status == Status.REQUESTED:
        return _forward(move)
    if move.status == Status.UNDOING:
        return _back(move)
    return True


def _forward(move: IntentMove) -> bool:
    plan, by = Plan(move), author()
    groups = list(_chunk(standing_labels(move.intent, after=move.last_utterance)))
    for utterance_id, labels in groups:
        utterance = Utterance.objects.select_for_update().get(pk=utterance_id)
        _settle(move, plan, utterance, labels, by)
        move.last_utterance = utterance_id
    is_done = len(groups) < CHUNK
    if is_done:
        move.status, move.finished_at = Status.DONE, Now()
        audit.record(
            by=None,
            stream=STREAM,
            action="intent_move.done",
            obj=f"intent_move:{move.pk}",
            moved=move.n_moved,
            queued=move.n_queued,
            stayed=move.n_stayed,
        )
    move.save()
    return is_done


def _chunk(
    labels: QuerySet[Annotation],
) -> Iterator[tuple[int, list[Annotation]]]:
    """The next CHUNK utterances with their labels."""
    rows = labels.iterator(chunk_size=CHUNK)
    groups = groupby(rows, key=lambda label: label.utterance_id)
    for utterance_id, group in islice(groups, CHUNK):
        yield utterance_id, list(group)


def _settle(
    move: IntentMove,
    plan: Plan,
    utterance: Utterance,
    labels: Sequence[Annotation],
    by: User,
) -> None:
    steps = [plan.step(label) for label in labels]
    events = [_store(move, step, by) if step.target else None for step in steps]
    # One question an utterance: about the newest of the labels that need one.
    asked = max((n for n, step in enumerate(steps) if step.asked), default=None)
    queued = asked is not None and _ask(move, steps[asked], events[asked])
    for n, (step, event) in enumerate(zip(steps, events, strict=True)):
        if event is None and not step.asked:
            move.n_stayed += 1
            continue
        move.n_moved += event is not None and not step.asked
        move.n_queued += step.asked
        MovedLabel.objects.get_or_create(
            move=move,
            label=step.label,
            defaults={
                "utterance_id": utterance.pk,
                "replacement": event,
                "is_queued": step.asked if event is None else n == asked and queued,
            },
        )
    if any(events):
        gold.settle(utterance)


def _store(move: IntentMove, step: Step, by: User) -> Annotation:
    event, _ = label_successors.succeed(
        step.label,
        namespace=NAMESPACE,
        body=f"move {move.pk} of {step.label.pk}",
        by=by,
        intent_id=step.target.intent_id,
        schema_version_id=step.target.schema_version_id,
        parameters=step.parameters,
    )
    return event


def _ask(move: IntentMove, step: Step, event: Annotation | None) -> bool:
    """Ask with what is known; False where somebody else's question stands already."""
    names = [step.target.name] if step.target else [p["intent"] for p in move.parts]
    _clear(step.label.utterance_id)
    return label_successors.ask_again(
        step.label.utterance_id,
        intents=names,
        marked=step.parameters.marked,
        why={
            "move": move.pk,
            move.kind: move.intent.title,
            "reasons": list(step.reasons),
            "revises": str(event.pk if event else step.label.pk),
        },
    )


def _clear(utterance_id: int) -> None:
    """A ready question that nobody holds makes room for ours."""
    QueueItem.objects.filter(
        utterance=utterance_id, status=QueueItem.Status.READY, holders=[]
    ).delete()


def _back(move: IntentMove) -> bool:
    """Take the events of the move back, where nobody built on them since."""
    by = author()
    rows = list(
        MovedLabel.objects.filter(move=move, utterance_id__gt=move.last_utterance)
        .select_related("replacement")
        .order_by("utterance_id", "id")[:CHUNK]
    )
    # Whole utterances only: the place to go on from is an utterance.
    if len(rows) == CHUNK:
        last = rows[-1].utterance_id
        rows = [r for r in rows if r.utterance_id != last] or rows
    for utterance_id, group in groupby(rows, key=lambda row: row.utterance_id):
        utterance = Utterance.objects.select_for_update().get(pk=utterance_id)
        QueueItem.objects.filter(
            utterance=utterance, status=QueueItem.Status.READY, why__move=move.pk
        ).delete()
        for row in group:
            is_restored = _restore(row, by)
            move.n_restored += is_restored
            move.n_kept += not is_restored
        gold.settle(utterance)
        move.last_utterance = utterance_id
    is_done = not rows
    if is_done:
        move.status, move.undone_at = Status.UNDONE, Now()
        audit.record(
            by=None,
            stream=STREAM,
            action="intent_move.undone",
            obj=f"intent_move:{move.pk}",
            restored=move.n_restored,
            kept=move.n_kept,
        )
    move.save()
    return is_done


def _restore(row: MovedLabel, by: User) -> bool:
    """The label stands again; False where somebody answered on top of the move."""
    top = row.replacement_id or row.label_id
    if Annotation.objects.standing().filter(revises=top).exists():
        return False
    if row.replacement is None:
        return True  # it was only asked about, and nobody has answered
    body = f"undo of {row.replacement_id}"
    _, is_new = Annotation.objects.get_or_create(
        id=uuid.uuid5(NAMESPACE, body),
        defaults={
            "kind": Annotation.Kind.UNDO,
            "utterance_id": row.utterance_id,
            "annotator": by,
            "undoes": row.replacement,
            "body_hash": hashlib.sha256(body.encode()).hexdigest(),
        },
    )
    if is_new:
        audit.record(
            by=None,
            stream=STREAM,
            action="label.undone",
            obj=f"annotation:{row.replacement_id}",
            utterance=row.utterance_id,
        )
    return True


def author() -> User:
    """The author of labels that followed a change of the catalogue."""
    return label_successors.author("catalogue-change", "Change of the catalogue")
