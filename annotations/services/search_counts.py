"""How many of what was found there are by state, source, domain and gold intent."""

from collections import Counter
from collections.abc import Sequence

from django.db import connection

COUNTED = ("status", "source", "domain", "intent")
COUNTS = """
SELECT u.status, u.source, d.name, i.name, u.n FROM (
    SELECT u.status, u.source, u.domain_id, g.intent_id, count(*) AS n
    FROM annotations_utterance u
    LEFT JOIN annotations_goldlabel g ON g.utterance_id = u.id
    WHERE u.id = ANY(%s::bigint[]) GROUP BY 1, 2, 3, 4) u
LEFT JOIN annotations_domain d ON d.id = u.domain_id
LEFT JOIN annotations_intent i ON i.id = u.intent_id
"""


def of(ids: Sequence[int]) -> dict[str, Counter[str]]:
    """For each of COUNTED, how many of these utterances have which value.

    Those without a value (no domain, no gold) are not counted there.
    """
    found: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, [list(ids)])
        for *values, n in cursor.fetchall():
            for name, value in zip(COUNTED, values, strict=True):
                if value is not None:
                    found[name][value] += n
    return found
