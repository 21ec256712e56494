"""The few-shot bank: a handful of vetted utterances for each function.

Proposals come from gold labels of the training split; a person's click keeps them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from annotations.errors import ConflictError, NotFoundError
from annotations.functions import diversity
from annotations.functions.schema import read
from annotations.models import (
    Function,
    FunctionExample,
    GoldLabel,
    SchemaVersion,
    User,
    Utterance,
)
from annotations.services import audit
from annotations.services.schema_impact import parameters_of
from annotations.services.schemas import live_of

Kind = FunctionExample.Kind
POSITIVES = 3
# How many of the newest labels are looked at; more would not differ more.
SAMPLE = 300


@dataclass(frozen=True)
class Proposal:
    """An utterance that would serve as an example, and the arguments it gives."""

    kind: str
    text: str
    arguments: dict[str, Any]
    utterance_id: int
    context: list[dict[str, str]] = field(default_factory=list)


def proposals(function: Function) -> list[Proposal]:
    """What a refresh would store: diverse complete ones, one gap, one near miss."""
    live = live_of(function)
    if live is None:
        return []
    own = [_proposal(label, live) for label in _labels(function)]
    complete = [p for p in own if p.kind == Kind.POSITIVE]
    gaps = [p for p in own if p.kind == Kind.MISSING]
    chosen = [complete[i] for i in diversity.spread(_texts(complete), POSITIVES)]
    chosen += [gaps[i] for i in diversity.spread(_texts(gaps), 1)]
    return chosen + _near_miss(function, chosen)


@transaction.atomic
def refresh(*, function: Function, by: User) -> list[FunctionExample]:
    """The bank of the function holds the present proposals, vetted by `by`."""
    if live_of(function) is None:
        raise ConflictError(_("Examples need a live schema to be checked against."))
    chosen = proposals(function)
    if not any(p.kind == Kind.POSITIVE for p in chosen):
        raise ConflictError(_("No label of this function is complete yet."))
    function.examples.all().delete()
    kept = FunctionExample.objects.bulk_create(
        FunctionExample(function=function, vetted_by=by, **vars(p)) for p in chosen
    )
    audit.record(
        by=by,
        action="examples.refreshed",
        obj=f"function:{function.pk}",
        utterances=[p.utterance_id for p in chosen],
    )
    return kept


@transaction.atomic
def remove(*, function: Function, example_id: int, by: User) -> None:
    """The example is no longer in the bank."""
    deleted, __ = function.examples.filter(pk=example_id).delete()
    if not deleted:
        raise NotFoundError(_("This example is gone already."))
    audit.record(
        by=by,
        action="example.removed",
        obj=f"function:{function.pk}",
        example=example_id,
    )


def _labels(function: Function) -> QuerySet[GoldLabel]:
    return (
        GoldLabel.objects.filter(
            intent=function.intent_id,
            utterance__split=Utterance.Split.TRAIN,
            utterance__redaction=Utterance.Redaction.FULL,
            # What nobody looked for is no gap.
            annotation__marks_known=True,
        )
        .select_related("utterance", "annotation")
        .prefetch_related("annotation__spans")
        .order_by("-resolved_at")[:SAMPLE]
    )


def _proposal(label: GoldLabel, live: SchemaVersion) -> Proposal:
    said = label.utterance
    marked = parameters_of(label.annotation).marked
    given = {mark.param: mark.value or mark.text for mark in marked}
    known = read(live.canonical)
    arguments = {
        name: value for name, value in given.items() if name in known.properties
    }
    complete = known.required <= arguments.keys()
    return Proposal(
        kind=Kind.POSITIVE if complete else Kind.MISSING,
        text=said.text,
        arguments=arguments,
        utterance_id=said.pk,
        context=said.context,
    )


def _near_miss(function: Function, chosen: Sequence[Proposal]) -> list[Proposal]:
    """The utterance of another intent of the domain that reads most like one chosen."""
    others = (
        GoldLabel.objects.filter(
            intent__domain=function.domain_id,
            utterance__split=Utterance.Split.TRAIN,
            utterance__redaction=Utterance.Redaction.FULL,
        )
        .exclude(intent=function.intent_id)
        .select_related("utterance")
        .order_by("-resolved_at")[:SAMPLE]
    )
    texts = [label.utterance.text for label in others]
    position = diversity.nearest(texts, _texts(chosen))
    if position is None:
        return []
    said = others[position].utterance
    return [Proposal(Kind.NEGATIVE, said.text, {}, said.pk, said.context)]


def _texts(chosen: Sequence[Proposal]) -> list[str]:
    return [proposal.text for proposal in chosen]
