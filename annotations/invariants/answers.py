"""What is always true of answers and of the gold that follows from them, as SQL."""

from annotations.invariants.invariant import STANDING, Invariant

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
    SELECT utterance_id, intent_id, count(*) AS n, max(created_at) AS newest,
        max(created_at) FILTER (WHERE marks_known) AS newest_known
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
    SELECT k.utterance_id, r.newest AS review_at, l.intent_id,
        coalesce(l.newest_known, l.newest) AS label_at,
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


INVARIANTS = (
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
        "Of several labels the newest review is gold, else the newest of the majority "
        "whose marks are known.",
        f"""WITH {VERDICTS}
        SELECT 'utterance:' || g.utterance_id, g.rule, v.rule
        FROM annotations_goldlabel g
        JOIN verdicts v ON v.utterance_id = g.utterance_id AND v.status = 'labeled'
        JOIN annotations_annotation a ON a.id = g.annotation_id
        WHERE g.rule <> v.rule
            OR v.rule = 'reviewed' AND (NOT a.is_review OR a.created_at < v.review_at)
            OR v.rule <> 'reviewed' AND (
                a.intent_id <> v.intent_id OR a.created_at <> v.label_at)""",
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
        "unknown_marks_are_of_labels",
        "Only of a label can it be unknown what parameters were said.",
        """SELECT 'annotation:' || id FROM annotations_annotation
        WHERE kind <> 'label' AND NOT marks_known""",
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
