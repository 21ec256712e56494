"""The champion in this process: loaded once, replaced without a pause.

The row says who the champion is; a look at it, at most every few seconds, shows a
change. The new one is loaded beside the old one, which answers until then.
"""

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from annotations.errors import DomainError
from training.models import Checkpoint
from training.services import checkpoints

if TYPE_CHECKING:
    from training.serving.predictor import Predictor

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
FAMILY = "intent"


@dataclass
class _Kept:
    """What this process serves with, and when it last looked for another."""

    checkpoint_id: int | None = None
    predictor: "Predictor | None" = None
    looked_at: float = float("-inf")
    is_loading: bool = False


_kept = _Kept()
_lock = threading.Lock()


def predictor() -> "Predictor | None":
    """The champion's predictor; None while no model serves.

    The first caller waits for the loading; later changes load in the background.
    """
    with _lock:
        if time.monotonic() - _kept.looked_at < LOOK_SECONDS or _kept.is_loading:
            return _kept.predictor
        _kept.looked_at = time.monotonic()
        found = checkpoints.champion(FAMILY)
        if found is None:
            _kept.checkpoint_id = _kept.predictor = None
        elif found.pk != _kept.checkpoint_id and _kept.predictor is None:
            _load(found)
        elif found.pk != _kept.checkpoint_id:
            _kept.is_loading = True
            threading.Thread(target=_replace_beside, args=(found,), daemon=True).start()
        return _kept.predictor


def forget() -> None:
    """Look again at the next call, with nothing kept."""
    with _lock:
        _kept.checkpoint_id = _kept.predictor = None
        _kept.looked_at = float("-inf")


def _load(found: Checkpoint) -> None:
    """Under the lock. A champion that cannot be opened is told, not hidden."""
    try:
        _kept.predictor = checkpoints.open_predictor(found)
        _kept.checkpoint_id = found.pk
        logger.info("champion loaded", extra={"checkpoint": found.pk})
    except DomainError as error:
        logger.error("champion not loaded", extra={"code": error.code})


def _replace(found: Checkpoint) -> None:
    try:
        opened = checkpoints.open_predictor(found)
        with _lock:
            _kept.predictor, _kept.checkpoint_id = opened, found.pk
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
