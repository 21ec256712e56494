"""Advisory locks of the database: their numbers in one place, so none is used twice."""

from enum import IntEnum, unique


@unique
class Lock(IntEnum):
    """What one process at a time does; the numbers are any, the same everywhere."""

    MIGRATION = 4_771_920
    RANKING = 4_771_921
    REFILL = 4_771_922  # of the queue: exclusive for a refill, shared for who waits
    LABEL_ERRORS = 4_771_923
    FULL_PASS = 4_771_924
    FORECAST = 4_771_931
    COMPARISON = 4_771_932
    REGISTRY = 4_771_933
