"""Bulk actions: drafted with a preview, run in parts, stopped, taken back.

A part is one transaction that holds the action's row, so that two workers with the same
message take turns and a killed one leaves whole parts.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotations.errors import ConflictError, InvalidError, NotAllowedError
from annotations.models import (
    BulkAction,
    BulkMember,
    Intent,
    QueueItem,
    Role,
    User,
    Utterance,
)
from annotations.services import audit, bulk_acts, search
from annotations.services.search import Criteria

Kind, Status, State = BulkAction.Kind, BulkAction.Status, BulkMember.State
PART = 200  # what a request does by itself; more is a worker's
SAMPLES = 5
SILENCE = timedelta(seconds=15)
WHO = {
    Kind.QUEUE: (Role.REVIEWER, Role.PRODUCT_OWNER, Role.ML_ENGINEER),
    Kind.EXPORT: (Role.REVIEWER, Role.PRODUCT_OWNER, Role.ML_ENGINEER),
    Kind.RELABEL: (Role.REVIEWER,),
    Kind.EXCLUDE: (Role.REVIEWER,),
    Kind.QUARANTINE: (Role.REVIEWER,),
}

MEMBERS = """
INSERT INTO annotations_bulkmember (action_id, utterance_id, state, why)
SELECT %s, m.id, CASE WHEN m.why <> '' THEN %s ELSE %s END, m.why
FROM unnest(%s::bigint[], %s::text[]) WITH ORDINALITY m (id, why, place)
ORDER BY m.place
"""

# Where a step sent twice has led already.
REPEATED = {
    Status.RUNNING: (Status.RUNNING, Status.DONE),
    Status.CANCELLED: (Status.CANCELLED,),
    Status.UNDOING: (Status.UNDOING, Status.UNDONE),
}


@dataclass(frozen=True)
class Progress:
    """How many members are in each state, and why which are left out."""

    total: int
    waiting: int
    done: int
    undone: int
    in_use: int
    left_out: tuple[tuple[str, int], ...]  # (sentence, how many)


def kinds_for(person: User) -> list[tuple[str, str]]:
    return [(k.value, k.label) for k in Kind if person.has_role(*WHO[k])]


@transaction.atomic
def draft(
    *,
    by: User,
    kind: str,
    criteria: Criteria,
    intent: str = "",
    picked: Collection[int] = (),
) -> BulkAction:
    """An action on all that fits, or on those of it that were picked. Nothing is done.

    Raises InvalidError for more than search.MOST, none, or a kind that needs an intent.
    """
    _may(by, kind)
    target = _intent(kind, intent)
    conditions = search.conditions_of(criteria, by=by)
    if picked:
        conditions.add("u.id = ANY(%s::bigint[])", list(picked))
    with search.bitmaps_only():
        ids = search.first_matches(conditions)
    if not ids:
        raise InvalidError(_("Nothing fits any more. Search again."))
    if len(ids) > search.MOST:
        raise InvalidError(
            _("More than %(most)s fit. Narrow the search, or pick some of them.")
            % {"most": f"{search.MOST:,}"}
        )
    action = BulkAction.objects.create(kind=kind, intent=target, created_by=by)
    # Of thousands, and nobody reads their earlier turns here.
    found = Utterance.objects.defer("context").in_bulk(ids)
    faults = bulk_acts.faults(action, list(found.values()))
    _enter(action, sorted(found), faults)
    audit.record(
        by=by, action="bulk.drafted", obj=f"bulk:{action.pk}", kind=kind, n=len(found)
    )
    return action


def _enter(action: BulkAction, ids: list[int], faults: Mapping[int, str]) -> None:
    """The members, in one statement: thousands are previewed while a person waits."""
    why = [faults.get(pk, "") for pk in ids]
    with connection.cursor() as cursor:
        cursor.execute(MEMBERS, [action.pk, State.LEFT_OUT, State.WAITING, ids, why])


def _may(by: User, kind: str) -> None:
    if kind not in Kind.values:
        raise InvalidError(_("Choose what is to be done with them."))
    if not by.has_role(*WHO[Kind(kind)]):
        raise NotAllowedError(
            _("“%(label)s” is not for your role.") % {"label": Kind(kind).label}
        )


def _intent(kind: str, name: str) -> Intent | None:
    if kind != Kind.RELABEL:
        return None
    found = Intent.objects.filter(name=name, is_active=True).first()
    if found is None:
        raise InvalidError(_("Choose the intent to label them as."))
    return found


def confirm(*, by: User, action_id: uuid.UUID) -> BulkAction:
    """The action runs: at once where it is small, else when run() is called for it."""
    return _move(by, action_id, {Status.DRAFT}, Status.RUNNING, "bulk.confirmed")


def cancel(*, by: User, action_id: uuid.UUID) -> BulkAction:
    """What is done stays done, and can be taken back; the rest is not done."""
    return _move(by, action_id, {Status.RUNNING}, Status.CANCELLED, "bulk.cancelled")


def undo(*, by: User, action_id: uuid.UUID) -> BulkAction:
    """What was done is taken back by new events; what is in use by then stays."""
    ended = {Status.DONE, Status.CANCELLED}
    return _move(by, action_id, ended, Status.UNDOING, "bulk.undone")


def _move(
    by: User, action_id: uuid.UUID, come: set[str], go: str, said: str
) -> BulkAction:
    with transaction.atomic():
        action = _locked(action_id)
        if action is None or action.created_by_id != by.pk:
            raise NotAllowedError(_("This is another person's action."))
        if action.status in REPEATED[go]:
            return action
        if action.status not in come:
            raise ConflictError(
                _("It is %(status)s.") % {"status": action.get_status_display().lower()}
            )
        action.status, action.moved_at = go, Now()
        action.save(update_fields=["status", "moved_at"])
        audit.record(by=by, action=said, obj=f"bulk:{action.pk}", kind=action.kind)
    is_small = action.members.exclude(state=State.LEFT_OUT).count() <= PART
    if go in BulkAction.MOVING and is_small:
        run(action_id)
    action.refresh_from_db()
    return action


def run(action_id: uuid.UUID) -> None:
    """Go on until nothing is left, or it was stopped; may be killed and rerun."""
    while _run_part(action_id):
        pass


@transaction.atomic
def _run_part(action_id: uuid.UUID) -> bool:
    action = _locked(action_id)
    if action is None or action.status not in BulkAction.MOVING:
        return False
    is_undo = action.status == Status.UNDOING
    members = {
        member.utterance_id: member
        for member in action.members.filter(
            state=State.DONE if is_undo else State.WAITING
        )
        .select_related("annotation")
        .order_by("id")[:PART]
    }
    if members:
        locked = Utterance.objects.select_for_update().order_by("pk")
        utterances = list(locked.filter(pk__in=members))
        (_take_back if is_undo else _do)(action, utterances, members)
        BulkMember.objects.bulk_update(
            members.values(), ["state", "why", "annotation", "queue_item"]
        )
    else:
        action.status = Status.UNDONE if is_undo else Status.DONE
    action.moved_at = Now()
    action.save(update_fields=["status", "moved_at"])
    return bool(members)


def _do(
    action: BulkAction, utterances: list[Utterance], members: dict[int, BulkMember]
) -> None:
    faults = bulk_acts.faults(action, utterances)
    fit = [utterance for utterance in utterances if utterance.pk not in faults]
    made = {} if action.kind == Kind.EXPORT else bulk_acts.apply(action, fit)
    for pk, member in members.items():
        member.why = faults.get(pk, "")
        member.state = State.LEFT_OUT if member.why else State.DONE
        result = made.get(pk)
        if isinstance(result, QueueItem):
            member.queue_item = result.pk
        elif result is not None:
            member.annotation = result


def _take_back(
    action: BulkAction, utterances: list[Utterance], members: dict[int, BulkMember]
) -> None:
    for utterance in utterances:
        member = members[utterance.pk]
        is_free = bulk_acts.revert(action, member, utterance)
        member.state = State.UNDONE if is_free else State.IN_USE


def _locked(action_id: uuid.UUID) -> BulkAction | None:
    locked = BulkAction.objects.select_for_update(of=("self",))
    return locked.select_related("created_by").filter(pk=action_id).first()


def due() -> list[uuid.UUID]:
    """Actions at work of which nobody heard for a while."""
    silent = BulkAction.objects.filter(
        status__in=BulkAction.MOVING, moved_at__lt=Now() - SILENCE
    )
    return list(silent.values_list("pk", flat=True))


def progress(action: BulkAction) -> Progress:
    rows = action.members.values_list("state", "why")
    states: Counter[str] = Counter()
    whys: Counter[str] = Counter()
    for state, why in rows:
        states[state] += 1
        if why:
            whys[why] += 1
    return Progress(
        total=sum(states.values()),
        waiting=states[State.WAITING],
        done=states[State.DONE],
        undone=states[State.UNDONE],
        in_use=states[State.IN_USE],
        left_out=tuple((bulk_acts.LEFT_OUT[w], n) for w, n in whys.most_common()),
    )


def samples(action: BulkAction) -> list[Utterance]:
    """A few of those it is about, spread over all of them."""
    ids = list(
        action.members.exclude(state=State.LEFT_OUT)
        .order_by("utterance_id")
        .values_list("utterance_id", flat=True)
    )
    step = max(1, len(ids) // SAMPLES)
    return search.rows(ids[::step][:SAMPLES])
