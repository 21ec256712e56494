"""Live turns: answered by the champion, and back into the pool where it was unsure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from annotations.errors import ConflictError, InvalidError
from annotations.intake import records
from annotations.intake.pipeline import Chunk, Prepared, Preparer
from annotations.models import IntakeBatch
from annotations.services import intake_rows
from training.serving import champion, turns

SOURCE = "live"


class NoModelError(ConflictError):
    code = "no_model"


class BadTurnError(InvalidError):
    code = "bad_turn"


def take(data: Mapping[str, Any]) -> dict[str, Any]:
    """Redact a turn, answer it, and keep it where a person's look is worth it.

    Raises NoModelError while no model serves, and BadTurnError for a turn that no
    file could hold either.
    """
    predictor = champion.predictor()
    if predictor is None:
        raise NoModelError("No model serves yet; the first round has to end.")
    prepared = redacted(data)
    found = turns.answer(
        predictor, turns.example_of(prepared), today=timezone.localdate()
    )
    # Every exam item is kept, or the exam would only hold what models find hard.
    if found.is_unsure or prepared.is_exam:
        keep(prepared, found)
    return {**found.as_json(), "text": prepared.text, "model": predictor.name}


def redacted(data: Mapping[str, Any]) -> Prepared:
    """The turn as it may be stored: by the light pass of intake."""
    try:
        record = records.parse(data)
        return Preparer(settings.DATA_KEY.encode(), settings.EXAM_SHARE).prepare(
            1, record
        )
    except records.RecordError as error:
        raise BadTurnError(str(error)) from None


@transaction.atomic
def keep(prepared: Prepared, found: turns.Answer) -> None:
    """The turn joins the pool as other intake does; a worker's full pass follows."""
    name, confidence = found.prediction.intents[0]
    said = replace(
        prepared,
        bot_intent=prepared.bot_intent or name,
        bot_confidence=(
            confidence if prepared.bot_confidence is None else prepared.bot_confidence
        ),
        is_fallback=prepared.is_fallback or found.prediction.is_fallback,
    )
    batch = IntakeBatch(id=None, source=SOURCE)
    intake_rows.store(Chunk(rows=[said], last_line=1), batch, with_labels=False)
