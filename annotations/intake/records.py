"""The canonical record: what every reader makes of a row, whatever the source."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

MAX_TEXT = 2000  # code points
MAX_CONTEXT_TURNS = 12  # the last ones are kept
MAX_SPANS = 50
MAX_VALUE = 500  # code points of what the words of a span amount to
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LATEST_YEAR = 2200
ACTS = ("new", "continues", "corrects", "confirms", "denies", "closes")
_OUTCOMES = {
    "contained": "contained",
    "selfservice": "contained",
    "self_service": "contained",
    "transferred": "transferred",
    "agent": "transferred",
    "abandoned": "abandoned",
    "dropoff": "abandoned",
    "drop_off": "abandoned",
}


class RecordError(ValueError):
    """A row that cannot be stored; the message names the fault, never the text."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` says parameter `param`: code points, half-open.

    value: what the words amount to, as the source has it; the words where it says
    nothing else.
    """

    start: int
    end: int
    param: str
    value: str


@dataclass(frozen=True, slots=True)
class Turn:
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Record:
    text: str
    intent: str = ""
    spans: tuple[Span, ...] = ()
    # Whether somebody looked for parameters, so that no spans means that none was said;
    # None where the record does not tell.
    marks_known: bool | None = None
    context: tuple[Turn, ...] = ()
    conversation_id: str = ""
    turn: int | None = None
    domain: str = ""
    occurred_at: datetime | None = None
    bot_intent: str = ""
    bot_confidence: float | None = None
    is_fallback: bool = False
    outcome: str = ""
    act: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One input row: a record, or why there is none. `last_line` ends the row."""

    line: int
    last_line: int
    record: Record | None = None
    code: str = ""
    reason: str = ""


def rejected(line: int, error: RecordError, last_line: int | None = None) -> Row:
    return Row(line, last_line or line, code=error.code, reason=str(error))


def parse(data: object) -> Record:
    """The record in a decoded JSON object; raises RecordError. Other keys are left."""
    if not isinstance(data, Mapping):
        raise RecordError("not_an_object", "The line is not a JSON object.")
    text = _text(data)
    return Record(
        text=text,
        intent=_name(data, "intent"),
        spans=_spans(data.get("spans"), text),
        marks_known=_marks_known(data),
        context=_context(data.get("context")),
        conversation_id=_conversation(data),
        turn=_turn(data.get("turn")),
        domain=_name(data, "domain"),
        occurred_at=_time(data.get("occurred_at")),
        bot_intent=_word(data, "bot_intent", 80),
        bot_confidence=_confidence(data.get("bot_confidence")),
        is_fallback=_flag(data.get("is_fallback"), "is_fallback"),
        outcome=_OUTCOMES.get(_word(data, "outcome", 40).lower(), ""),
        act=_act(data),
    )


def checked_text(value: object, field: str, limit: int = MAX_TEXT) -> str:
    """`value` as storable text within `limit` code points."""
    if not isinstance(value, str):
        raise RecordError("wrong_type", f"`{field}` is no text.")
    if len(value) > limit:
        raise RecordError(
            "too_long", f"`{field}` has {len(value)} characters; at most {limit}."
        )
    found = _UNSTORABLE.search(value)
    if found is not None:
        kind = "a NUL" if found[0] == "\0" else "half a surrogate pair"
        raise RecordError("unstorable_text", f"`{field}` holds {kind}.")
    return value


def _text(data: Mapping[str, object]) -> str:
    if "text" not in data:
        raise RecordError("no_text", "There is no `text`.")
    text = checked_text(data["text"], "text")
    if not any(c.isalnum() for c in text) and not text.strip():
        raise RecordError("empty_text", "`text` is empty.")
    return text


def _word(data: Mapping[str, object], field: str, limit: int) -> str:
    value = data.get(field)
    return "" if value is None else checked_text(value, field, limit).strip()


def _name(data: Mapping[str, object], field: str) -> str:
    """A name of at most 80 characters; some sources number what they know."""
    value = data.get(field)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return _word({field: str(value)} if is_number else data, field, 80)


