"""What is always true of the trail, as SQL."""

from annotations.invariants.invariant import Invariant

INVARIANTS = (
    Invariant(
        "trail_has_no_gap",
        "The events of a stream are numbered from 1 without a gap.",
        """SELECT stream, count(*) FROM annotations_auditevent
        GROUP BY stream HAVING min(seq) <> 1 OR max(seq) <> count(*)
            OR count(DISTINCT seq) <> count(*)""",
    ),
    Invariant(
        "trail_is_linked",
        "Every event carries the hash of the one before (see `audit verify`).",
        """SELECT e.stream, e.seq FROM (
            SELECT stream, seq, prev_hash,
                lag(hash, 1, '') OVER (PARTITION BY stream ORDER BY seq) AS before
            FROM annotations_auditevent) e
        WHERE e.prev_hash <> e.before""",
    ),
    Invariant(
        "answers_are_on_the_trail",
        "Every answer given to a queue item, review and undo left its event.",
        """SELECT 'annotation:' || a.id FROM annotations_annotation a
        WHERE (a.queue_item_id IS NOT NULL OR a.kind IN ('undo', 'reopen')
                OR a.is_review AND a.revises_id IS NULL)
            AND NOT EXISTS (SELECT FROM annotations_auditevent e
                WHERE e.object = 'annotation:' || coalesce(a.undoes_id, a.id)
                AND (a.kind <> 'undo' OR e.action LIKE '%.undone'))""",
    ),
    Invariant(
        "approvals_are_on_the_trail",
        "Every approved schema version left its event.",
        """SELECT 'schema:' || v.id FROM annotations_schemaversion v
        WHERE v.approved_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM annotations_auditevent e
            WHERE e.object = 'schema:' || v.id
            AND e.action IN ('schema.approved', 'schema.approved_in_emergency'))""",
    ),
)
