"""What only the database can promise: events stay, chains link, approvals hold.

The roles that the application connects with may own these tables, so grants alone
would not stop it; triggers do, whoever asks.
"""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER audit_event_append_only
    BEFORE UPDATE OR DELETE ON annotations_auditevent
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER annotation_append_only
    BEFORE UPDATE OR DELETE ON annotations_annotation
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER span_append_only
    BEFORE UPDATE OR DELETE ON annotations_parameterspan
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

APPEND_ONLY_REVERSE = """
DROP TRIGGER audit_event_append_only ON annotations_auditevent;
DROP TRIGGER annotation_append_only ON annotations_annotation;
DROP TRIGGER span_append_only ON annotations_parameterspan;
DROP FUNCTION refuse_change();
"""

# The lock is per stream and held to the end of the transaction: two writers of one
# stream queue up, so that no number is skipped and no event has two successors.
AUDIT_CHAIN = """
CREATE FUNCTION audit_line(stream text, seq bigint, prev_hash text, at timestamptz,
        actor text, action text, object text, payload text)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(E'\\n', stream, seq::text, prev_hash,
        to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
        actor, action, object, payload), 'UTF8')), 'hex')
$$;

CREATE FUNCTION chain_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.stream, 7283));
    SELECT e.seq, e.hash INTO last FROM annotations_auditevent e
        WHERE e.stream = NEW.stream ORDER BY e.seq DESC LIMIT 1;
    NEW.seq := coalesce(last.seq, 0) + 1;
    NEW.prev_hash := coalesce(last.hash, '');
    NEW.at := clock_timestamp();
    NEW.hash := audit_line(NEW.stream, NEW.seq, NEW.prev_hash, NEW.at, NEW.actor,
        NEW.action, NEW.object, NEW.payload);
    RETURN NEW;
END $$;

CREATE TRIGGER audit_event_chain BEFORE INSERT ON annotations_auditevent
    FOR EACH ROW EXECUTE FUNCTION chain_audit_event();

ALTER TABLE annotations_auditevent ADD CONSTRAINT audit_lines_are_single CHECK (
    strpos(stream || actor || action || object || payload, E'\\n') = 0);
"""

AUDIT_CHAIN_REVERSE = """
ALTER TABLE annotations_auditevent DROP CONSTRAINT audit_lines_are_single;
DROP TRIGGER audit_event_chain ON annotations_auditevent;
DROP FUNCTION chain_audit_event();
DROP FUNCTION audit_line(
    text, bigint, text, timestamptz, text, text, text, text);
"""

SCHEMA_HASH = """
ALTER TABLE annotations_schemaversion ADD CONSTRAINT schema_hash_is_of_its_text CHECK (
    content_hash = encode(sha256(convert_to(canonical, 'UTF8')), 'hex'));

CREATE FUNCTION keep_signed_schema() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.approved_at IS NOT NULL AND NEW.canonical IS DISTINCT FROM OLD.canonical THEN
        RAISE EXCEPTION 'an approved schema version cannot be edited'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER schema_signed BEFORE UPDATE ON annotations_schemaversion
    FOR EACH ROW EXECUTE FUNCTION keep_signed_schema();
"""

SCHEMA_HASH_REVERSE = """
DROP TRIGGER schema_signed ON annotations_schemaversion;
DROP FUNCTION keep_signed_schema();
ALTER TABLE annotations_schemaversion DROP CONSTRAINT schema_hash_is_of_its_text;
"""

# A span is checked against its utterance when it is stored: code points, half-open.
SPAN_FITS = """
CREATE FUNCTION span_fits_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM annotations_annotation a JOIN annotations_utterance u
        ON u.id = a.utterance_id
        WHERE a.id = NEW.annotation_id
        AND substr(u.text, NEW.start + 1, NEW."end" - NEW.start) = NEW.text;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'span % to % does not read as stored', NEW.start, NEW."end"
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER span_fits BEFORE INSERT ON annotations_parameterspan
    FOR EACH ROW EXECUTE FUNCTION span_fits_text();
"""

SPAN_FITS_REVERSE = """
DROP TRIGGER span_fits ON annotations_parameterspan;
DROP FUNCTION span_fits_text();
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0002_tables")]

    operations = [
        migrations.RunSQL(APPEND_ONLY, APPEND_ONLY_REVERSE),
        migrations.RunSQL(AUDIT_CHAIN, AUDIT_CHAIN_REVERSE),
        migrations.RunSQL(SCHEMA_HASH, SCHEMA_HASH_REVERSE),
        migrations.RunSQL(SPAN_FITS, SPAN_FITS_REVERSE),
    ]