def _conversation(data: Mapping[str, object]) -> str:
    """`dialogue_id` is what public data sets call it; some sources use numbers."""
    for field in ("conversation_id", "dialogue_id"):
        value = data.get(field)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is not None:
            return checked_text(value, field, 120).strip()
    return ""


def _spans(value: object, text: str) -> tuple[Span, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_SPANS:
        raise RecordError("bad_spans", f"`spans` is not a list of at most {MAX_SPANS}.")
    if any(not isinstance(item, Mapping) for item in value):
        raise RecordError("bad_spans", "A span is not an object.")
    # What an earlier turn said does not stand in this text.
    return tuple(_span(item, text) for item in value if item.get("turn") is None)


def _marks_known(data: Mapping[str, object]) -> bool | None:
    """What is not said is told by `spans`: an empty list is an answer, none is not."""
    if data.get("marks_known") is not None:
        return _flag(data["marks_known"], "marks_known")
    return None if data.get("spans") is None else True


def _span(item: Mapping[str, object], text: str) -> Span:
    start, end = item.get("start"), item.get("end")
    if not _is_count(start) or not _is_count(end):
        raise RecordError(
            "bad_spans", "A span's `start` or `end` is not a whole number."
        )
    assert isinstance(start, int) and isinstance(end, int)  # for the type checker
    param = checked_text(item.get("param"), "span.param", 80).strip()
    if not param:
        raise RecordError("bad_spans", "A span has no `param`.")
    if not start < end <= len(text):
        raise RecordError("span_outside", "A span lies outside the text.")
    words = text[start:end]
    value = _value(item.get("value"), words)
    given = item.get("text")
    if given is not None and given != words:
        raise RecordError("span_differs", "A span's `text` is not what stands there.")
    # Of a value that is no echo nothing can be told, but for one that stands elsewhere.
    is_moved = value != words and len(value) == len(words) and value in text
    if given is None and is_moved:
        raise RecordError(
            "span_differs", "A span's `value` stands elsewhere in the text."
        )
    return Span(start, end, param, value)


def _value(value: object, words: str) -> str:
    """What a parameter was said to be: a text, a number, or true or false."""
    if value is None or value == "":
        return words
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return checked_text(value, "span.value", MAX_VALUE)


def _context(value: object) -> tuple[Turn, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise RecordError("bad_context", "`context` is not a list.")
    return tuple(_context_turn(item) for item in value[-MAX_CONTEXT_TURNS:])


def _context_turn(item: object) -> Turn:
    if not isinstance(item, Mapping):
        raise RecordError("bad_context", "A turn of `context` is not an object.")
    try:
        role = checked_text(item.get("role"), "context.role", 40)
        text = checked_text(item.get("text"), "context.text")
    except RecordError as error:
        raise RecordError("bad_context", str(error)) from None
    return Turn(role, text)


def _act(data: Mapping[str, object]) -> str:
    act = _word(data, "act", 10).lower()
    if act and act not in ACTS:
        raise RecordError("bad_act", f"`act` is none of: {', '.join(ACTS)}.")
    return act


def _turn(value: object) -> int | None:
    if value is None:
        return None
    if not _is_count(value) or value > 2**31 - 1:  # type: ignore[operator]
        raise RecordError("bad_turn", "`turn` is not a whole number from 0.")
    return value  # type: ignore[return-value]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _time(value: object) -> datetime | None:
    """An ISO 8601 time; without an offset it counts as UTC."""
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(checked_text(value, "occurred_at", 64))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
    except (RecordError, ValueError, OverflowError):
        raise RecordError(
            "bad_time", "`occurred_at` is not an ISO 8601 time."
        ) from None
    if moment.year > _LATEST_YEAR:
        raise RecordError("bad_time", "`occurred_at` lies too far in the future.")
    return moment


def _confidence(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecordError("bad_confidence", "`bot_confidence` is not a number.")
    if not math.isfinite(value) or not 0 <= value <= 1:
        raise RecordError("bad_confidence", "`bot_confidence` is not between 0 and 1.")
    return float(value)


def _flag(value: object, field: str) -> bool:
    if value is None:
        return False
    if not isinstance(value, bool):
        raise RecordError("wrong_type", f"`{field}` is neither true nor false.")
    return value
