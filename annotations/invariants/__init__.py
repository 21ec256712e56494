"""What is always true of people's side of the data, as SQL."""

from annotations.invariants import (
    answers,
    intake,
    intents,
    people,
    queue,
    review,
    schemas,
    trail,
)
from annotations.invariants.invariant import Invariant

INVARIANTS = (
    *answers.INVARIANTS,
    *schemas.INVARIANTS,
    *intake.INVARIANTS,
    *queue.INVARIANTS,
    *trail.INVARIANTS,
    *people.INVARIANTS,
    *intents.INVARIANTS,
    *review.INVARIANTS,
)

__all__ = ["INVARIANTS", "Invariant"]
