"""What can go wrong for a person, in that person's words.

Every error a person may see descends from DomainError. `code` is stable and is what
programs test for; which HTTP status an error has is decided in one table of the roof.
"""


class DomainError(Exception):
    code = "error"

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class NotAllowedError(DomainError):
    """The person may not do this."""

    code = "not_allowed"


class NotFoundError(DomainError):
    """The thing named does not exist, or not for this person."""

    code = "not_found"


class ConflictError(DomainError):
    """The thing changed meanwhile, or is in a state that forbids this."""

    code = "conflict"


class InvalidError(DomainError):
    """What was sent cannot be stored as it is."""

    code = "invalid"


class TooLargeError(DomainError):
    code = "too_large"


class StaleRevisionError(ConflictError):
    """Somebody saved since the page was read; `current` is what they saved."""

    code = "stale_revision"


class LeaseLostError(ConflictError):
    code = "lease_lost"


class DuplicateAnswerError(ConflictError):
    """The same answer id came with another content."""

    code = "answer_differs"


class NothingToUndoError(ConflictError):
    code = "nothing_to_undo"


class InvalidLabelError(InvalidError):
    """A label that the catalogue or the live schema does not allow."""

    code = "invalid_label"


class LinkNotValidError(NotAllowedError):
    code = "link_not_valid"
