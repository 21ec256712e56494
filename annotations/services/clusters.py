"""Near-duplicates answered together: offered, leased, checked blind, confirmed.

What belongs together is said in cluster_offer.py. Nothing is stored of a cluster but
its answers: what a page was given comes back signed, so that neither the items nor the
blind check are the sender's choice.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from annotations.errors import ConflictError, InvalidLabelError, NotFoundError
from annotations.models import QueueItem, User
from annotations.services import audit, catalogue, labels, queue
from annotations.services.answers import Answer, SpanAnswer
from annotations.services.catalogue import IntentCard
from annotations.services.cluster_offer import (
    LEAST,
    REASONS,
    Proposed,
    cluster_of,
    fit,
    proposal_of,
    usual_act,
)
from annotations.services.labels import Submission, Undone

SALT = "annotations.clusters"
PAGE_SECONDS = 3600

# One statement: whoever opens a page at the same moment passes over these rows.
LEASE = """
UPDATE annotations_queueitem SET status = 'leased', leased_by_id = %(user)s,
    leased_at = clock_timestamp(),
    lease_expires_at = clock_timestamp() + %(lease)s,
    holders = CASE WHEN %(user)s = ANY(holders) THEN holders
        ELSE holders || %(user)s::bigint END
WHERE id IN (
    SELECT q.id FROM annotations_queueitem q
    WHERE q.id = ANY(%(items)s)
        AND (q.status = 'ready' OR q.status = 'leased' AND q.leased_by_id = %(user)s)
    ORDER BY q.id FOR UPDATE SKIP LOCKED)
RETURNING id
"""


@dataclass(frozen=True)
class Opened:
    """The page before the check: its item, and what the page sends back."""

    seed_id: int
    n_items: int  # all of them, with the check
    check: QueueItem | None  # None where there is nothing to confirm together
    token: str = ""
    n_near: int = 0
    n_unfit: int = 0
    item_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Checked:
    """The page after the check. agreed: the others may be confirmed."""

    seed_id: int
    agreed: bool
    chosen: IntentCard
    proposed: IntentCard
    check: QueueItem
    submission: Submission | None  # None where the answer needs parameters first
    members: tuple[Proposed, ...] = ()
    token: str = ""


@dataclass(frozen=True)
class Confirmed:
    seed_id: int
    submissions: tuple[Submission, ...]
    n_taken: int  # somebody else has or answered them
    n_left_out: int


def offered(item: QueueItem, *, by: User) -> list[int]:
    """Items that could be confirmed together with this one; none where too few are."""
    cluster = cluster_of(item, by)
    members = cluster.members if cluster else ()
    return [one.item.pk for one in members[1:]] if len(members) >= LEAST else []


@transaction.atomic
def open_(*, item_id: int, by: User) -> Opened:
    """The near-duplicates of an item that `by` has on the desk are leased to them.

    Raises NotFoundError for an item that is not theirs.
    """
    seed = _seed(item_id, by)
    cluster = cluster_of(seed, by)
    wanted = [one.item.pk for one in cluster.members] if cluster else [seed.pk]
    got = _lease(wanted, by)
    others = [pk for pk in wanted[1:] if pk in got]
    near, unfit = len(wanted) - 1, cluster.n_unfit if cluster else 0
    if len(others) + 1 < LEAST or seed.pk not in got:
        queue.release(*others, by=by)
        return Opened(seed.pk, 0, None, n_near=near, n_unfit=unfit)
    # Chance that a reload does not throw again.
    check_id = min(others, key=lambda pk: _throw(by, pk))
    ids = (seed.pk, *others)
    token = _sign(by=by.pk, seed=seed.pk, items=ids, check=check_id)
    check = queue.with_all(QueueItem.objects).get(pk=check_id)
    return Opened(seed.pk, len(ids), check, token, near, unfit, ids)


@transaction.atomic
def check(
    *, by: User, token: str, uuid: uuid.UUID, intent: str, shown_ms: int | None
) -> Checked:
    """The blind answer is stored; whether it is the proposed intent decides the rest.

    Where it is not, the others go back to the queue and no cluster of them is offered
    again. An answer that needs parameters is not stored: its item goes to the desk.
    """
    page = _read(token, by, step="check")
    seed = _seed(page["seed"], by)
    cards = catalogue.current()
    chosen = cards.by_name.get(intent)
    proposal = proposal_of(seed, cards)
    if chosen is None:
        raise InvalidLabelError(_("Choose one of the intents."))
    if proposal is None:
        raise ConflictError(_("Nothing is proposed for these any more. Go one by one."))
    card, marks = proposal
    wanted = set(page["items"])
    found = {i.pk: i for i in queue.with_all(QueueItem.objects).filter(pk__in=wanted)}
    item = found.get(page["check"])
    if item is None:
        raise NotFoundError(_("The check is no longer in the queue."))
    own = fit(seed, card, marks, item, cards) if chosen.id == card.id else None
    submission = _store_check(by, uuid, item, chosen, own, shown_ms)
    if chosen.id != card.id:
        _refuse(by, page, chosen, card, submission)
        return Checked(seed.pk, False, chosen, card, item, submission)
    rest = [found[pk] for pk in page["items"] if pk != item.pk and pk in found]
    fitted = [fit(seed, card, marks, one, cards) for one in rest]
    members = tuple(one for one in fitted if one)
    sealed = _sign(
        by=by.pk,
        seed=seed.pk,
        check=item.pk,
        intent=card.name,
        passed=True,
        answers=[
            [m.item.pk, m.act, [[s.start, s.end, s.param] for s in m.spans]]
            for m in members
        ],
    )
    return Checked(seed.pk, True, chosen, card, item, submission, members, sealed)


@transaction.atomic
def confirm(
    *, by: User, token: str, uuids: Mapping[int, uuid.UUID], shown_ms: int | None
) -> Confirmed:
    """Each item named in `uuids` has its answer, the others go back to the queue.

    What somebody else took meanwhile is passed over. The same ids again store nothing.
    """
    page = _read(token, by, step="confirm")
    sent = {pk: (act, spans) for pk, act, spans in page["answers"]}
    if not uuids.keys() <= sent.keys():
        raise NotFoundError(
            _("An answer was sent for an item that was not on the page.")
        )
    stored = []
    for pk in sorted(uuids):
        act, spans = sent[pk]
        item = queue.lock(pk)
        if item is None or not _may_answer(item, by, uuids[pk]):
            continue
        answer = _answer(item, uuids[pk], page["intent"], spans, act, shown_ms)
        stored.append(labels.submit(by=by, answer=answer))
    queue.release(*(pk for pk in sent if pk not in uuids), by=by)
    if any(not one.replayed for one in stored):
        audit.record(
            by=by,
            action="cluster.confirmed",
            obj=f"queue_item:{page['seed']}",
            answers=[str(one.annotation.pk) for one in stored],
            check_item=page["check"],
            intent=page["intent"],
        )
    taken = len(uuids) - len(stored)
    return Confirmed(page["seed"], tuple(stored), taken, len(sent) - len(uuids))


@transaction.atomic
def take_back(
    *, by: User, answers: Sequence[tuple[uuid.UUID, uuid.UUID]]
) -> list[Undone]:
    """Each answer is undone by an event of its own: (id of that event, the answer)."""
    undone = [
        labels.undo(by=by, uuid=key, answer_id=answer_id) for key, answer_id in answers
    ]
    held = [one.item.pk for one in undone if one.item]
    queue.release(*held[1:], by=by)  # the first goes back to the desk
    return undone


def _seed(item_id: int, by: User) -> QueueItem:
    found = queue.with_all(QueueItem.objects).filter(
        pk=item_id, leased_by=by, holders__contains=[by.pk]
    )
    seed = found.first()
    if seed is None or seed.reason not in REASONS:
        raise NotFoundError(_("This item is not on your desk."))
    return seed


def _store_check(
    by: User,
    key: uuid.UUID,
    item: QueueItem,
    chosen: IntentCard,
    own: Proposed | None,
    shown_ms: int | None,
) -> Submission | None:
    """The blind event; None where the chosen intent needs parameters marked first."""
    spans = own.spans if own else ()
    known = {span.param for span in spans}
    if any(p.required and p.name not in known for p in chosen.parameters):
        return None
    act = own.act if own else usual_act(item, chosen, catalogue.current())
    answer = Answer(
        uuid=key,
        item_id=item.pk,
        intent=chosen.name,
        spans=spans,
        act=act,
        shown_ms=shown_ms,
        is_blind=True,
    )
    return labels.submit(by=by, answer=answer)


def _refuse(
    by: User,
    page: dict[str, Any],
    chosen: IntentCard,
    proposed: IntentCard,
    submission: Submission | None,
) -> None:
    """These are not offered together again; the trail says why. Once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE annotations_queueitem SET why = why - 'alike'"
            " WHERE id = ANY(%s) AND why ? 'alike'",
            [list(page["items"])],
        )
        changed = cursor.rowcount
    if changed:
        audit.record(
            by=by,
            action="cluster.refused",
            obj=f"queue_item:{page['seed']}",
            items=list(page["items"]),
            check_item=page["check"],
            answer=str(submission.annotation.pk) if submission else None,
            chosen=chosen.name,
            proposed=proposed.name,
        )
    kept = page["seed"] if submission else page["check"]
    queue.release(*(pk for pk in page["items"] if pk != kept), by=by)


