"""What is always true of people's side of the data, as SQL.

Each statement selects the things that break its sentence, as `kind:id` in the first
column; no row is the promise. Most are constraints or triggers as well: these say so
even where somebody dropped one, or wrote past it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Invariant:
    name: str
    sentence: str
    sql: str


# Events that nobody took back.
STANDING = """
standing AS (
    SELECT a.* FROM annotations_annotation a
    WHERE a.kind <> 'undo' AND NOT EXISTS (
        SELECT FROM annotations_annotation u WHERE u.undoes_id = a.id)
)"""

# annotations/services/gold.py, said a second time and in another language: the two
# have to agree about every utterance.
VERDICTS = f"""
{STANDING},
labels AS (
    SELECT l.* FROM standing l WHERE l.kind = 'label' AND NOT EXISTS (
        SELECT FROM standing r WHERE r.revises_id = l.id)
),
kinds AS (
    SELECT s.utterance_id, bool_or(s.kind = 'quarantine') AS reported,
        bool_or(s.kind = 'skip') AS skipped, count(l.id) AS n,
        max(s.created_at) FILTER (WHERE s.kind = 'reopen') AS reopened_at
    FROM standing s LEFT JOIN labels l ON l.id = s.id GROUP BY s.utterance_id
),
votes AS (
    SELECT utterance_id, intent_id, count(*) AS n, max(created_at) AS newest
    FROM labels GROUP BY utterance_id, intent_id
),
leaders AS (
    SELECT DISTINCT ON (utterance_id) * FROM votes
    ORDER BY utterance_id, n DESC, newest DESC
),
reviews AS (
    SELECT l.utterance_id, max(l.created_at) AS newest
    FROM labels l JOIN kinds k USING (utterance_id)
    WHERE l.is_review AND (k.reopened_at IS NULL OR l.created_at > k.reopened_at)
    GROUP BY l.utterance_id
),
verdicts AS (
    SELECT k.utterance_id, r.newest AS review_at, l.intent_id, l.newest AS label_at,
        CASE WHEN k.reported THEN 'quarantined'
            WHEN k.n = 0 AND k.skipped THEN 'skipped'
            WHEN k.n = 0 THEN 'pool'
            WHEN r.newest IS NULL AND k.reopened_at IS NOT NULL THEN 'review'
            WHEN r.newest IS NOT NULL OR k.n = 1 OR 2 * l.n > k.n THEN 'labeled'
            ELSE 'review' END AS status,
        CASE WHEN r.newest IS NOT NULL THEN 'reviewed'
            WHEN k.n = 1 THEN 'single' ELSE 'agreed' END AS rule
    FROM kinds k
    LEFT JOIN leaders l USING (utterance_id)
    LEFT JOIN reviews r USING (utterance_id)
)"""

ANSWERS = (
    Invariant(
        "one_standing_answer_per_person",
        "Nobody has two standing answers on one utterance.",
        f"""WITH {STANDING}
        SELECT 'utterance:' || s.utterance_id, s.annotator_id FROM standing s
        JOIN annotations_user p ON p.id = s.annotator_id
        WHERE s.kind <> 'reopen' AND NOT EXISTS (
            SELECT FROM standing r WHERE r.revises_id = s.id)
        GROUP BY s.utterance_id, s.annotator_id,
            -- A system author speaks once for each answer that it revises.
            CASE WHEN p.is_system THEN s.revises_id END
        HAVING count(*) > 1""",
    ),
    Invariant(
        "answers_have_their_utterance",
        "Every answer belongs to an utterance and to somebody.",
        """SELECT 'annotation:' || a.id FROM annotations_annotation a
        LEFT JOIN annotations_utterance u ON u.id = a.utterance_id
        LEFT JOIN annotations_user p ON p.id = a.annotator_id
        WHERE u.id IS NULL OR p.id IS NULL""",
    ),
    Invariant(
        "gold_is_a_standing_label",
        "A gold label is a standing label of its utterance, with the same intent.",
        """SELECT 'utterance:' || g.utterance_id FROM annotations_goldlabel g
        LEFT JOIN annotations_annotation a ON a.id = g.annotation_id
        WHERE a.id IS NULL OR a.kind <> 'label' OR a.utterance_id <> g.utterance_id
            OR a.intent_id <> g.intent_id OR EXISTS (
                SELECT FROM annotations_annotation u WHERE u.undoes_id = a.id)""",
    ),
    Invariant(
        "status_follows_the_answers",
        "An utterance's status and whether it has gold follow from its answers.",
        f"""WITH {VERDICTS}
        SELECT 'utterance:' || u.id, u.status, v.status
        FROM annotations_utterance u
        LEFT JOIN verdicts v ON v.utterance_id = u.id
        LEFT JOIN annotations_goldlabel g ON g.utterance_id = u.id
        WHERE u.status <> 'erased' AND (
            v.status <> u.status
            OR v.status IS NULL AND u.status IN ('labeled', 'review', 'skipped')
            OR (g.utterance_id IS NOT NULL) <> (coalesce(v.status, '') = 'labeled'))""",
    ),
    Invariant(
        "gold_follows_the_rule",
        "Of several labels the newest review is gold, else the newest of the majority.",
        f"""WITH {VERDICTS}
        SELECT 'utterance:' || g.utterance_id, g.rule, v.rule
        FROM annotations_goldlabel g
        JOIN verdicts v ON v.utterance_id = g.utterance_id AND v.status = 'labeled'
        JOIN annotations_annotation a ON a.id = g.annotation_id
        WHERE g.rule <> v.rule
            OR v.rule = 'reviewed' AND (NOT a.is_review OR a.created_at < v.review_at)
            OR v.rule <> 'reviewed' AND (
                a.intent_id <> v.intent_id OR a.created_at < v.label_at)""",
    ),
    Invariant(
        "undo_is_of_ones_own_answer",
        "An undo takes back one's own answer or, as a review, another's report.",
        """SELECT 'annotation:' || u.id FROM annotations_annotation u
        LEFT JOIN annotations_annotation o ON o.id = u.undoes_id
        WHERE u.kind = 'undo' AND (
            o.id IS NULL OR o.kind = 'undo' OR o.utterance_id <> u.utterance_id
            OR (o.annotator_id <> u.annotator_id) <> u.is_review
            OR u.is_review AND o.kind <> 'quarantine')
            OR u.kind <> 'undo' AND u.undoes_id IS NOT NULL
        UNION ALL
        SELECT 'annotation:' || undoes_id FROM annotations_annotation
        WHERE undoes_id IS NOT NULL GROUP BY undoes_id HAVING count(*) > 1""",
    ),
    Invariant(
        "spans_read_as_stored",
        "A span lies within its text, or an earlier turn's, and reads as stored.",
        """SELECT 'span:' || s.id, 'annotation:' || s.annotation_id
        FROM annotations_parameterspan s
        JOIN annotations_annotation a ON a.id = s.annotation_id
        JOIN annotations_utterance u ON u.id = a.utterance_id
        CROSS JOIN LATERAL (SELECT CASE WHEN s.turn IS NULL THEN u.text
            ELSE u.context -> s.turn::integer ->> 'text' END) AS said(it)
        WHERE u.status <> 'erased' AND (
            said.it IS NULL OR s.start < 0 OR s."end" <= s.start
            OR s."end" > char_length(said.it)
            OR substr(said.it, s.start + 1, s."end" - s.start) <> s.text)""",
    ),
    Invariant(
        "reported_places_lie_in_their_text",
        "Where personal data was marked, the place lies within the text reported.",
        """SELECT 'annotation:' || a.id FROM annotations_annotation a
        JOIN annotations_utterance u ON u.id = a.utterance_id
        WHERE a.reported_start IS NOT NULL AND (a.kind <> 'quarantine'
            OR a.reported_end IS NULL OR a.reported_end <= a.reported_start
            OR u.status <> 'erased' AND a.reported_end > char_length(u.text))""",
    ),
    Invariant(
        "acts_are_of_labels",
        "Only a label says what a turn does or that a word of it was misheard.",
        """SELECT 'annotation:' || id FROM annotations_annotation
        WHERE kind <> 'label' AND (act <> '' OR is_misheard)
            OR act NOT IN ('', 'new', 'continues', 'corrects', 'confirms', 'denies',
                'closes')""",
    ),
    Invariant(
        "spans_do_not_overlap",
        "No two spans of one answer in the same turn overlap.",
        """SELECT 'annotation:' || s.annotation_id, s.id, o.id
        FROM annotations_parameterspan s
        JOIN annotations_parameterspan o
            ON o.annotation_id = s.annotation_id AND o.id > s.id
            AND o.turn IS NOT DISTINCT FROM s.turn
        WHERE o.start < s."end" AND s.start < o."end" """,
    ),
    Invariant(
        "required_parameters_are_settled",
        "A label marks each required parameter or says that it was not spoken.",
        """SELECT 'annotation:' || a.id, required.name
        FROM annotations_annotation a
        JOIN annotations_schemaversion v ON v.id = a.schema_version_id
        CROSS JOIN jsonb_array_elements_text(
            coalesce(v.canonical::jsonb -> 'required', '[]')) AS required(name)
        WHERE a.kind = 'label' AND NOT required.name = ANY (a.not_spoken)
            AND NOT EXISTS (SELECT FROM annotations_parameterspan s
                WHERE s.annotation_id = a.id AND s.param = required.name)""",
    ),
    Invariant(
        "only_known_parameters",
        "A label names only parameters of its schema, each as spoken or as not.",
        """WITH named AS (
            SELECT a.id, a.schema_version_id, s.param, s.param = ANY (a.not_spoken)
                AS contradicts
            FROM annotations_annotation a
            JOIN annotations_parameterspan s ON s.annotation_id = a.id
            UNION ALL
            SELECT a.id, a.schema_version_id, unnest(a.not_spoken), false
            FROM annotations_annotation a
        )
        SELECT 'annotation:' || n.id, n.param FROM named n
        JOIN annotations_schemaversion v ON v.id = n.schema_version_id
        WHERE n.contradicts OR NOT coalesce(
            (v.canonical::jsonb -> 'properties') ? n.param, false)""",
    ),
    Invariant(
        "schema_belongs_to_the_intent",
        "The schema that a label remembers is of the function of its intent.",
        """SELECT 'annotation:' || a.id FROM annotations_annotation a
        JOIN annotations_schemaversion v ON v.id = a.schema_version_id
        JOIN annotations_function f ON f.id = v.function_id
        WHERE f.intent_id IS DISTINCT FROM a.intent_id""",
    ),
    Invariant(
        "labels_under_approved_schemas",
        "A label was given under a schema that had been approved by then.",
        """SELECT 'annotation:' || a.id FROM annotations_annotation a
        JOIN annotations_schemaversion v ON v.id = a.schema_version_id
        WHERE v.approved_at IS NULL OR v.approved_at > a.created_at""",
    ),
    Invariant(
        "exam_answers_are_blind",
        "Whoever answers an exam, a control or a second opinion saw no suggestion.",
        """SELECT 'annotation:' || id FROM annotations_annotation
        WHERE reason IN ('exam', 'random', 'second_opinion') AND NOT blind""",
    ),
)

SCHEMAS = (
    Invariant(
        "schema_hash_is_of_its_text",
        "A schema version's hash is the SHA-256 of its text.",
        """SELECT 'schema:' || id FROM annotations_schemaversion
        WHERE content_hash <> encode(sha256(convert_to(canonical, 'UTF8')), 'hex')""",
    ),
    Invariant(
        "schema_approver_is_not_author",
        "Nobody approves their own schema version.",
        """SELECT 'schema:' || id FROM annotations_schemaversion
        WHERE proposed_by_id IN (approved_by_id, second_approver_id)
            OR approved_by_id = second_approver_id""",
    ),
    Invariant(
        "signed_off_schemas_have_an_approver",
        "Who approved a version and when is known from its approval on.",
        """SELECT 'schema:' || id FROM annotations_schemaversion
        WHERE (status IN ('draft', 'in_review')) <> (approved_by_id IS NULL)
            OR (approved_by_id IS NULL) <> (approved_at IS NULL)""",
    ),
    Invariant(
        "one_live_schema_per_function",
        "A function has at most one live schema version.",
        """SELECT 'function:' || function_id FROM annotations_schemaversion
        WHERE status = 'live' GROUP BY function_id HAVING count(*) > 1""",
    ),
    Invariant(
        "approved_text_is_on_the_trail",
        "The text of a version is the one whose approval the trail holds.",
        """SELECT 'schema:' || v.id, e.seq FROM annotations_schemaversion v
        JOIN annotations_auditevent e
            ON e.object = 'schema:' || v.id
            AND e.action IN ('schema.approved', 'schema.approved_in_emergency')
        WHERE v.approved_at IS NOT NULL
            AND e.payload::jsonb ->> 'sha256' <> v.content_hash
            AND NOT EXISTS (SELECT FROM annotations_auditevent later
                WHERE later.object = e.object AND later.id > e.id
                AND later.action LIKE 'schema.approved%')""",
    ),
)

INTAKE = (
    Invariant(
        "batch_counts_add_up",
        "A batch received what it accepted, knew already or rejected.",
        """SELECT 'batch:' || id FROM annotations_intakebatch
        WHERE received <> accepted + duplicate + rejected""",
    ),
    Invariant(
        "rejected_rows_are_kept",
        "A batch lists every row that it counts as rejected.",
        """SELECT 'batch:' || b.id, b.rejected, count(r.id)
        FROM annotations_intakebatch b
        LEFT JOIN annotations_rejectedrow r ON r.batch_id = b.id
        GROUP BY b.id HAVING b.rejected <> count(r.id)""",
    ),
    Invariant(
        "closed_batches_have_an_end",
        "A batch that is done says when it ended.",
        """SELECT 'batch:' || id FROM annotations_intakebatch
        WHERE status = 'closed' AND finished_at IS NULL""",
    ),
    Invariant(
        "turns_are_stored_once",
        "A turn of a conversation is stored once.",
        """SELECT 'conversation:' || conversation_id, number FROM annotations_turn
        GROUP BY conversation_id, number HAVING count(*) > 1
        UNION ALL
        SELECT source || '/' || external_id, count(*) FROM annotations_conversation
        GROUP BY source, external_id HAVING count(*) > 1""",
    ),
    Invariant(
        "texts_are_stored_once",
        "Equal texts are one utterance, known by a key of 32 bytes.",
        """SELECT 'utterance:' || id FROM annotations_utterance
        WHERE octet_length(dedupe_key) <> 32
        UNION ALL
        SELECT 'utterance:' || min(id) FROM annotations_utterance
        GROUP BY dedupe_key HAVING count(*) > 1""",
    ),
    Invariant(
        "texts_have_a_size",
        "A text has 1 to 2,000 characters and was said at least once.",
        """SELECT 'utterance:' || id FROM annotations_utterance
        WHERE char_length(text) > 2000 OR count < 1
            OR text = '' AND status <> 'erased'""",
    ),
    Invariant(
        "context_is_a_list_of_turns",
        "The context of an utterance is a list of turns with role and text.",
        """SELECT 'utterance:' || id FROM annotations_utterance
        WHERE CASE WHEN jsonb_typeof(context) = 'array' THEN EXISTS (
            SELECT FROM jsonb_array_elements(context) AS said(it)
            WHERE jsonb_typeof(it) <> 'object'
                OR coalesce(jsonb_typeof(it -> 'role'), '') <> 'string'
                OR coalesce(jsonb_typeof(it -> 'text'), '') <> 'string')
        ELSE true END""",
    ),
    Invariant(
        "erased_texts_are_gone",
        "Nothing is left of what an erased utterance said.",
        """SELECT 'utterance:' || u.id FROM annotations_utterance u
        WHERE u.status = 'erased' AND (u.text <> '' OR u.context <> '[]' OR EXISTS (
            SELECT FROM annotations_suggestion s WHERE s.utterance_id = u.id)
            OR EXISTS (SELECT FROM annotations_goldlabel g
                WHERE g.utterance_id = u.id))""",
    ),
)

QUEUE = (
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

TRAIL = (
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
    Invariant(
        "roles_are_known",
        "Nobody has a role that the access table does not know.",
        """SELECT 'user:' || id FROM annotations_user
        WHERE NOT roles <@ ARRAY['annotator', 'reviewer', 'product_owner',
            'ml_engineer', 'admin', 'auditor', 'api_client']::varchar[]""",
    ),
)

INVARIANTS = (*ANSWERS, *SCHEMAS, *INTAKE, *QUEUE, *TRAIL)
