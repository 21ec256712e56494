"""What is always true of the machines' side of the data, as SQL."""

from annotations.invariants import Invariant

ROUNDS = (
    Invariant(
        "rounds_move_on",
        "While a trainer lives, a round at work is heard of every few minutes.",
        """SELECT 'round:' || r.id, r.status FROM training_round r
        WHERE r.status IN ('requested', 'snapshot', 'training', 'evaluating', 'gate')
            AND coalesce(r.heartbeat_at, r.requested_at)
                < clock_timestamp() - interval '3 minutes'
            AND EXISTS (SELECT FROM annotations_workerheartbeat w
                WHERE 'gpu' = ANY (string_to_array(w.queues, ','))
                AND w.last_seen_at > clock_timestamp() - interval '30 seconds'
                AND w.started_at < clock_timestamp() - interval '3 minutes')""",
    ),
    Invariant(
        "rounds_give_up",
        "No round is tried more than three times.",
        "SELECT 'round:' || id FROM training_round WHERE attempts > 3",
    ),
    Invariant(
        "one_working_round_per_family",
        "At most one round of a family is at work.",
        """SELECT family FROM training_round
        WHERE status IN ('requested', 'snapshot', 'training', 'evaluating', 'gate')
        GROUP BY family HAVING count(*) > 1""",
    ),
    Invariant(
        "ended_rounds_have_an_end",
        "A round that ended says when, and no other does.",
        """SELECT 'round:' || id, status FROM training_round
        WHERE (status IN ('promoted', 'rejected', 'failed', 'cancelled'))
            <> (finished_at IS NOT NULL)""",
    ),
    Invariant(
        "shadow_has_what_it_waits_for",
        "A round in shadow has a challenger, a champion and turns to wait for.",
        """SELECT 'round:' || id FROM training_round WHERE status = 'shadow'
        AND (challenger_id IS NULL OR champion_id IS NULL OR shadow_needed < 1
            OR heartbeat_at IS NOT NULL)""",
    ),
    Invariant(
        "promoted_after_its_shadow",
        "No challenger serves before its live turns, unless people decided so.",
        """SELECT 'round:' || id FROM training_round WHERE status = 'promoted'
        AND shadow_seen < shadow_needed AND decided_by_id IS NULL""",
    ),
    Invariant(
        "promoted_rounds_promoted",
        "The challenger of a promoted round was promoted.",
        """SELECT 'round:' || r.id FROM training_round r
        WHERE r.status = 'promoted' AND NOT EXISTS (
            SELECT FROM training_promotion p
            WHERE p.checkpoint_id = r.challenger_id)""",
    ),
)

MODELS = (
    Invariant(
        "one_champion_per_family",
        "A family has at most one champion.",
        """SELECT family FROM training_checkpoint WHERE state = 'champion'
        GROUP BY family HAVING count(*) > 1""",
    ),
    Invariant(
        "champions_were_gated",
        "A champion was compared first; one that did not pass, two people promoted.",
        """SELECT 'checkpoint:' || c.id FROM training_checkpoint c
        WHERE c.state = 'champion' AND (c.gate_passed IS NULL
            OR NOT c.gate_passed AND NOT EXISTS (
                SELECT FROM training_forcedpromotion f
                WHERE f.checkpoint_id = c.id AND f.status = 'confirmed'))""",
    ),
    Invariant(
        "forced_promotions_have_two_people",
        "Who confirmed a promotion against the gate is not who asked for it.",
        """SELECT 'force:' || id FROM training_forcedpromotion
        WHERE status = 'confirmed'
            AND (decided_by_id IS NULL OR decided_by_id = requested_by_id)""",
    ),
    Invariant(
        "forced_promotions_are_on_the_trail",
        "Every request to promote against the gate and its end left their events.",
        """SELECT 'force:' || f.id, a.action FROM training_forcedpromotion f
        CROSS JOIN LATERAL (VALUES ('force.requested'),
            (CASE f.status WHEN 'requested' THEN NULL
                ELSE 'force.' || f.status END)) a (action)
        WHERE a.action IS NOT NULL AND NOT EXISTS (
            SELECT FROM annotations_auditevent e
            WHERE e.action = a.action AND e.payload::jsonb ->> 'force' = f.id::text)""",
    ),
    Invariant(
        "champions_have_content",
        "A champion's files are known by the hash of their manifest.",
        """SELECT 'checkpoint:' || id FROM training_checkpoint
        WHERE state = 'champion'
            AND (manifest_sha256 !~ '^[0-9a-f]{64}$' OR path = '')""",
    ),
    Invariant(
        "promotion_open_while_champion",
        "A checkpoint is champion exactly while its promotion is open.",
        """SELECT 'checkpoint:' || c.id, c.state FROM training_checkpoint c
        WHERE (c.state = 'champion') <> EXISTS (
            SELECT FROM training_promotion p
            WHERE p.checkpoint_id = c.id AND p.to_at IS NULL)""",
    ),
    Invariant(
        "promotions_do_not_overlap",
        "No two promotions of a family hold at the same time.",
        """SELECT 'promotion:' || a.id, b.id FROM training_promotion a
        JOIN training_promotion b ON a.family = b.family AND b.id > a.id
        WHERE tstzrange(a.from_at, a.to_at) && tstzrange(b.from_at, b.to_at)""",
    ),
    Invariant(
        "promotions_are_on_the_trail",
        "Every promotion and every roll back left its event.",
        """SELECT 'promotion:' || p.id FROM training_promotion p
        WHERE NOT EXISTS (SELECT FROM annotations_auditevent e
            WHERE e.action IN ('checkpoint.promoted', 'checkpoint.rolled_back')
            AND e.payload::jsonb ->> 'promotion' = p.id::text)""",
    ),
    Invariant(
        "one_checkpoint_per_attempt",
        "One attempt of a round makes at most one checkpoint.",
        """SELECT 'round:' || round_id, attempt FROM training_checkpoint
        WHERE round_id IS NOT NULL GROUP BY round_id, attempt HAVING count(*) > 1""",
    ),
)

