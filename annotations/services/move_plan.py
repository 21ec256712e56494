"""How the labels of an intent go when it is merged or split: to whom, or to the desk.

The preview and the worker (label_moves.py) ask the same plan.
"""

from dataclasses import dataclass, replace

from django.db.models import Exists, OuterRef, QuerySet

from annotations.functions.migration import (
    Fate,
    LabelParameters,
    MarkedParameter,
    Migrated,
    migrate,
)
from annotations.functions.schema import Node, read
from annotations.models import Annotation, Intent, IntentMove, SchemaVersion, Utterance
from annotations.services import catalogue
from annotations.services.schema_impact import parameters_of
from annotations.services.split_rules import Part, part_of

NO_PARAMETERS = Node("object")
NOTHING = LabelParameters()


@dataclass(frozen=True)
class Target:
    """What a label becomes: the intent, and the schema its parameters must satisfy."""

    intent_id: int
    name: str
    schema: Node | None = None
    schema_version_id: int | None = None


@dataclass(frozen=True)
class Step:
    """One label and its way: to a target, to the desk, or both; neither: it stays."""

    label: Annotation
    target: Target | None = None
    parameters: LabelParameters = NOTHING
    asked: bool = False
    reasons: tuple[str, ...] = ()


def standing_labels(intent: Intent, *, after: int = 0) -> QuerySet[Annotation]:
    """Labels of the intent that count, in the order of their utterances."""
    later = Annotation.objects.standing().filter(revises=OuterRef("pk"))
    return (
        Annotation.objects.standing()
        .filter(
            ~Exists(later),
            kind=Annotation.Kind.LABEL,
            intent=intent,
            utterance__gt=after,
        )
        .exclude(utterance__status=Utterance.Status.ERASED)
        .select_related("utterance")
        .prefetch_related("spans")
        .order_by("utterance", "created_at")
    )


class Plan:
    """How the labels of a move go; the preview and the worker ask the same one."""

    def __init__(self, move: IntentMove) -> None:
        self._move = move
        self._cards = catalogue.current().by_name
        self._parts = [Part.from_json(part) for part in move.parts]
        live = SchemaVersion.objects.filter(
            function__intent=move.intent_id, status=SchemaVersion.Status.LIVE
        ).first()
        self._before = read(live.canonical) if live else NO_PARAMETERS

    def step(self, label: Annotation) -> Step:
        """What becomes of one label."""
        if self._move.kind == IntentMove.Kind.MERGE:
            return self._to(label, self._target(self._move.into.name))
        part = part_of(self._parts, label.utterance.text, parameters_of(label))
        if part is None:
            return Step(label, asked=True, parameters=parameters_of(label))
        if part.intent == self._move.old_name:
            return Step(label)
        return self._to(label, self._target(part.intent))

    def _target(self, name: str) -> Target:
        card = self._cards.get(name)
        if card is None:  # a part that the preview has not made yet
            return Target(0, name)
        return Target(card.id, card.name, card.schema, card.schema_version_id)

    def _to(self, label: Annotation, target: Target) -> Step:
        """Parameters that the target knows go along; where it needs more, we ask."""
        own = parameters_of(label)
        if target.schema is None:
            return Step(label, target)
        moved = migrate(own, self._before, target.schema, {})
        if moved.fate == Fate.REVISIT:
            fitting = _fitting(moved, self._before, target.schema)
            kept = replace(moved.label, marked=fitting)
            open_target = replace(target, schema_version_id=None)
            return Step(label, open_target, kept, True, moved.reasons)
        return Step(label, target, moved.label)


def _fitting(moved: Migrated, before: Node, after: Node) -> tuple[MarkedParameter, ...]:
    """Marks that hold under the new schema, whatever else it asks for."""
    lenient = replace(after, required=frozenset())
    return tuple(
        mark
        for mark in moved.label.marked
        if not migrate(LabelParameters((mark,)), before, lenient, {}).reasons
    )
