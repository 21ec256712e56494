"""What is always true of what came in, as SQL."""

from annotations.invariants.invariant import Invariant

INVARIANTS = (
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
