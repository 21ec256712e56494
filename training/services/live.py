"""Live turns: answered by the champion, and stored before the answer leaves."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.errors import ConflictError, InvalidError
from annotations.intake import records
from annotations.intake.pipeline import Prepared
from annotations.services import exam
from annotations.services import prepared as statements
from training.models import LiveTurn
from training.serving import champion, turns
from training.serving.dialogue import State

STATE = f"""
SELECT state FROM {LiveTurn._meta.db_table}
WHERE conversation = %(conversation)s AND id < %(before)s ORDER BY id DESC LIMIT 1
"""
THE_SAME = f"""
SELECT id, answer, dedupe_key, pooled_at IS NULL FROM {LiveTurn._meta.db_table}
WHERE conversation = %(conversation)s AND number = %(number)s
"""
ONCE = (
    "ON CONFLICT (conversation, number)"
    " WHERE conversation <> '' AND number IS NOT NULL DO NOTHING"
)


NEWEST = 2**63 - 1  # before it comes every row


@dataclass(frozen=True)
class Known:
    """A turn that was answered before; its answer is whole until the pool takes the
    turn's words."""

    id: int
    answer: Mapping[str, Any]
    is_whole: bool


class NoModelError(ConflictError):
    code = "no_model"


class BadTurnError(InvalidError):
    code = "bad_turn"


class TurnTakenError(ConflictError):
    code = "turn_taken"


def take(data: Mapping[str, Any]) -> dict[str, Any]:
    """Redact a turn, answer it where its conversation stands, and store both.

    The same turn of a conversation again gets the stored answer, or, where its words
    have left for the pool, is answered again and not stored again. Raises NoModelError
    while no model serves, BadTurnError for a turn that no file could hold either and
    TurnTakenError where the turn's number was used for other words.
    """
    serving = champion.serving()
    if serving is None:
        raise NoModelError(_("No model serves yet; the first round has to end."))
    started = time.perf_counter()
    said = redacted(data)
    known = _known(said)
    if known is not None and known.is_whole:
        return {**known.answer, "text": said.text}
    found = turns.answer(
        serving.predictor,
        turns.example_of(said),
        today=timezone.localdate(),
        state=_state(said.conversation_id, before=known.id if known else NEWEST),
    )
    answer = {
        **found.as_turn_json(),
        "text": said.text,
        "model": serving.predictor.name,
    }
    if known is not None:
        return answer
    spent = 1000.0 * (time.perf_counter() - started)
    row = _row(said, found, answer, serving.checkpoint_id, spent)
    with transaction.atomic():
        is_new = statements.insert(row, on_conflict=ONCE)
    if is_new:
        return answer
    first = _known(said)  # the same turn came twice at once
    return {**first.answer, "text": said.text} if first else answer


def redacted(data: object) -> Prepared:
    """The turn as it may be stored: by the light pass of intake."""
    try:
        record = records.parse(data)
        return exam.preparer().prepare(1, record)
    except records.RecordError as error:
        raise BadTurnError(str(error)) from None


def _state(conversation: str, *, before: int) -> State:
    if not conversation:
        return State()
    rows = statements.rows(STATE, {"conversation": conversation, "before": before})
    return State.from_json(_read(rows[0][0])) if rows else State()


def _known(said: Prepared) -> Known | None:
    if not said.conversation_id or said.turn is None:
        return None
    place = {"conversation": said.conversation_id, "number": said.turn}
    rows = statements.rows(THE_SAME, place)
    if not rows:
        return None
    pk, answer, dedupe_key, is_whole = rows[0]
    if bytes(dedupe_key) != said.dedupe_key:
        raise TurnTakenError(
            _(
                "Turn %(turn)s of this conversation was something else; number the"
                " next turn one higher."
            )
            % {"turn": said.turn}
        )
    return Known(pk, _read(answer), is_whole)


def _read(stored: Any) -> Any:
    return json.loads(stored) if isinstance(stored, str) else stored


def _row(
    said: Prepared,
    found: turns.Answer,
    answer: Mapping[str, Any],
    checkpoint_id: int,
    milliseconds: float,
) -> LiveTurn:
    intent, confidence = found.prediction.intents[0]
    occurred_at = said.occurred_at or timezone.now()
    return LiveTurn(
        conversation=said.conversation_id,
        number=said.turn,
        text=said.text,
        context=json.loads(said.context),
        dedupe_key=said.dedupe_key,
        is_exam=said.is_exam,
        told={
            "domain": said.domain,
            "bot_intent": said.bot_intent,
            "bot_confidence": said.bot_confidence,
            "is_fallback": said.is_fallback,
            "occurred_at": occurred_at.isoformat(),
        },
        answer={key: value for key, value in answer.items() if key != "text"},
        state=found.reply.state.as_json(),
        checkpoint_id=checkpoint_id,
        intent=intent[:80],
        confidence=confidence,
        scope_score=found.prediction.scope_score,
        outcome=found.reply.outcome,
        is_unsure=found.is_unsure,
        milliseconds=milliseconds,
    )
