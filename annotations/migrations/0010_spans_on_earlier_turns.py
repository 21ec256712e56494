"""A span reads as stored in the text it names: the utterance's or an earlier turn's."""

from django.db import migrations

BODY = """
CREATE OR REPLACE FUNCTION span_fits_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM annotations_annotation a JOIN annotations_utterance u
        ON u.id = a.utterance_id
        WHERE a.id = NEW.annotation_id
        AND substr({text}, NEW.start + 1, NEW."end" - NEW.start) = NEW.text;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'span % to % does not read as stored', NEW.start, NEW."end"
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
EITHER = """CASE WHEN NEW.turn IS NULL THEN u.text
            ELSE u.context -> NEW.turn::integer ->> 'text' END"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0009_turns_acts_and_reports")]

    operations = [
        migrations.RunSQL(BODY.format(text=EITHER), BODY.format(text="u.text")),
    ]
