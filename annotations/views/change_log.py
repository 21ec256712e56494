"""One line of an intent's change log, in words."""

from annotations.models import IntentChange

FIELDS = {
    "title": "Title",
    "description": "Description",
    "guidance": "Guidance",
    "line": "Line",
    "name": "Name",
    "iteration": "Iteration",
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
            lines.append((FIELDS[field], str(value[0]), str(value[1])))
        else:
            lines.append((f"{field.replace('_', ' ')}: {value}", "", ""))
    return lines
