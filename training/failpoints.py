"""Named places where tests stop, break or kill a worker. Nothing happens otherwise.

Each name stands here so that a test can check that every one of them is exercised.
"""

from collections.abc import Callable

NAMES = (
    "round.claimed",
    "snapshot.frozen",
    "snapshot.recorded",
    "training.begun",
    "training.progress",
    "checkpoint.named",
    "checkpoint.registered",
    "evaluation.begun",
    "evaluation.recorded",
    "gate.judged",
    "shadow.decided",
    "promotion.before_commit",
    "promotion.after_commit",
    "round.ended",
)

_actions: dict[str, Callable[[], None]] = {}


def arm(name: str, action: Callable[[], None]) -> None:
    """Have `action` happen at a place. Raises KeyError for a name that is none."""
    if name not in NAMES:
        raise KeyError(name)
    _actions[name] = action


def disarm() -> None:
    _actions.clear()


def failpoint(name: str) -> None:
    """Mark a place a worker may die at."""
    if _actions and name in _actions:
        _actions[name]()
