"""What is always true of intents and what people write about them, as SQL."""

from annotations.invariants.invariant import STANDING, Invariant

GUIDELINES = (
    Invariant(
        "guidelines_show_no_exam_item",
        "No example in a guideline is an item of the exam.",
        """SELECT 'intent:' || e.intent_id, e.utterance_id
        FROM annotations_intentexample e
        JOIN annotations_utterance u ON u.id = e.utterance_id
        WHERE u.split = 'exam'""",
    ),
    Invariant(
        "contrasts_stand_once",
        "Two intents are set off against one another in one row, the lower id first.",
        """SELECT 'contrast:' || id FROM annotations_contrastpair
        WHERE first_id >= second_id
        UNION ALL
        SELECT 'contrast:' || min(id) FROM annotations_contrastpair
        GROUP BY first_id, second_id HAVING count(*) > 1""",
    ),
    Invariant(
        "intent_changes_are_on_the_trail",
        "The change log of an intent and the trail tell of the same changes.",
        """SELECT 'intent:' || c.intent_id, c.id FROM annotations_intentchange c
        WHERE NOT EXISTS (SELECT FROM annotations_auditevent e
            WHERE e.object = 'intent:' || c.intent_id
            AND e.action = 'intent.' || c.kind
            AND e.payload::jsonb ->> 'change' = c.id::text)
        UNION ALL
        SELECT e.object, (e.payload::jsonb ->> 'change')::bigint
        FROM annotations_auditevent e
        WHERE e.object LIKE 'intent:%' AND e.payload::jsonb ? 'change'
            AND NOT EXISTS (SELECT FROM annotations_intentchange c
                WHERE c.id::text = e.payload::jsonb ->> 'change')""",
    ),
    Invariant(
        "resolved_remarks_name_somebody",
        "A resolved comment says who resolved it and when.",
        """SELECT 'remark:' || id FROM annotations_intentremark
        WHERE (resolved_at IS NULL) <> (resolved_by_id IS NULL)""",
    ),
)

SAMPLES = (
    Invariant(
        "samples_are_no_exam",
        "What experts wrote is never an item of the exam.",
        """SELECT 'utterance:' || id FROM annotations_utterance
        WHERE source = 'expert' AND split = 'exam'""",
    ),
)

PROPOSALS = (
    Invariant(
        "proposals_are_decided_by_others",
        "A proposal is decided by another than its author, with an outcome.",
        """SELECT 'proposal:' || id FROM annotations_intentproposal
        WHERE (status = 'open') <> (decided_by_id IS NULL)
            OR (decided_by_id IS NULL) <> (decided_at IS NULL)
            OR (status IN ('accepted', 'merged')) <> (intent_id IS NOT NULL)
            OR status = 'declined' AND reason = ''
            OR decided_by_id = proposed_by_id""",
    ),
    Invariant(
        "proposals_are_on_the_trail",
        "Every proposal and every decision about one left its event.",
        """SELECT 'proposal:' || p.id, p.status FROM annotations_intentproposal p
        WHERE NOT EXISTS (SELECT FROM annotations_auditevent e
                WHERE e.object = 'proposal:' || p.id
                AND e.action = 'proposal.proposed')
            OR p.status <> 'open' AND NOT EXISTS (
                SELECT FROM annotations_auditevent e
                WHERE e.object = 'proposal:' || p.id
                AND e.action = 'proposal.' || p.status)""",
    ),
)

MOVES = (
    Invariant(
        "names_lead_to_one_intent",
        "A name, present or former, leads to one intent in use.",
        """WITH names AS (
            SELECT id, name FROM annotations_intent WHERE is_active
            UNION SELECT id, unnest(aliases) FROM annotations_intent WHERE is_active
        )
        SELECT 'name:' || name, count(*) FROM names GROUP BY name
        HAVING count(DISTINCT id) > 1""",
    ),
    Invariant(
        "moved_labels_are_revised",
        "What replaced a label in a change of the catalogue revises it, of its text.",
        """SELECT 'move:' || m.move_id, m.label_id FROM annotations_movedlabel m
        JOIN annotations_annotation l ON l.id = m.label_id
        LEFT JOIN annotations_annotation r ON r.id = m.replacement_id
        WHERE l.utterance_id <> m.utterance_id
            OR r.id IS NOT NULL AND (r.revises_id IS DISTINCT FROM l.id
                OR r.utterance_id <> l.utterance_id)""",
    ),
    Invariant(
        "merged_intents_keep_no_label",
        "Once a merge is done no label that counts is left of the intent merged away.",
        f"""WITH {STANDING}
        SELECT 'annotation:' || s.id, 'move:' || m.id FROM annotations_intentmove m
        JOIN standing s ON s.intent_id = m.intent_id AND s.kind = 'label'
            AND s.created_at < m.finished_at
        JOIN annotations_utterance u ON u.id = s.utterance_id
        WHERE m.kind = 'merge' AND m.status = 'done' AND u.status <> 'erased'
            AND NOT EXISTS (SELECT FROM standing r WHERE r.revises_id = s.id)""",
    ),
    Invariant(
        "intent_moves_are_on_the_trail",
        "Every change of the catalogue, its end and its undo left their events.",
        """SELECT 'move:' || m.id, wanted.action FROM annotations_intentmove m
        CROSS JOIN LATERAL (VALUES ('requested', true),
            ('done', m.kind <> 'rename' AND m.status = 'done'),
            ('undo_requested', m.undone_by_id IS NOT NULL),
            ('undone', m.kind <> 'rename' AND m.status = 'undone')
        ) AS wanted(action, is_due)
        WHERE wanted.is_due AND NOT EXISTS (SELECT FROM annotations_auditevent e
            WHERE e.object = 'intent_move:' || m.id
            AND e.action = 'intent_move.' || wanted.action)""",
    ),
)

INVARIANTS = (*GUIDELINES, *SAMPLES, *PROPOSALS, *MOVES)
