"""What a text is searched by: its words, and each pair of neighbouring words."""

from django.db import migrations

# Letters that are written without spaces (kana, Han, Hangul) are words of their own:
# with the pairs, a run of them is found anywhere inside a longer run.
WORDS = r"""
array_remove(regexp_split_to_array(lower(regexp_replace(normalize(said, NFKC),
    '([぀-ヿ㐀-鿿가-힣])', ' \1 ', 'g')), '[^[:alnum:]]+'), '')
"""
# Neither calls the other: an index is built and vacuumed without our search path.
CREATE = f"""
CREATE FUNCTION annotations_words(said text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 200 RETURN {WORDS};

CREATE FUNCTION annotations_terms(said text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 2000
AS $$
DECLARE
    words text[] := {WORDS};
    terms text[] := '{{}}';
    before text := NULL;
    word text;
BEGIN
    FOREACH word IN ARRAY words LOOP
        word := left(word, 60);
        terms := terms || word;
        IF before IS NOT NULL THEN
            terms := terms || ('+' || before || ' ' || word);
        END IF;
        before := word;
    END LOOP;
    RETURN array_to_tsvector(terms);
END
$$;
"""
DROP = """
DROP FUNCTION annotations_terms(text);
DROP FUNCTION annotations_words(text);
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0011_intent_guidelines")]
    operations = [migrations.RunSQL(CREATE, DROP)]
