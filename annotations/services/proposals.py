"""New intents: proposed by whoever misses one, decided by a reviewer who did not."""

import hashlib
import uuid

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations import reasons
from annotations.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from annotations.functions import labels as rules
from annotations.intake.pipeline import as_name
from annotations.intake.redaction import redact
from annotations.models import (
    Annotation,
    Domain,
    Intent,
    IntentChange,
    IntentProposal,
    Iteration,
    QueueItem,
    Reason,
    Suggestion,
    User,
    Utterance,
)
from annotations.services import audit, catalogue, gold, intent_log, queue, search
from annotations.services.intent_names import refuse_taken

Status = IntentProposal.Status
MISFIT = {
    "title": gettext_lazy("The title needs 3 to %(most)s characters."),
    "description": gettext_lazy("The description needs 3 to %(most)s characters."),
}


@transaction.atomic
def propose(
    *,
    title: str,
    description: str,
    domain: str,
    by: User,
    utterance_id: int | None = None,
    item_id: int | None = None,
) -> IntentProposal:
    """The proposal waits for a reviewer; the same one again is the one that waits.

    utterance_id: one that a search of `by` could show. item_id: the queue item on the
    proposer's desk, which stands for its utterance.
    """
    title = _words(title, "title", 120)
    where = Domain.objects.filter(name=domain).first()
    if where is None:
        raise InvalidError(_("Choose the domain it would belong to."))
    earlier = IntentProposal.objects.filter(
        proposed_by=by, title=title, status=Status.OPEN
    ).first()
    if earlier:
        return earlier
    proposal = IntentProposal.objects.create(
        title=title,
        description=_words(description, "description", 300),
        domain=where,
        utterance=_utterance(utterance_id, item_id, by),
        proposed_by=by,
    )
    _record(proposal, "proposed", by)
    return proposal


def _words(text: str, what: str, most: int) -> str:
    said = redact(" ".join(text.split())).text
    if len(said) < 3 or len(said) > most:
        raise InvalidError(MISFIT[what] % {"most": most})
    return said


def _utterance(
    utterance_id: int | None, item_id: int | None, by: User
) -> Utterance | None:
    if item_id:
        item = QueueItem.objects.filter(pk=item_id, holders__contains=[by.pk]).first()
        if item is None:
            raise NotFoundError(_("This item is not on your desk."))
        found = Utterance.objects.visible().filter(pk=item.utterance_id).first()
    elif utterance_id:
        found = search.look_up(utterance_id, by=by)
    else:
        return None
    if found is None:
        raise NotFoundError(_("This utterance cannot be seen any more."))
    return found


@transaction.atomic
def accept(
    *,
    proposal_id: int,
    by: User,
    name: str = "",
    title: str = "",
    description: str = "",
    domain: str = "",
    iteration: int = Iteration.LONG_TAIL,
) -> IntentProposal:
    """A new intent exists, and the utterance behind it is labeled with it.

    What is not given is as proposed. Raises InvalidError for a name in use.
    """
    proposal = _open(proposal_id, by)
    where = Domain.objects.filter(name=domain or proposal.domain.name).first()
    if where is None:
        raise InvalidError(_("Choose the domain it belongs to."))
    intent = _create(
        name=name.strip() or as_name(title or proposal.title)[:80],
        title=_words(title or proposal.title, "title", 120),
        description=_words(description or proposal.description, "description", 300),
        domain=where,
        iteration=iteration,
        by=by,
    )
    _label(proposal, intent, by)
    return _decide(proposal, Status.ACCEPTED, by, intent=intent)


def _create(*, name: str, by: User, **fields: object) -> Intent:
    refuse_taken(name)
    try:
        with transaction.atomic():
            intent = Intent.objects.create(name=name, **fields)
    except IntegrityError:
        raise ConflictError(
            _("Somebody made an intent of this name meanwhile.")
        ) from None
    intent_log.note(
        intent=intent,
        kind=IntentChange.Kind.CREATED,
        by=by,
        what={"name": ["", name]},
    )
    return intent


@transaction.atomic
def merge(*, proposal_id: int, into: str, by: User, reason: str = "") -> IntentProposal:
    """It belongs to an intent there is; the utterance is labeled with that one."""
    proposal = _open(proposal_id, by)
    intent = Intent.objects.filter(name=into, is_active=True).first()
    if intent is None:
        raise InvalidError(_("Choose the intent it belongs to."))
    _label(proposal, intent, by)
    text = " ".join(reason.split())[: reasons.MOST]
    return _decide(proposal, Status.MERGED, by, intent=intent, reason=text)


