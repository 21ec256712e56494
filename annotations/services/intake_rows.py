"""Storing one chunk of prepared rows: COPY, then a few statements over the chunk.

Runs inside the caller's transaction. Rows are taken in one order everywhere, so that
two workers with the same texts wait for each other instead of deadlocking.
"""

from dataclasses import dataclass

from django.db import connection
from psycopg import Cursor

from annotations.intake.pipeline import Chunk, Prepared
from annotations.models import IntakeBatch, RejectedRow

_STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS intake_stage (
    line bigint, text text, dedupe_key bytea, split text, context jsonb,
    conversation text, turn integer, outcome text, domain text, intent text,
    spans jsonb, bot_intent text, bot_confidence float8, is_fallback boolean,
    occurred_at timestamptz, act text, marks_known boolean, conversation_id bigint,
    is_replay boolean DEFAULT false
)
"""

_COPY = """
COPY intake_stage (line, text, dedupe_key, split, context, conversation, turn, outcome,
    domain, intent, spans, bot_intent, bot_confidence, is_fallback, occurred_at, act,
    marks_known)
FROM STDIN
"""

# The update that changes nothing locks the row: another worker with turns of the
# same conversation waits here and sees ours afterwards.
_CONVERSATIONS = """
INSERT INTO annotations_conversation (source, external_id, outcome)
SELECT %(source)s, conversation, max(outcome) FROM intake_stage
    WHERE conversation <> '' GROUP BY conversation ORDER BY conversation
ON CONFLICT (source, external_id) DO UPDATE
    SET outcome = coalesce(nullif(excluded.outcome, ''),
                           annotations_conversation.outcome)
"""

_LINK = """
UPDATE intake_stage s SET conversation_id = c.id FROM annotations_conversation c
    WHERE c.source = %(source)s AND c.external_id = s.conversation
    AND s.conversation <> ''
"""

# A turn that is stored already, or stands twice in this chunk, counts for nothing.
_REPLAYS = """
WITH placed AS (
    SELECT s.line, t.id IS NOT NULL AS is_stored,
        row_number() OVER (
            PARTITION BY s.conversation_id, s.turn ORDER BY s.line) AS nth
    FROM intake_stage s LEFT JOIN annotations_turn t
        ON t.conversation_id = s.conversation_id AND t.number = s.turn
    WHERE s.turn IS NOT NULL
)
UPDATE intake_stage s SET is_replay = true FROM placed p
    WHERE p.line = s.line AND (p.is_stored OR p.nth > 1)
"""

# Ids follow the file's lines: the key of an installation decides in which order rows
# are locked, but not which of two is the earlier one.
_UTTERANCES = """
WITH fresh AS (
    SELECT DISTINCT ON (dedupe_key) *,
        count(*) OVER (PARTITION BY dedupe_key) AS said
    FROM intake_stage WHERE NOT is_replay ORDER BY dedupe_key, line
), numbered AS (
    SELECT in_order.*,
        nextval(pg_get_serial_sequence('annotations_utterance', 'id')) AS id
    FROM (SELECT * FROM fresh ORDER BY line) in_order
), stored AS (
    INSERT INTO annotations_utterance (id, text, dedupe_key, count, split, status,
        redaction, context, conversation_id, turn, source, domain_id, bot_intent,
        bot_confidence, is_fallback, batch_id, occurred_at)
    SELECT f.id, f.text, f.dedupe_key, f.said,
        CASE WHEN %(source)s = 'expert' THEN 'train' ELSE f.split END,
        'pool', 'light', f.context,
        f.conversation_id, f.turn, %(source)s, d.id, f.bot_intent, f.bot_confidence,
        f.is_fallback, %(batch)s, f.occurred_at
    FROM numbered f LEFT JOIN annotations_domain d ON d.name = f.domain
    ORDER BY f.dedupe_key
    ON CONFLICT (dedupe_key) DO UPDATE
        SET count = annotations_utterance.count + excluded.count
    RETURNING (xmax = 0) AS is_new
)
SELECT count(*) FILTER (WHERE is_new) FROM stored
"""

_TURNS = """
INSERT INTO annotations_turn (conversation_id, number, utterance_id, occurred_at)
SELECT s.conversation_id, s.turn, u.id, coalesce(s.occurred_at, now())
FROM intake_stage s
    JOIN annotations_utterance u ON u.dedupe_key = s.dedupe_key
    WHERE s.turn IS NOT NULL AND NOT s.is_replay
