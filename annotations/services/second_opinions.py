"""Which labels a second person answers as well: a policy, and chance that repeats."""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotations.errors import InvalidError
from annotations.models import Domain, OpinionPolicy, QueueItem, Reason, User
from annotations.services import audit

# Until somebody says otherwise.
DEFAULT_SHARE = 0.10
DEFAULT_CAP = 0.40
# So many wait in the queue at once, one at every so many places.
MOST_OPEN = 40
EVERY = 10
# Older labels are not asked about again: what they taught is long in use.
LOOK_BACK = timedelta(days=30)
# Of an intent with fewer new labels, shares say nothing.
FEWEST = 10

_ASKED = """EXISTS (SELECT FROM annotations_annotation o
        WHERE o.utterance_id = a.utterance_id AND (
            o.reason = 'second_opinion'
            OR o.annotator_id <> a.annotator_id AND o.kind IN ('label', 'skip')))
    OR EXISTS (SELECT FROM annotations_queueitem q
        WHERE q.utterance_id = a.utterance_id AND q.status IN ('ready', 'leased'))"""
# Labels of people that are gold by themselves; `place` is 0..1 and follows from key
# and text, so that a larger share keeps the labels that a smaller one drew.
_LABELS = f"""
labels AS (
    SELECT a.utterance_id, a.annotator_id, g.intent_id, g.rule, g.resolved_at,
        coalesce(p.share, d.share, %(share)s) AS share,
        coalesce(p.cap, d.cap, %(cap)s) AS cap,
        hashtextextended(encode(u.dedupe_key, 'hex'), %(seed)s)::double precision
            / 18446744073709551616.0 + 0.5 AS place,
        {_ASKED} AS is_asked
    FROM annotations_goldlabel g
    JOIN annotations_annotation a ON a.id = g.annotation_id AND NOT a.is_review
    JOIN annotations_user w ON w.id = a.annotator_id AND NOT w.is_system
    JOIN annotations_utterance u ON u.id = g.utterance_id AND u.redaction = 'full'
    JOIN annotations_intent i ON i.id = g.intent_id
    LEFT JOIN annotations_opinionpolicy p ON p.domain_id = i.domain_id
    LEFT JOIN annotations_opinionpolicy d ON d.domain_id IS NULL
    WHERE g.resolved_at > now() - %(look_back)s AND u.status = 'labeled'
)"""
BY_CHANCE = f"""
WITH {_LABELS}
SELECT utterance_id, share FROM labels
WHERE NOT is_asked AND rule = 'single' AND place < share
ORDER BY resolved_at DESC LIMIT %(most)s
"""
# Of who gave more than the cap of an intent's labels unseen, so many that they do not.
ABOVE_THE_CAP = f"""
WITH {_LABELS},
totals AS (SELECT intent_id, count(*) AS n FROM labels GROUP BY intent_id),
alone AS (
    SELECT l.*, t.n,
        count(*) OVER (PARTITION BY l.intent_id, l.annotator_id) AS n_alone,
        row_number() OVER (
            PARTITION BY l.intent_id, l.annotator_id ORDER BY place) AS number
    FROM labels l JOIN totals t USING (intent_id)
    WHERE NOT l.is_asked AND l.rule = 'single'
)
SELECT utterance_id, least(1.0, (n_alone - cap * n) / n_alone) FROM alone
WHERE n >= %(fewest)s AND number <= ceil(n_alone - cap * n)
ORDER BY number, utterance_id LIMIT %(most)s
"""


@dataclass(frozen=True)
class Drawn:
    by_chance: int
    above_the_cap: int


@transaction.atomic
def draw() -> Drawn:
    """Second opinions wait in the queue, as many as the policy and MOST_OPEN allow.

    They stand among the other items, one at every EVERY places.
    """
    items = QueueItem.objects.filter(
        reason=Reason.SECOND_OPINION, status__in=QueueItem.OPEN
    )
    free = MOST_OPEN - items.count()
    if free <= 0:
        return Drawn(0, 0)
    above = _rows(ABOVE_THE_CAP, most=free)
    chance = [row for row in _rows(BY_CHANCE, most=free) if row[0] not in dict(above)]
    rows = [*above, *chance][:free]
    QueueItem.objects.bulk_create(
        [
            QueueItem(
                utterance_id=utterance_id,
                reason=Reason.SECOND_OPINION,
                rank=EVERY * number,
                draw_probability=max(float(share), 1e-6),
            )
            for number, (utterance_id, share) in enumerate(rows, start=1)
        ],
        ignore_conflicts=True,
    )
    n_above = min(len(above), free)
    return Drawn(len(rows) - n_above, n_above)


def policies() -> list[OpinionPolicy]:
    """The policy for everywhere, then those of single domains."""
    rows = list(OpinionPolicy.objects.select_related("domain", "changed_by"))
    rows.sort(key=lambda row: row.domain.name if row.domain else "")
    if not rows or rows[0].domain is not None:
        rows.insert(0, OpinionPolicy(share=DEFAULT_SHARE, cap=DEFAULT_CAP))
    return rows


@transaction.atomic
def set_policy(
    *, by: User, domain: Domain | None, share: float, cap: float
) -> OpinionPolicy:
    """From now on this share of the domain's labels is answered twice."""
    if not (0.0 <= share <= 1.0 and 0.0 < cap <= 1.0):
        raise InvalidError(_("Share and cap are percentages from 0 and from 1 to 100."))
    policy, _is_new = OpinionPolicy.objects.update_or_create(
        domain=domain,
        defaults={"share": share, "cap": cap, "changed_by": by, "changed_at": Now()},
    )
    _tell(policy, by=by, share=share, cap=cap)
    return policy


@transaction.atomic
def drop_policy(*, by: User, domain: Domain) -> None:
    """The domain follows the policy for everywhere again."""
    for policy in OpinionPolicy.objects.filter(domain=domain):
        _tell(policy, by=by, share=None, cap=None)
        policy.delete()


def _tell(
    policy: OpinionPolicy, *, by: User, share: float | None, cap: float | None
) -> None:
    audit.record(
        by=by,
        action="opinion_policy.changed",
        obj=f"opinion_policy:{policy.pk}",
        domain=policy.domain_id,
        share=share,
        cap=cap,
    )


def _rows(statement: str, *, most: int) -> list[tuple[Any, ...]]:
    known = {
        "share": DEFAULT_SHARE,
        "cap": DEFAULT_CAP,
        "seed": _seed(),
        "look_back": LOOK_BACK,
        "fewest": FEWEST,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, known)
        return cursor.fetchall()


def _seed() -> int:
    """A signed 64-bit number that follows from the data key: nobody guesses a draw."""
    digest = hmac.digest(settings.DATA_KEY.encode(), b"second opinion", "sha256")
    return int.from_bytes(digest[:8], signed=True)