@transaction.atomic
def decline(*, proposal_id: int, by: User, reason: str) -> IntentProposal:
    """It stays without consequence; its author reads the reason."""
    proposal = _open(proposal_id, by)
    text = reasons.checked(reason, refusal=reasons.FOR_ITS_AUTHOR)
    return _decide(proposal, Status.DECLINED, by, reason=text)


def _open(proposal_id: int, by: User) -> IntentProposal:
    proposal = (
        IntentProposal.objects.select_for_update(of=("self",))
        .select_related("domain", "utterance")
        .filter(pk=proposal_id)
        .first()
    )
    if proposal is None:
        raise NotFoundError(_("There is no such proposal."))
    if proposal.status != Status.OPEN:
        raise ConflictError(_("Somebody has decided about this proposal meanwhile."))
    if proposal.proposed_by_id == by.pk:
        raise NotAllowedError(_("You proposed it; another reviewer has to decide."))
    return proposal


def _decide(
    proposal: IntentProposal,
    status: str,
    by: User,
    *,
    intent: Intent | None = None,
    reason: str = "",
) -> IntentProposal:
    IntentProposal.objects.filter(pk=proposal.pk).update(
        status=status,
        decided_by=by,
        decided_at=Now(),
        intent=intent,
        reason=redact(reason).text,
    )
    _record(proposal, status, by, intent=intent.pk if intent else None)
    proposal.refresh_from_db()
    return proposal


def _record(proposal: IntentProposal, what: str, by: User, **facts: object) -> None:
    audit.record(
        by=by,
        action=f"proposal.{what}",
        obj=f"proposal:{proposal.pk}",
        utterance=proposal.utterance_id,
        **facts,
    )


def _label(proposal: IntentProposal, intent: Intent, by: User) -> None:
    """The reviewer's word on the utterance; the desk asks where parameters are open.

    An exam item is left to those who are drawn to answer it.
    """
    if proposal.utterance_id is None:
        return
    utterance = (
        Utterance.objects.select_for_update()
        .visible()
        .for_training()
        .filter(pk=proposal.utterance_id)
        .first()
    )
    if utterance is None:
        return
    card = catalogue.current().by_name[intent.name]
    if rules.problems(card.parameters, (), ()):
        _ask(utterance, intent)
        return
    own = _own_answer(utterance, by)
    review = Annotation.objects.create(
        id=uuid.uuid4(),
        kind=Annotation.Kind.LABEL,
        utterance=utterance,
        annotator=by,
        intent=intent,
        schema_version_id=card.schema_version_id,
        # The proposal was read, not searched for parameters.
        marks_known=not card.parameters,
        revises=own,
        # Nobody reviews an answer of their own; it is changed instead.
        is_review=own is None,
        body_hash=hashlib.sha256(f"proposal {proposal.pk}".encode()).hexdigest(),
    )
    gold.settle(utterance)
    _ready_items(utterance).update(status=QueueItem.Status.DONE)
    audit.record(
        by=by,
        action="label.submitted",
        obj=f"annotation:{review.pk}",
        utterance=utterance.pk,
        intent=intent.name,
        proposal=proposal.pk,
    )


def _ready_items(utterance: Utterance) -> QuerySet[QueueItem]:
    return QueueItem.objects.filter(utterance=utterance, status=QueueItem.Status.READY)


def _own_answer(utterance: Utterance, by: User) -> Annotation | None:
    """What they answered themselves, which is changed instead of reviewed."""
    return (
        Annotation.objects.standing()
        .filter(utterance=utterance, annotator=by, revised_by__isnull=True)
        .exclude(kind=Annotation.Kind.QUARANTINE)
        .first()
    )


def _ask(utterance: Utterance, intent: Intent) -> None:
    """Somebody marks the parameters, with this intent as the suggestion."""
    Suggestion.objects.update_or_create(
        utterance=utterance,
        defaults={
            "model_name": "reviewer",
            "intents": [{"intent": intent.name, "confidence": 1.0}],
            "parameters": [],
        },
    )
    _ready_items(utterance).delete()
    QueueItem.objects.bulk_create(
        [
            QueueItem(
                utterance=utterance,
                reason=Reason.REQUESTED,
                rank=queue.last_rank() + 1,
                draw_probability=1.0,
            )
        ],
        ignore_conflicts=True,
    )


def listed(status: str = "") -> QuerySet[IntentProposal]:
    """Proposals of a status, or all; those that wait come longest-waiting first."""
    rows = IntentProposal.objects.select_related(
        "domain", "utterance", "proposed_by", "decided_by", "intent"
    )
    if status == Status.OPEN:
        return rows.filter(status=status).order_by("proposed_at", "id")
    return rows.filter(status=status) if status in Status.values else rows


def of(person: User) -> QuerySet[IntentProposal]:
    """What the person proposed, newest first."""
    return listed().filter(proposed_by=person)
