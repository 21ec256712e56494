"""What is always true of intents and what people write about them, as SQL."""

from annotations.invariants import Invariant

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

INVARIANTS = (*GUIDELINES, *SAMPLES, *PROPOSALS)
