"""Renaming, merging and splitting intents: asked for with a reason, and taken back.

The catalogue changes at once, in the transaction of the request; labels follow in a
worker (label_moves.py). Names that were in use keep leading somewhere.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotations import reasons
from annotations.errors import ConflictError, InvalidError, NotFoundError
from annotations.intake.pipeline import as_name
from annotations.models import (
    Function,
    Intent,
    IntentChange,
    IntentMove,
    QueueItem,
    User,
)
from annotations.services import audit, intent_log, move_plan
from annotations.services.intent_names import refuse_taken
from annotations.services.split_rules import Part

Kind, Status = IntentMove.Kind, IntentMove.Status
MOST_PARTS = 5
SAMPLES_SHOWN = 4


@dataclass(frozen=True)
class Outcome:
    """Where labels would go: how many, why they are asked about, and a few texts."""

    name: str  # of an intent; empty for the desk
    n: int
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    """What a merge or split would do to labels, before anybody decides."""

    n_labels: int
    n_moved: int
    n_queued: int
    n_stayed: int
    outcomes: tuple[Outcome, ...]
    reasons: tuple[tuple[str, int], ...]
    functions: tuple[Function, ...]
    n_waiting: int  # questions at the desk that suggest the intent


@transaction.atomic
def rename(*, intent: Intent, name: str, reason: str, by: User) -> IntentMove:
    """The intent has another name; the old one leads to it from now on."""
    (held,) = _lock(intent)
    name = name.strip()
    refuse_taken(name, but=held)
    move = _create(held, Kind.RENAME, reason, by, new_name=name, status=Status.DONE)
    before = held.name
    aliases = [one for one in held.aliases if one != name]
    held.name, held.aliases = name, [*aliases, before]
    held.revision += 1
    held.save(update_fields=["name", "aliases", "revision"])
    IntentMove.objects.filter(pk=move.pk).update(finished_at=Now())
    _note(held, IntentChange.Kind.RENAMED, by, move, name=[before, name])
    return move


@transaction.atomic
def merge(*, intent: Intent, into: Intent, reason: str, by: User) -> IntentMove:
    """`intent` is no longer used; its names lead to `into`, and its labels follow."""
    if intent.pk == into.pk:
        raise InvalidError(_("Choose another intent to merge this one into."))
    held, target = _lock(intent, into)
    if held.is_out_of_scope:
        raise InvalidError(_("Out of scope is not something callers want; it stays."))
    names = [held.name, *held.aliases]
    move = _create(held, Kind.MERGE, reason, by, into=target, aliases=names)
    held.is_active = False
    held.revision += 1
    held.save(update_fields=["is_active", "revision"])
    target.aliases = [*target.aliases, *names]
    target.revision += 1
    target.save(update_fields=["aliases", "revision"])
    _note(held, IntentChange.Kind.MERGED, by, move, into=target.name)
    _note(target, IntentChange.Kind.MERGED, by, move, took_in=held.name)
    return move


@transaction.atomic
def split(
    *,
    intent: Intent,
    parts: Sequence[Part],
    titles: dict[str, str],
    keeps_rest: bool,
    reason: str,
    by: User,
) -> IntentMove:
    """Parts exist; labels that a rule assigns follow, the others are asked again.

    titles: of parts that are new, by name. keeps_rest: whether the intent stays in
    use beside them.
    """
    (held,) = _lock(intent)
    parts = checked_parts(held, parts, keeps_rest=keeps_rest)
    move = _create(
        held,
        Kind.SPLIT,
        reason,
        by,
        parts=[part.as_json() for part in parts],
        keeps_rest=keeps_rest,
    )
    for part in parts:
        if part.is_new:
            _make_part(held, part, titles.get(part.intent, ""), by, move)
    if not keeps_rest:
        held.is_active = False
    held.revision += 1
    held.save(update_fields=["is_active", "revision"])
    _note(
        held, IntentChange.Kind.SPLIT, by, move, parts=[part.intent for part in parts]
    )
    return move


def _make_part(
    held: Intent, part: Part, title: str, by: User, move: IntentMove
) -> None:
    made = Intent.objects.create(
        name=part.intent,
        title=" ".join(title.split())[:120] or part.intent.replace("_", " "),
        domain_id=held.domain_id,
        iteration=held.iteration,
    )
    _note(made, IntentChange.Kind.CREATED, by, move, split_from=held.name)


def checked_parts(
    intent: Intent, parts: Sequence[Part], *, keeps_rest: bool
) -> list[Part]:
    """The parts, each known to be new or an intent there is. Raises InvalidError."""
    least = 1 if keeps_rest else 2
    if not least <= len(parts) <= MOST_PARTS:
        asked = (
            _("Name %(least)s to %(most)s parts beside what stays.")
            if keeps_rest
            else _("Name %(least)s to %(most)s parts.")
        )
        raise InvalidError(asked % {"least": least, "most": MOST_PARTS})
    names = [part.intent for part in parts]
    if len(set(names)) < len(names):
        raise InvalidError(_("Two parts have the same name."))
    known = set(
        Intent.objects.filter(name__in=names, is_active=True).values_list(
            "name", flat=True
        )
    )
    if intent.name in names:
        raise InvalidError(_("The intent itself is no part: say whether it stays."))
    for name in names:
        if name not in known:
            refuse_taken(name)
    return [replace(part, is_new=part.intent not in known) for part in parts]


def part(name_or_title: str, words: str, parameter: str, value: str) -> Part:
    """A part as a form names it; words: phrases with commas in between."""
    text = name_or_title.strip()
    known = Intent.objects.filter(name=text, is_active=True).exists()
    return Part(
        intent=text if known else as_name(text)[:80],
        words=tuple(w for w in (one.strip() for one in words.split(",")) if w),
        parameter=parameter.strip(),
        value=value.strip(),
    )


@transaction.atomic
def request_undo(*, move_id: int, reason: str, by: User) -> IntentMove:
    """The catalogue is as before at once, and labels go back in a worker.

    What people answered since keeps its meaning, and so do models and files that were
    made meanwhile. Refused while a later change builds on this one.
    """
    move = IntentMove.objects.select_for_update().filter(pk=move_id).first()
    if move is None:
        raise NotFoundError(_("There is no such change."))
    if move.status != Status.DONE:
        raise ConflictError(
            _("This change was taken back already.")
            if move.status in (Status.UNDOING, Status.UNDONE)
            else _("Labels are still following; wait until they have.")
        )
    text = reasons.checked(reason)
    _refuse_built_on(move)
    (held,) = _lock(move.intent, active=False)
    {Kind.RENAME: _unrename, Kind.MERGE: _unmerge, Kind.SPLIT: _unsplit}[move.kind](
        move, held
    )
    held.revision += 1
    held.save()
    is_over = move.kind == Kind.RENAME
    move.status = Status.UNDONE if is_over else Status.UNDOING
    move.undone_by, move.undo_reason, move.last_utterance = by, text, 0
    move.undone_at = Now() if is_over else None
    move.save()
    audit.record(
        by=by,
        action="intent_move.undo_requested",
        obj=f"intent_move:{move.pk}",
        kind=move.kind,
    )
    _note(held, IntentChange.Kind.UNDONE, by, move, what=move.kind)
    return move


def _unrename(move: IntentMove, held: Intent) -> None:
    names = [name for name in held.aliases if name != move.old_name]
    # Who learned the new name keeps finding the intent.
    held.name, held.aliases = move.old_name, [*names, move.new_name]


def _unmerge(move: IntentMove, held: Intent) -> None:
    target = Intent.objects.select_for_update().get(pk=move.into_id)
    target.aliases = [name for name in target.aliases if name not in move.aliases]
    target.revision += 1
    target.save(update_fields=["aliases", "revision"])
    held.is_active = True


def _unsplit(move: IntentMove, held: Intent) -> None:
    """Parts stay in use: labels given to them since keep their meaning."""
    held.is_active = True


def _refuse_built_on(move: IntentMove) -> None:
    touched = {move.intent_id, move.into_id} - {None}
    parts = [part["intent"] for part in move.parts]
    later = (
        IntentMove.objects.filter(requested_at__gt=move.requested_at)
        .exclude(status=Status.UNDONE)
        .filter(Q(intent__in=touched) | Q(into__in=touched) | Q(intent__name__in=parts))
        .first()
    )
    if later:
        raise ConflictError(
            _(
                "A later change builds on it (%(kind)s of “%(old_name)s”); "
                "take that back first."
            )
            % {"kind": later.get_kind_display().lower(), "old_name": later.old_name}
        )


def _lock(*intents: Intent, active: bool = True) -> list[Intent]:
    """The intents, nobody else's until the end; in the order given."""
    ids = [intent.pk for intent in intents]
    rows = {
        row.pk: row
        for row in Intent.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    }
    held = [rows[pk] for pk in ids]
    if active and not all(row.is_active for row in held):
        raise ConflictError(_("This intent is no longer used."))
    busy = IntentMove.objects.filter(status__in=IntentMove.OPEN).filter(
        Q(intent__in=ids) | Q(into__in=ids)
    )
    if busy.exists():
        raise ConflictError(_("Labels of this intent are on their way; wait for them."))
    return held