ORDER BY s.line
ON CONFLICT (conversation_id, number) DO NOTHING
"""

_LABELS = """
INSERT INTO annotations_pendinglabel (
    utterance_id, batch_id, intent, domain, spans, act, marks_known)
SELECT DISTINCT ON (u.id, s.intent) u.id, %(batch)s, s.intent,
    coalesce(nullif(s.domain, ''), 'imported'), s.spans, s.act, s.marks_known
FROM intake_stage s JOIN annotations_utterance u ON u.dedupe_key = s.dedupe_key
    WHERE s.intent <> '' ORDER BY u.id, s.intent, s.marks_known DESC, s.line
ON CONFLICT (utterance_id, intent) DO UPDATE SET spans = excluded.spans,
    act = coalesce(nullif(excluded.act, ''), annotations_pendinglabel.act),
    marks_known = true
    WHERE excluded.marks_known AND NOT annotations_pendinglabel.marks_known
"""


@dataclass(frozen=True, slots=True)
class Counts:
    accepted: int
    duplicate: int
    rejected: int

    @property
    def received(self) -> int:
        return self.accepted + self.duplicate + self.rejected


def store(
    chunk: Chunk, batch: IntakeBatch, *, with_labels: bool, unmarked_known: bool = False
) -> Counts:
    """Every row of the chunk is stored, counted as known, or listed as rejected.

    unmarked_known: whether rows that do not tell whether somebody looked for parameters
    were looked at.
    """
    accepted = 0
    if chunk.rows:
        accepted = _store_rows(chunk.rows, batch, with_labels, unmarked_known)
    RejectedRow.objects.bulk_create(
        [
            RejectedRow(batch=batch, line=r.line, code=r.code, reason=r.reason[:300])
            for r in chunk.rejects
        ]
    )
    return Counts(
        accepted=accepted,
        duplicate=len(chunk.rows) - accepted,
        rejected=len(chunk.rejects),
    )


def _store_rows(
    rows: list[Prepared], batch: IntakeBatch, with_labels: bool, unmarked_known: bool
) -> int:
    values = {"source": batch.source, "batch": batch.pk}
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        cursor.execute("TRUNCATE intake_stage")
        _copy(cursor.cursor, rows, unmarked_known)
        cursor.execute("ANALYZE intake_stage")  # else joins compare row by row
        if any(row.conversation_id for row in rows):
            cursor.execute(_CONVERSATIONS, values)
            cursor.execute(_LINK, values)
            cursor.execute(_REPLAYS)
        cursor.execute(_UTTERANCES, values)
        (accepted,) = cursor.fetchone()
        if any(row.turn is not None for row in rows):
            cursor.execute(_TURNS)
        if with_labels and any(row.intent for row in rows):
            cursor.execute(_LABELS, values)
    return int(accepted)


def _copy(
    cursor: Cursor[tuple[object, ...]], rows: list[Prepared], unmarked_known: bool
) -> None:
    with cursor.copy(_COPY) as copy:
        for row in rows:
            copy.write_row(
                (
                    row.line,
                    row.text,
                    row.dedupe_key,
                    "exam" if row.is_exam else "train",
                    row.context,
                    row.conversation_id,
                    row.turn,
                    row.outcome,
                    row.domain,
                    row.intent,
                    row.spans,
                    row.bot_intent,
                    row.bot_confidence,
                    row.is_fallback,
                    row.occurred_at,
                    row.act,
                    unmarked_known if row.marks_known is None else row.marks_known,
                )
            )
