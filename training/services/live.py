"""Live turns: answered by the champion, and stored before the answer leaves."""

import json
import time
from collections.abc import Mapping
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
WHERE conversation = %(conversation)s ORDER BY id DESC LIMIT 1
"""
THE_SAME = f"""
SELECT answer, dedupe_key FROM {LiveTurn._meta.db_table}
WHERE conversation = %(conversation)s AND number = %(number)s
"""
ONCE = (
    "ON CONFLICT (conversation, number)"
    " WHERE conversation <> '' AND number IS NOT NULL DO NOTHING"
)


class NoModelError(ConflictError):
    code = "no_model"


class BadTurnError(InvalidError):
    code = "bad_turn"


class TurnTakenError(ConflictError):
    code = "turn_taken"


def take(data: Mapping[str, Any]) -> dict[str, Any]:
    """Redact a turn, answer it where its conversation stands, and store both.

    The same turn of a conversation again gets the stored answer. Raises NoModelError
    while no model serves, BadTurnError for a turn that no file could hold either and
    TurnTakenError where the turn's number was used for other words.
    """
    serving = champion.serving()
    if serving is None:
        raise NoModelError(_("No model serves yet; the first round has to end."))
    started = time.perf_counter()
    said = redacted(data)
    repeated = _stored(said) if said.turn is not None else None
    if repeated is not None:
        return repeated
    found = turns.answer(
        serving.predictor,
        turns.example_of(said),
        today=timezone.localdate(),
        state=_state(said.conversation_id),
    )
    answer = {
        **found.as_turn_json(),
        "text": said.text,
        "model": serving.predictor.name,
    }
    spent = 1000.0 * (time.perf_counter() - started)
    row = _row(said, found, answer, serving.checkpoint_id, spent)
    with transaction.atomic():
        is_new = statements.insert(row, on_conflict=ONCE)
    if not is_new:  # the same turn came twice at once
        return _stored(said) or answer
    return answer


def redacted(data: object) -> Prepared:
    """The turn as it may be stored: by the light pass of intake."""
    try:
        record = records.parse(data)
        return exam.preparer().prepare(1, record)
    except records.RecordError as error:
        raise BadTurnError(str(error)) from None


def _state(conversation: str) -> State:
    if not conversation:
        return State()
    rows = statements.rows(STATE, {"conversation": conversation})
    return State.from_json(_read(rows[0][0])) if rows else State()


def _stored(said: Prepared) -> dict[str, Any] | None:
    if not said.conversation_id:
        return None
    known = {"conversation": said.conversation_id, "number": said.turn}
    rows = statements.rows(THE_SAME, known)
    if not rows:
        return None
    answer, dedupe_key = rows[0]
    if bytes(dedupe_key) != said.dedupe_key:
        raise TurnTakenError(
            _(
                "Turn %(turn)s of this conversation was something else; number the"
                " next turn one higher."
            )
            % {"turn": said.turn}
        )
    return {**_read(answer), "text": said.text}


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
