"""The reason a person gives for a decision. It is kept, so it has to say something."""

from annotations.errors import InvalidError

LEAST, MOST = 10, 1000


def checked(reason: str, *, why: str = "it is kept") -> str:
    """The reason in one line. Raises InvalidError for too short or too long a one.

    why: what the message says a reason is for.
    """
    line = " ".join(reason.split())
    if not LEAST <= len(line) <= MOST:
        raise InvalidError(f"Give a reason of {LEAST} to {MOST} characters; {why}.")
    return line