def _answer(
    item: QueueItem,
    key: uuid.UUID,
    intent: str,
    spans: Sequence[Sequence[Any]],
    act: str,
    shown_ms: int | None,
) -> Answer:
    text = item.utterance.text
    return Answer(
        uuid=key,
        item_id=item.pk,
        intent=intent,
        act=act,
        shown_ms=shown_ms,
        spans=tuple(SpanAnswer(s, e, name, text[s:e]) for s, e, name in spans),
    )


def _may_answer(item: QueueItem, by: User, key: uuid.UUID) -> bool:
    """Whether it is still theirs, or was answered by this very event."""
    if item.leased_by_id == by.pk and item.status in QueueItem.OPEN:
        return True
    return item.annotation_set.filter(pk=key, annotator=by).exists()


def _lease(item_ids: Sequence[int], by: User) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            LEASE, {"user": by.pk, "lease": queue.LEASE, "items": list(item_ids)}
        )
        return {row[0] for row in cursor.fetchall()}


def _throw(by: User, item_id: int) -> bytes:
    return salted_hmac(SALT, f"{by.pk}:{item_id}").digest()


def _sign(**page: Any) -> str:
    return signing.dumps(page, salt=SALT, compress=True)


def _read(token: str, by: User, *, step: str) -> dict[str, Any]:
    """What the page was given. NotFoundError where it was not given to `by`."""
    try:
        page = signing.loads(token, salt=SALT, max_age=PAGE_SECONDS)
    except signing.BadSignature:
        page = {}
    if page.get("by") != by.pk or bool(page.get("passed")) != (step == "confirm"):
        raise NotFoundError(_("This page is too old or not yours. Open it again."))
    return page
