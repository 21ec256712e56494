"""The reason a person gives for a decision. It is kept, so it has to say something."""

from django.utils.translation import gettext_lazy as _

from annotations.errors import InvalidError

LEAST, MOST = 10, 1000
KEPT = _("Give a reason of %(least)s to %(most)s characters; it is kept.")
FOR_ITS_AUTHOR = _(
    "Give a reason of %(least)s to %(most)s characters; its author reads it."
)


def checked(reason: str, *, refusal: str = KEPT) -> str:
    """The reason in one line. Raises InvalidError for too short or too long a one.

    refusal: the message, which says what a reason is for.
    """
    line = " ".join(reason.split())
    if not LEAST <= len(line) <= MOST:
        raise InvalidError(refusal % {"least": LEAST, "most": MOST})
    return line
