"""Names of intents: which are free, and what a former one leads to."""

import re
from collections.abc import Iterable

from django.db.models import Q
from django.utils.translation import gettext as _

from annotations.errors import InvalidError
from annotations.models import Intent

NAME = re.compile(r"[a-z][a-z0-9_.]{1,79}")


def refuse_taken(name: str, *, but: Intent | None = None) -> None:
    """Raises InvalidError for a name that is not one, or leads somewhere already."""
    if not NAME.fullmatch(name):
        raise InvalidError(
            _(
                "A name has small letters, digits, “_” and “.”, and begins "
                "with a letter."
            )
        )
    known = Intent.objects.filter(
        Q(name=name) | Q(is_active=True, aliases__contains=[name])
    )
    if but is not None:
        if but.name == name:
            raise InvalidError(_("That is its name already."))
        # A name that it had itself may come back.
        known = known.exclude(pk=but.pk)
    taken = known.first()
    if taken:
        raise InvalidError(
            _("“%(name)s” leads to “%(taken)s” already.")
            % {"name": name, "taken": taken.title}
        )


def resolved(names: Iterable[str]) -> dict[str, Intent]:
    """By each name that is known, the intent it leads to.

    An intent in use goes before a former name, and that before an intent out of use.
    """
    wanted = set(names)
    found: dict[str, Intent] = {}
    rows = Intent.objects.filter(Q(name__in=wanted) | Q(aliases__overlap=list(wanted)))
    for intent in sorted(rows, key=lambda row: row.is_active):
        for alias in intent.aliases if intent.is_active else ():
            if alias in wanted:
                found[alias] = intent
    for intent in rows:
        if intent.name in wanted and (intent.is_active or intent.name not in found):
            found[intent.name] = intent
    return found
