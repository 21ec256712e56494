"""How common each word and day is: the planner reads no statistics of partial indexes."""

from django.db import migrations

CREATE = """
CREATE STATISTICS utterance_terms_known
    ON (annotations_terms(text)) FROM annotations_utterance;
CREATE STATISTICS utterance_said_known
    ON (coalesce(occurred_at, created_at)) FROM annotations_utterance;
ANALYZE annotations_utterance;
"""
DROP = """
DROP STATISTICS utterance_terms_known;
DROP STATISTICS utterance_said_known;
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0026_desk_warm_up")]
    operations = [migrations.RunSQL(CREATE, DROP)]
