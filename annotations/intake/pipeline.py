"""Records on their way to the database: redacted, hashed, split, in chunks.

Nothing here touches the database; services/intake.py stores what comes out.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from annotations.intake import normalize
from annotations.intake.bronze import BronzeError
from annotations.intake.readers import UnreadableFileError
from annotations.intake.records import (
    MAX_TEXT,
    Record,
    RecordError,
    Row,
    Span,
    Turn,
    rejected,
)
from annotations.intake.redaction import (
    PLACEHOLDER,
    Numbering,
    Redaction,
    is_caller,
    redact,
)

CHUNK_ROWS = 2000
CONVERSATIONS_KEPT = 5000
CLEAN_TEXTS_KEPT = 20_000
_ENCODE = json.JSONEncoder(ensure_ascii=False).encode
_MONTH = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])")
_NOT_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row as it may be stored. `dedupe_key` is 32 bytes."""

    line: int
    text: str
    dedupe_key: bytes
    is_exam: bool
    context: str  # JSON
    conversation_id: str
    turn: int | None
    outcome: str
    domain: str
    intent: str
    spans: str  # JSON
    bot_intent: str
    bot_confidence: float | None
    is_fallback: bool
    occurred_at: datetime | None
    act: str = ""
    marks_known: bool | None = None  # see Record


@dataclass(slots=True)
class Chunk:
    """Rows that are stored together; the input is settled up to `last_line`."""

    rows: list[Prepared] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)
    last_line: int = 0

    def __len__(self) -> int:
        return len(self.rows) + len(self.rejects)


@dataclass(slots=True)
class _Conversation:
    """What the turns of one conversation share while a file is read."""

    numbering: Numbering = field(default_factory=Numbering)
    redacted: dict[tuple[str, str], str] = field(default_factory=dict)