def _create(
    intent: Intent, kind: str, reason: str, by: User, **fields: object
) -> IntentMove:
    move = IntentMove.objects.create(
        kind=kind,
        intent=intent,
        old_name=intent.name,
        reason=reasons.checked(reason),
        requested_by=by,
        n_labels=move_plan.standing_labels(intent).count(),
        **fields,
    )
    audit.record(
        by=by,
        action="intent_move.requested",
        obj=f"intent_move:{move.pk}",
        kind=kind,
        intent=intent.pk,
        labels=move.n_labels,
    )
    return move


def _note(
    intent: Intent, kind: str, by: User, move: IntentMove, **what: object
) -> None:
    intent_log.note(intent=intent, kind=kind, by=by, what={**what, "move": move.pk})


def preview(move: IntentMove) -> Preview:
    """Walk the labels of a move that is not stored yet; nothing is changed."""
    plan = move_plan.Plan(move)
    n_by: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    texts: dict[str, list[str]] = {}
    n_moved = n_queued = n_stayed = 0
    for label in move_plan.standing_labels(move.intent).iterator(chunk_size=1000):
        step = plan.step(label)
        name = step.target.name if step.target else "" if step.asked else move.old_name
        n_by[name] += 1
        n_queued += step.asked
        n_moved += bool(step.target) and not step.asked
        n_stayed += not step.target and not step.asked
        reasons.update(step.reasons)
        shown = texts.setdefault(name, [])
        said = label.utterance
        if len(shown) < SAMPLES_SHOWN and said.split == "train":
            shown += [said.text] if said.status != "quarantined" else []
    touched = [move.intent_id, *([move.into_id] if move.into_id else [])]
    names = [part["intent"] for part in move.parts]
    return Preview(
        n_labels=sum(n_by.values()),
        n_moved=n_moved,
        n_queued=n_queued,
        n_stayed=n_stayed,
        outcomes=tuple(
            Outcome(name, n, tuple(texts.get(name, ())))
            for name, n in n_by.most_common()
        ),
        reasons=tuple(reasons.most_common(6)),
        functions=tuple(
            Function.objects.filter(Q(intent__in=touched) | Q(intent__name__in=names))
        ),
        n_waiting=QueueItem.objects.filter(
            status__in=QueueItem.OPEN,
            utterance__suggestion__intents__contains=[{"intent": move.intent.name}],
        ).count(),
    )


def draft(intent: Intent, kind: str, **fields: object) -> IntentMove:
    """A move as it would be stored, to look at its preview."""
    return IntentMove(intent=intent, kind=kind, old_name=intent.name, **fields)


def of(intent: Intent) -> list[IntentMove]:
    """Changes that the intent took part in, newest first."""
    return list(
        IntentMove.objects.filter(
            Q(intent=intent)
            | Q(into=intent)
            | Q(parts__contains=[{"intent": intent.name}])
        ).select_related("intent", "into", "requested_by", "undone_by")[:20]
    )
