"""One line of an intent's change log, in words."""

from django.utils.translation import gettext_lazy as _

from annotations.models import IntentChange

FIELDS = {
    "title": _("Title"),
    "description": _("Description"),
    "guidance": _("Guidance"),
    "line": _("Line"),
    "name": _("Name"),
    "iteration": _("Iteration"),
}
FACTS = {
    "with": _("with: %(value)s"),
    "example": _("example: %(value)s"),
    "samples": _("samples: %(value)s"),
    "into": _("into: %(value)s"),
    "took_in": _("took in: %(value)s"),
    "split_from": _("split from: %(value)s"),
    "parts": _("parts: %(value)s"),
    "what": _("what: %(value)s"),
}
# Ids say nothing to a reader; the trail has them.
UNTOLD = ("utterance", "move")


def described(change: IntentChange) -> list[tuple[str, str, str]]:
    """(what, before, after) for each field; before and after are empty for a fact."""
    lines = []
    for field, value in change.what.items():
        if field in UNTOLD:
            continue
        if field in FIELDS and isinstance(value, list) and len(value) == 2:
            lines.append((str(FIELDS[field]), str(value[0]), str(value[1])))
        elif field in FACTS:
            lines.append((FACTS[field] % {"value": value}, "", ""))
        else:
            lines.append((f"{field.replace('_', ' ')}: {value}", "", ""))
    return lines