DATA = (
    Invariant(
        "snapshots_are_complete",
        "A snapshot has as many members as it says.",
        """SELECT 'snapshot:' || s.id, s.n, count(m.id) FROM training_datasetsnapshot s
        LEFT JOIN training_snapshotmember m ON m.snapshot_id = s.id
        GROUP BY s.id HAVING s.n <> count(m.id)""",
    ),
    Invariant(
        "exam_is_never_trained_on",
        "No exam text is among those trained or calibrated on, nor the reverse.",
        """SELECT 'snapshot:' || m.snapshot_id, 'utterance:' || u.id, m.split
        FROM training_snapshotmember m
        JOIN annotations_utterance u ON u.id = m.utterance_id
        WHERE (u.split = 'exam') <> (m.split = 'exam')""",
    ),
    Invariant(
        "members_are_labels_of_their_text",
        "A member of a snapshot is a label given to its own text, once.",
        """SELECT 'snapshot:' || m.snapshot_id, 'utterance:' || m.utterance_id
        FROM training_snapshotmember m
        LEFT JOIN annotations_annotation a ON a.id = m.annotation_id
        WHERE a.id IS NULL OR a.utterance_id <> m.utterance_id OR a.kind <> 'label'
        UNION ALL
        SELECT 'snapshot:' || snapshot_id, 'utterance:' || utterance_id
        FROM training_snapshotmember
        GROUP BY snapshot_id, utterance_id HAVING count(*) > 1""",
    ),
    Invariant(
        "conversations_are_on_one_side",
        "No conversation is both learned from and calibrated on, nor, where asked, "
        "in the exam as well.",
        """SELECT 'snapshot:' || s.id, 'conversation:' || u.conversation_id
        FROM training_snapshotmember m
        JOIN training_datasetsnapshot s ON s.id = m.snapshot_id
        JOIN annotations_utterance u ON u.id = m.utterance_id
        WHERE u.conversation_id IS NOT NULL AND (m.split <> 'exam'
            OR s.description #>> '{card,separate_conversations}' = 'true')
        GROUP BY s.id, u.conversation_id
        HAVING count(DISTINCT m.split) > 1""",
    ),
    Invariant(
        "unread_texts_are_not_trained_on",
        "No text that the full redaction has not read is in a snapshot.",
        """SELECT 'snapshot:' || m.snapshot_id, 'utterance:' || u.id
        FROM training_snapshotmember m
        JOIN annotations_utterance u ON u.id = m.utterance_id
        WHERE u.redaction <> 'full' AND u.status <> 'erased'""",
    ),
    Invariant(
        "reported_texts_are_not_trained_on",
        "No text that was reported before a snapshot was taken is in it.",
        """SELECT 'snapshot:' || m.snapshot_id, 'utterance:' || m.utterance_id
        FROM training_snapshotmember m
        JOIN training_datasetsnapshot s ON s.id = m.snapshot_id
        JOIN annotations_annotation a ON a.utterance_id = m.utterance_id
        WHERE a.kind = 'quarantine' AND a.created_at < s.created_at
            AND NOT EXISTS (SELECT FROM annotations_annotation u
                WHERE u.undoes_id = a.id)""",
    ),
    Invariant(
        "unread_texts_have_no_embedding",
        "No embedding or suggestion exists of a text that may not be seen.",
        """SELECT 'embedding:' || u.id FROM training_utteranceembedding e
        JOIN annotations_utterance u ON u.id = e.utterance_id
        WHERE u.redaction <> 'full' OR u.status = 'erased'
        UNION ALL
        SELECT 'suggestion:' || u.id FROM annotations_suggestion s
        JOIN annotations_utterance u ON u.id = s.utterance_id
        WHERE u.redaction <> 'full' OR u.status = 'erased'""",
    ),
)

LIVE = (
    Invariant(
        "live_turns_reach_the_pool",
        "While a worker lives, an answered turn is in the pool within minutes.",
        """SELECT 'live turn:' || t.id FROM training_liveturn t
        WHERE t.pooled_at IS NULL
            AND t.created_at < clock_timestamp() - interval '10 minutes'
            AND EXISTS (SELECT FROM annotations_workerheartbeat w
                WHERE 'default' = ANY (string_to_array(w.queues, ','))
                AND w.last_seen_at > clock_timestamp() - interval '30 seconds'
                AND w.started_at < clock_timestamp() - interval '10 minutes')""",
    ),
    Invariant(
        "pooled_turns_hold_no_words",
        "A live turn that the pool has keeps none of its words.",
        """SELECT 'live turn:' || id FROM training_liveturn
        WHERE pooled_at IS NOT NULL AND (text <> '' OR context <> '[]'
            OR answer ?| ARRAY['parameters', 'function_call', 'text'])""",
    ),
)

DRIFT = (
    Invariant(
        "drift_alarms_are_on_the_trail",
        "An alarm is of a check that was done, and left its event.",
        """SELECT 'drift:' || d.id FROM training_driftcheck d
        WHERE d.is_alarm AND (d.status <> 'done' OR NOT EXISTS (
            SELECT FROM annotations_auditevent e WHERE e.action = 'drift.alarm'
            AND e.object = 'drift:' || d.id))""",
    ),
)

INVARIANTS = (*ROUNDS, *MODELS, *DATA, *LIVE, *DRIFT)
