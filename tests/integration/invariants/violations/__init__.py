"""For each invariant, statements that break it in the world of world.py.

They run as somebody who owns the database would: triggers and foreign keys off, and
constraints dropped where one stands in the way.
"""

from . import answers, intake, intents, machines, people, queue, review, schemas, trail

PLANTS = (
    answers.PLANTS
    | schemas.PLANTS
    | intake.PLANTS
    | queue.PLANTS
    | trail.PLANTS
    | people.PLANTS
    | intents.PLANTS
    | review.PLANTS
    | machines.PLANTS
)
