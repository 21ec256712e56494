"""Try a schema version on an utterance: what the champion would make of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.functions import arguments
from annotations.functions.arguments import Problem
from annotations.functions.labels import parameters
from annotations.functions.schema import read
from annotations.intake.redaction.entities import PLACEHOLDER
from annotations.language import translated
from annotations.models import Function, SchemaVersion
from annotations.services import catalogue
from training.models import Checkpoint, Evaluation, SnapshotMember
from training.services.live import NoModelError, redacted
from training.serving import champion, names, turns, values


@dataclass(frozen=True)
class Trial:
    """A turn under one version: the redacted text, the guesses, the call, its faults.

    is_meant: whether the champion chose the intent of this function.
    """

    text: str
    intents: tuple[tuple[str, float], ...]
    is_meant: bool
    arguments: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def attempt(version: SchemaVersion, text: str) -> Trial:
    """Nothing is stored. Raises NoModelError, and BadTurnError for the text."""
    predictor = champion.predictor()
    if predictor is None:
        raise NoModelError(_("No model serves yet; the first round has to end."))
    prepared = redacted({"text": text})
    cards = catalogue.current()
    found = names.canonical(predictor.predict(turns.example_of(prepared)), cards)
    intent = version.function.intent
    card = replace(
        cards.by_name[intent.name],
        parameters=parameters(version.body),
        schema=read(version.canonical),
    )
    given = values.arguments_of(card, found.spans, timezone.localdate())
    return Trial(
        text=prepared.text,
        intents=found.intents[:3],
        is_meant=found.intent == intent.name,
        arguments=given,
        problems=tuple(
            replace(problem, message=translated(problem.message))
            for problem in arguments.problems(read(version.canonical), given)
            # A placeholder stands for a value that nobody may see here.
            if not _is_placeholder(given.get(problem.path.strip("/")))
        ),
    )


def models_of(function: Function) -> list[Checkpoint]:
    """The serving models that learned this function's parameters."""
    return models_that_learned(function.intent_id)


def models_that_learned(intent_id: int) -> list[Checkpoint]:
    """The serving models that were trained on labels of the intent."""
    champions = Checkpoint.objects.filter(state=Checkpoint.State.CHAMPION)
    return list(
        champions.filter(
            round__snapshot__members__annotation__intent=intent_id,
            round__snapshot__members__split=SnapshotMember.Split.TRAIN,
        ).distinct()
    )


def recall_of(function: Function) -> dict[str, dict[str, int]]:
    """{parameter: {"n", "found"}} of the champion on the exam; empty before one is."""
    newest = (
        Evaluation.objects.filter(checkpoint__state=Checkpoint.State.CHAMPION)
        .order_by("-created_at")
        .first()
    )
    if newest is None:
        return {}
    return newest.report.get("by_parameter", {}).get(function.intent.name, {})


def _is_placeholder(value: Any) -> bool:
    return isinstance(value, str) and bool(PLACEHOLDER.fullmatch(value))
