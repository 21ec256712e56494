"""The reason a person gives for a decision. It is kept, so it has to say something."""

from django.utils.translation import gettext as _

from annotations.errors import InvalidError

LEAST, MOST = 10, 1000


def checked(reason: str, *, why: str = "") -> str:
    """The reason in one line. Raises InvalidError for too short or too long a one.

    why: what the message says a reason is for; "" is that it is kept.
    """
    line = " ".join(reason.split())
    if not LEAST <= len(line) <= MOST:
        raise InvalidError(
            _("Give a reason of %(least)s to %(most)s characters; %(why)s.")
            % {"least": LEAST, "most": MOST, "why": why or _("it is kept")}
        )
    return line
