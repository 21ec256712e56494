"""The champion in this process: loaded once, replaced without a pause.

The row says who the champion is; a look at it, at most every few seconds, shows a
change. The new one is loaded beside the old one, which answers until then and stays
loaded afterwards, so that a roll back answers at once.
"""

import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import connection

from annotations.errors import DomainError
from training.models import Checkpoint
from training.services import checkpoints

if TYPE_CHECKING:
    from training.serving.predictor import Predictor

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
KEPT = 2  # the champion and the one before it


@dataclass(frozen=True)
class Serving:
    """A checkpoint that answers."""

    checkpoint_id: int
    predictor: "Predictor"


@dataclass
class _Kept:
    """What this process serves with and has warm, and when it last looked."""

    now: Serving | None = None
    warm: OrderedDict[int, Serving] = field(default_factory=OrderedDict)
    looked_at: float = float("-inf")
    is_loading: bool = False

    def serve(self, found: Serving) -> None:
        self.now = found
        self.warm[found.checkpoint_id] = found
        self.warm.move_to_end(found.checkpoint_id)
        while len(self.warm) > KEPT:
            self.warm.popitem(last=False)


_kept = _Kept()
_lock = threading.Lock()


def serving() -> Serving | None:
    """Who answers now; None while no model serves.

    The first caller waits for the loading; later changes load in the background.
    """
    with _lock:
        if time.monotonic() - _kept.looked_at < LOOK_SECONDS or _kept.is_loading:
            return _kept.now
        _kept.looked_at = time.monotonic()
        found = checkpoints.champion()
        if found is None:
            _kept.now = None
        elif _kept.now is None or found.pk != _kept.now.checkpoint_id:
            _change_to(found)
        return _kept.now


def predictor() -> "Predictor | None":
    """The champion's predictor; None while no model serves."""
    now = serving()
    return now.predictor if now else None


def forget() -> None:
    """Look again at the next call, with nothing kept."""
    global _kept
    with _lock:
        _kept = _Kept()


def _change_to(found: Checkpoint) -> None:
    """Under the lock: at once where it is warm or nothing else answers."""
    if found.pk in _kept.warm:
        _kept.serve(_kept.warm[found.pk])
        logger.info("champion rolled back", extra={"checkpoint": found.pk})
    elif _kept.now is None:
        _load(found)
    else:
        _kept.is_loading = True
        threading.Thread(target=_replace_beside, args=(found,), daemon=True).start()


def _load(found: Checkpoint) -> None:
    """Under the lock. A champion that cannot be opened is told, not hidden."""
    try:
        _kept.serve(Serving(found.pk, checkpoints.open_predictor(found)))
        logger.info("champion loaded", extra={"checkpoint": found.pk})
    except DomainError as error:
        logger.error("champion not loaded", extra={"code": error.code})


def _replace(found: Checkpoint) -> None:
    try:
        opened = Serving(found.pk, checkpoints.open_predictor(found))
        with _lock:
            _kept.serve(opened)
        logger.info("champion replaced", extra={"checkpoint": found.pk})
    except DomainError as error:
        logger.error("champion not loaded", extra={"code": error.code})
    finally:
        with _lock:
            _kept.is_loading = False


def _replace_beside(found: Checkpoint) -> None:
    try:
        _replace(found)
    finally:
        connection.close()  # this thread's own
