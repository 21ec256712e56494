"""Which iteration of the plan an intent belongs to."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.errors import InvalidError
from annotations.models import Domain, Intent, IntentChange, Iteration, User
from annotations.services import intent_log


@dataclass(frozen=True)
class DomainPart:
    """A domain's intents: those of one iteration and those of the others."""

    domain: Domain
    inside: tuple[Intent, ...]
    others: tuple[Intent, ...]


def parts(iteration: int) -> list[DomainPart]:
    """Every domain that has active intents, and which of them are of the iteration."""
    found: dict[int, tuple[Domain, list[Intent], list[Intent]]] = {}
    intents = Intent.objects.filter(is_active=True).select_related("domain")
    for intent in intents.order_by("domain__name", "name"):
        __, inside, others = found.setdefault(intent.domain_id, (intent.domain, [], []))
        (inside if intent.iteration == iteration else others).append(intent)
    return [DomainPart(d, tuple(i), tuple(o)) for d, i, o in found.values()]


@transaction.atomic
def take(*, iteration: int, names: Collection[str], by: User) -> list[str]:
    """The named intents belong to the iteration; returns those that moved."""
    if iteration not in Iteration.values:
        raise InvalidError(_("There is no such iteration."))
    if not names:
        raise InvalidError(_("Choose at least one intent."))
    found = Intent.objects.select_for_update().filter(name__in=names, is_active=True)
    intents = {intent.name: intent for intent in found}
    if missing := sorted(set(names) - set(intents)):
        raise InvalidError(
            _("There is no intent %(names)s.") % {"names": ", ".join(missing[:5])[:200]}
        )
    moved = [one for __, one in sorted(intents.items()) if one.iteration != iteration]
    for intent in moved:
        before, intent.iteration = intent.iteration, iteration
        intent.save(update_fields=["iteration"])
        intent_log.note(
            intent=intent,
            kind=IntentChange.Kind.SCHEDULED,
            by=by,
            what={"iteration": [before, iteration]},
        )
    return [intent.name for intent in moved]
