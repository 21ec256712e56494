"""What is always true of the queue and of what is done in bulk, as SQL."""

from annotations.invariants.invariant import Invariant

INVARIANTS = (
    Invariant(
        "bulk_members_have_what_was_done",
        "What a bulk action did to an utterance is an event of whoever acted.",
        """SELECT 'bulk:' || b.id, 'utterance:' || m.utterance_id
        FROM annotations_bulkmember m
        JOIN annotations_bulkaction b ON b.id = m.action_id
        LEFT JOIN annotations_annotation a ON a.id = m.annotation_id
        WHERE m.state IN ('done', 'undone', 'in_use')
            AND b.kind IN ('relabel', 'exclude', 'quarantine') AND (a.id IS NULL
                OR a.annotator_id <> b.created_by_id
                OR a.utterance_id <> m.utterance_id)""",
    ),
    Invariant(
        "one_open_item_per_utterance",
        "An utterance stands in the queue once.",
        """SELECT 'utterance:' || utterance_id FROM annotations_queueitem
        WHERE status IN ('ready', 'leased')
        GROUP BY utterance_id HAVING count(*) > 1""",
    ),
    Invariant(
        "leases_are_whole",
        "A leased item has a holder and an end, any other has no end.",
        """SELECT 'item:' || id FROM annotations_queueitem
        WHERE status NOT IN ('ready', 'leased', 'done', 'skipped', 'quarantined')
            OR status = 'leased' AND (leased_by_id IS NULL OR leased_at IS NULL
                OR lease_expires_at IS NULL)
            OR status <> 'leased' AND lease_expires_at IS NOT NULL""",
    ),
    Invariant(
        "expired_leases_are_freed",
        "While a worker lives no lease outlasts its end by minutes.",
        """SELECT 'item:' || id FROM annotations_queueitem
        WHERE status = 'leased'
            AND lease_expires_at < clock_timestamp() - interval '3 minutes'
            AND EXISTS (SELECT FROM annotations_workerheartbeat w
                WHERE 'default' = ANY (string_to_array(w.queues, ','))
                AND w.last_seen_at > clock_timestamp() - interval '30 seconds'
                AND w.started_at < clock_timestamp() - interval '3 minutes')""",
    ),
    Invariant(
        "queued_texts_may_be_seen",
        "Only fully redacted texts that nobody reported wait in the queue.",
        """SELECT 'item:' || q.id, u.redaction, u.status FROM annotations_queueitem q
        JOIN annotations_utterance u ON u.id = q.utterance_id
        WHERE q.status IN ('ready', 'leased')
            AND (u.redaction <> 'full' OR u.status IN ('quarantined', 'erased'))""",
    ),
    Invariant(
        "answered_texts_are_not_drawn",
        "What is labeled waits in the queue only where another look was wanted.",
        """SELECT 'item:' || q.id FROM annotations_queueitem q
        JOIN annotations_utterance u ON u.id = q.utterance_id
        WHERE q.status = 'ready' AND q.holders = '{}' AND u.status = 'labeled'
            AND q.reason NOT IN ('second_opinion', 'schema_changed', 'requested')""",
    ),
    Invariant(
        "exam_texts_are_not_picked",
        "No model picks which exam texts are asked.",
        """SELECT 'item:' || q.id FROM annotations_queueitem q
        JOIN annotations_utterance u ON u.id = q.utterance_id
        WHERE q.status IN ('ready', 'leased') AND u.split = 'exam'
            AND q.reason IN ('uncertain', 'fallback', 'diverse')""",
    ),
    Invariant(
        "gold_texts_are_redacted",
        "No gold label is of a text that the full redaction has not read.",
        """SELECT 'utterance:' || u.id FROM annotations_goldlabel g
        JOIN annotations_utterance u ON u.id = g.utterance_id
        WHERE u.redaction <> 'full'""",
    ),
)
