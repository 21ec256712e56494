"""What only the database can promise: nobody settles what they answered themselves."""

from django.db import migrations

# A review that replaces an earlier review of the same label is held to the check that
# the earlier one passed: labels that follow a schema come from one author for all.
OWN_REVIEW = """
CREATE FUNCTION refuse_own_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM annotations_annotation a
        WHERE a.utterance_id = NEW.utterance_id
            AND a.annotator_id = NEW.annotator_id AND NOT a.is_review
            AND a.kind = CASE NEW.kind WHEN 'undo' THEN 'quarantine' ELSE 'label' END
            AND NOT EXISTS (SELECT FROM annotations_annotation u
                WHERE u.undoes_id = a.id)
    ) AND NOT EXISTS (
        SELECT FROM annotations_annotation r
        WHERE r.id = NEW.revises_id AND r.is_review
    ) THEN
        RAISE EXCEPTION 'nobody reviews an answer of their own'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER annotation_own_review BEFORE INSERT ON annotations_annotation
    FOR EACH ROW WHEN (NEW.is_review AND NEW.kind IN ('label', 'undo'))
    EXECUTE FUNCTION refuse_own_review();
CREATE TRIGGER question_message_append_only
    BEFORE UPDATE ON annotations_questionmessage
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

OWN_REVIEW_REVERSE = """
DROP TRIGGER question_message_append_only ON annotations_questionmessage;
DROP TRIGGER annotation_own_review ON annotations_annotation;
DROP FUNCTION refuse_own_review();
"""

# The words of an erased utterance leave its spans, too; places and names stay.
ERASED_SPANS = """
CREATE FUNCTION keep_span() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.text = '' AND NEW.value = ''
        AND (NEW.id, NEW.annotation_id, NEW.param, NEW.start, NEW."end")
            = (OLD.id, OLD.annotation_id, OLD.param, OLD.start, OLD."end")
        AND EXISTS (SELECT FROM annotations_annotation a
            JOIN annotations_utterance u ON u.id = a.utterance_id
            WHERE a.id = OLD.annotation_id AND u.status = 'erased')
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

DROP TRIGGER span_append_only ON annotations_parameterspan;
CREATE TRIGGER span_append_only
    BEFORE UPDATE OR DELETE ON annotations_parameterspan
    FOR EACH ROW EXECUTE FUNCTION keep_span();
"""

ERASED_SPANS_REVERSE = """
DROP TRIGGER span_append_only ON annotations_parameterspan;
CREATE TRIGGER span_append_only
    BEFORE UPDATE OR DELETE ON annotations_parameterspan
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP FUNCTION keep_span();
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0015_review_queues")]

    operations = [
        migrations.RunSQL(OWN_REVIEW, OWN_REVIEW_REVERSE),
        migrations.RunSQL(ERASED_SPANS, ERASED_SPANS_REVERSE),
    ]
