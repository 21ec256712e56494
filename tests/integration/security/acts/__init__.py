"""For each route that changes something: an act, and the event that it leaves.

An act is named as its route. It makes the world it needs, calls the route as `user`,
who has every role, and returns the response.
"""

from . import bulk, desk, functions, intake, intents, people, review, rounds, sign_in

EVERY = (
    *sign_in.ACTS,
    *desk.ACTS,
    *review.ACTS,
    *intake.ACTS,
    *rounds.ACTS,
    *functions.ACTS,
    *intents.ACTS,
    *bulk.ACTS,
    *people.ACTS,
)
