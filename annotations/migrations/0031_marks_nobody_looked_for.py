"""Of labels stored before it was told apart, whose marks are known.

A label that came with data or with a written sample and has no mark may be either: it
was not kept whether anybody had looked. It counts as unknown, and so does what a change
of schema or catalogue made of it. Whatever a person answered at a desk was looked at.
"""

from django.db import migrations

FORWARD = """
ALTER TABLE annotations_annotation DISABLE TRIGGER annotation_append_only;

WITH RECURSIVE bare AS (
    SELECT a.* FROM annotations_annotation a
    WHERE a.kind = 'label' AND a.not_spoken = '{}' AND NOT EXISTS (
        SELECT FROM annotations_parameterspan s WHERE s.annotation_id = a.id)
), unknown AS (
    SELECT b.id FROM bare b
    JOIN annotations_user p ON p.id = b.annotator_id
    JOIN annotations_utterance u ON u.id = b.utterance_id
    WHERE b.queue_item_id IS NULL AND b.revises_id IS NULL AND NOT b.is_review
        AND b.blind AND (p.username = 'import' OR u.source = 'expert')
    UNION
    SELECT b.id FROM bare b
    JOIN unknown ON unknown.id = b.revises_id
    JOIN annotations_user p ON p.id = b.annotator_id AND p.is_system
)
UPDATE annotations_annotation a SET marks_known = false
FROM unknown WHERE a.id = unknown.id;

ALTER TABLE annotations_annotation ENABLE TRIGGER annotation_append_only;

-- Of labels that agree the newest whose marks are known is gold.
UPDATE annotations_goldlabel g SET annotation_id = known.id
FROM (
    SELECT DISTINCT ON (g.utterance_id) g.utterance_id, a.id
    FROM annotations_goldlabel g
    JOIN annotations_annotation o ON o.id = g.annotation_id AND NOT o.marks_known
    JOIN annotations_annotation a ON a.utterance_id = g.utterance_id
        AND a.kind = 'label' AND a.intent_id = g.intent_id AND a.marks_known
    WHERE g.rule = 'agreed' AND NOT EXISTS (
        SELECT FROM annotations_annotation later
        WHERE later.undoes_id = a.id OR later.revises_id = a.id AND NOT EXISTS (
            SELECT FROM annotations_annotation undo WHERE undo.undoes_id = later.id))
    ORDER BY g.utterance_id, a.created_at DESC
) known
WHERE g.utterance_id = known.utterance_id;

UPDATE annotations_pendinglabel SET marks_known = spans <> '[]';
"""
# The column that it fills goes with the migration before.
BACK = migrations.RunSQL.noop


class Migration(migrations.Migration):
    dependencies = [("annotations", "0030_labels_know_their_marks")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
