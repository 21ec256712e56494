"""What is always true of reviews and of what waits for them, as SQL."""

from annotations.invariants.invariant import STANDING, Invariant

INVARIANTS = (
    Invariant(
        "nobody_reviews_their_own",
        "Nobody settles an answer, or releases a report, of their own.",
        f"""WITH {STANDING}
        SELECT 'annotation:' || r.id FROM standing r
        JOIN standing a ON a.utterance_id = r.utterance_id
            AND a.annotator_id = r.annotator_id AND NOT a.is_review
        WHERE r.is_review AND r.kind = 'label' AND a.kind = 'label'
            AND a.created_at < r.created_at
            AND NOT EXISTS (SELECT FROM annotations_annotation e
                WHERE e.id = r.revises_id AND e.is_review)
        UNION ALL
        SELECT 'annotation:' || u.id FROM annotations_annotation u
        JOIN annotations_annotation o ON o.id = u.undoes_id
        WHERE u.is_review AND u.annotator_id = o.annotator_id""",
    ),
    Invariant(
        "only_reviewers_events_are_reviews",
        "A label is opened again by a review only.",
        """SELECT 'annotation:' || id FROM annotations_annotation
        WHERE kind = 'reopen' AND NOT is_review""",
    ),
    Invariant(
        "candidates_suspect_a_label_of_their_text",
        "A suspicion is about a label of its utterance, and known once.",
        """SELECT 'candidate:' || c.id FROM annotations_errorcandidate c
        JOIN annotations_annotation a ON a.id = c.annotation_id
        WHERE a.utterance_id <> c.utterance_id OR a.kind <> 'label'
        UNION ALL
        SELECT 'candidate:' || min(id) FROM annotations_errorcandidate
        GROUP BY utterance_id, kind, fingerprint HAVING count(*) > 1""",
    ),
    Invariant(
        "decided_candidates_are_on_the_trail",
        "Who decided about a suspicion is known, and on the trail.",
        """SELECT 'candidate:' || c.id FROM annotations_errorcandidate c
        WHERE (c.status = 'open') <> (c.decided_by_id IS NULL)
            OR c.status <> 'open' AND NOT EXISTS (
                SELECT FROM annotations_auditevent e
                WHERE e.object = 'candidate:' || c.id
                AND e.action = 'candidate.' || c.status)""",
    ),
    Invariant(
        "answered_questions_have_an_answer",
        "A question counts as answered when somebody else had the last word.",
        """SELECT 'question:' || q.id FROM annotations_question q
        LEFT JOIN LATERAL (
            SELECT author_id FROM annotations_questionmessage m
            WHERE m.question_id = q.id ORDER BY created_at DESC LIMIT 1) last ON true
        WHERE last.author_id IS NULL
            OR (q.status = 'answered') <> (last.author_id <> q.asked_by_id)""",
    ),
)