class Preparer:
    """Turns records into rows; remembers recent conversations for their numbers."""

    def __init__(self, key: bytes, is_exam: Callable[[str], bool]) -> None:
        """is_exam: whether a redacted text belongs to the exam."""
        self._key = key
        self._is_exam = is_exam
        self._conversations: OrderedDict[str, _Conversation] = OrderedDict()
        self._clean: OrderedDict[str, None] = OrderedDict()

    def chunks(self, rows: Iterable[Row], size: int = CHUNK_ROWS) -> Iterator[Chunk]:
        """Rows in order, `size` at a time.

        Where the file cannot be read on, what was read before comes out first.
        """
        chunk = Chunk()
        fault: Exception | None = None
        source = iter(rows)
        while True:
            try:
                row = next(source)
            except StopIteration:
                break
            except (UnreadableFileError, BronzeError) as error:
                fault = error
                break
            self._add(chunk, row)
            if len(chunk) >= size:
                yield chunk
                chunk = Chunk(last_line=chunk.last_line)
        if len(chunk):
            yield chunk
        if fault is not None:
            raise fault

    def _add(self, chunk: Chunk, row: Row) -> None:
        chunk.last_line = row.last_line
        if row.record is None:
            chunk.rejects.append(row)
            return
        try:
            chunk.rows.append(self.prepare(row.line, row.record))
        except RecordError as error:
            chunk.rejects.append(rejected(row.line, error, row.last_line))

    def prepare(self, line: int, record: Record) -> Prepared:
        """The record without personal data; raises RecordError."""
        conversation = self._conversation(record.conversation_id)
        context = self._context(record.context, conversation)
        said = [{"role": t.role, "text": t.text} for t in record.context[-2:]]
        redaction = redact(record.text, said, conversation.numbering)
        text = redaction.text
        asked = next(
            (t.text for t in record.context[:-3:-1] if not is_caller(t.role)), ""
        )
        conversation.redacted[asked, record.text] = text
        if len(text) > MAX_TEXT:
            raise RecordError("too_long", "`text` is too long once it is redacted.")
        key = normalize.dedupe_key(text, self._key)
        return Prepared(
            line=line,
            text=text,
            dedupe_key=key,
            is_exam=self._is_exam(text),
            context=_as_json(context),
            conversation_id=record.conversation_id,
            turn=record.turn if record.conversation_id else None,
            outcome=record.outcome,
            domain=as_name(record.domain)[:40],
            intent=record.intent,
            spans=_as_json(_spans(record.spans, redaction)),
            bot_intent=record.bot_intent,
            bot_confidence=record.bot_confidence,
            is_fallback=record.is_fallback,
            occurred_at=record.occurred_at,
            act=record.act,
            marks_known=record.marks_known,
        )

    def _context(
        self, turns: tuple[Turn, ...], conversation: _Conversation
    ) -> list[dict[str, str]]:
        """Earlier turns, each redacted; a caller's with what was asked before it."""
        redacted: list[dict[str, str]] = []
        question: tuple[dict[str, str], ...] = ()
        for turn in turns:
            if is_caller(turn.role):
                text = self._answer(turn.text, question, conversation)
            else:
                text = self._prompt(turn.text, conversation)
                question = ({"role": turn.role, "text": turn.text},)
            redacted.append({"role": turn.role, "text": text[:MAX_TEXT]})
        return redacted

    def _answer(
        self,
        text: str,
        question: tuple[dict[str, str], ...],
        conversation: _Conversation,
    ) -> str:
        key = (question[0]["text"] if question else "", text)
        known = conversation.redacted.get(key)
        if known is None:
            known = redact(text, question, conversation.numbering).text
            conversation.redacted[key] = known
        return known

    def _prompt(self, text: str, conversation: _Conversation) -> str:
        """`text` redacted. Most turns of a bot are one of a few prompts, all clean."""
        if text in self._clean:
            return text
        redacted = self._answer(text, (), conversation)
        if redacted == text and not PLACEHOLDER.search(text):
            _remember(self._clean, text, None, CLEAN_TEXTS_KEPT)
        return redacted

    def _conversation(self, external_id: str) -> _Conversation:
        if not external_id:
            return _Conversation()
        found = self._conversations.pop(external_id, None) or _Conversation()
        _remember(self._conversations, external_id, found, CONVERSATIONS_KEPT)
        return found


def _as_json(rows: list[dict[str, Any]]) -> str:
    return _ENCODE(rows) if rows else "[]"


def as_name(title: str) -> str:
    """A domain's name as the catalogue spells names: lower case, underscores."""
    return _NOT_NAME.sub("_", title.lower()).strip("_")


def _remember(memory: OrderedDict[str, Any], key: str, value: Any, limit: int) -> None:
    memory[key] = value
    if len(memory) > limit:
        memory.popitem(last=False)


def in_place(text: str, start: int, end: int, value: str) -> str:
    """The text as if the value had been said, so that it is judged where it stands."""
    return text[:start] + value + text[end:]


def is_month(value: str) -> bool:
    """Whether it is a month as values are written, which reads like a number."""
    return _MONTH.fullmatch(value) is not None


def _spans(spans: tuple[Span, ...], redaction: Redaction) -> list[dict[str, Any]]:
    """Spans where they stand in the redacted text, with the words there.

    Of words that were redacted, and of a value that is no less personal, nothing but
    the words as they stand now is kept.
    """
    moved = []
    for span in spans:
        start, end = redaction.map_span(span.start, span.end)
        words = redaction.text[start:end]
        is_kept = redaction.is_untouched(span.start, span.end)
        if is_kept and span.value != words and not is_month(span.value):
            said = in_place(redaction.text, start, end, span.value)
            is_kept = redact(said).is_untouched(start, start + len(span.value))
        moved.append(
            {
                "start": start,
                "end": end,
                "param": span.param,
                "text": words,
                "value": span.value if is_kept else words,
            }
        )
    return moved
