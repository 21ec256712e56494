"""What a worker says of a round while it works: that it lives, and how far it is."""

import logging
import threading
import time
from types import TracebackType

from django.db import DatabaseError, connection

from training.failpoints import failpoint
from training.ml.hooks import Hooks, Progress
from training.services import round_log, rounds
from training.services.rounds import Claim

logger = logging.getLogger(__name__)

BEAT_SECONDS = 10.0
TELL_SECONDS = 1.0
MAX_LOSSES = 400


class Heart:
    """Says that the worker lives, from a thread, for as long as the block runs."""

    def __init__(self, claim: Claim, every_seconds: float = BEAT_SECONDS) -> None:
        self._claim = claim
        self._every = every_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Heart":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(self._every):
            try:
                rounds.beat(self._claim)
            except DatabaseError as error:
                logger.warning("heartbeat not written", extra={"reason": str(error)})
            finally:
                connection.close()


class Teller:
    """Writes a training's progress to its round, about once a second."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._told = 0.0
        self._asked = 0.0
        self._stop = False
        self._stage = ""
        self._losses: list[tuple[int, float]] = []

    def hooks(self) -> Hooks:
        return Hooks(
            on_progress=self.tell,
            on_message=self.say,
            should_stop=self.should_stop,
        )

    def say(self, message: str) -> None:
        round_log.say(self._claim, message)

    def tell(self, progress: Progress) -> None:
        failpoint("training.progress")
        if progress.stage != self._stage:
            self._stage = progress.stage
            self.say(f"{progress.stage.capitalize()}, {progress.steps} in all.")
        if progress.loss is not None:
            self._losses.append((progress.step, round(progress.loss, 4)))
        now = time.monotonic()
        if now - self._told < TELL_SECONDS and progress.step < progress.steps:
            return
        self._told = now
        rounds.write(
            self._claim,
            progress={
                "step": progress.stage,
                "done": progress.step,
                "total": progress.steps,
                "loss": _thinned(self._losses),
                "seconds_left": round(progress.seconds_left),
            },
        )

    def should_stop(self) -> bool:
        now = time.monotonic()
        if now - self._asked >= TELL_SECONDS:
            self._asked = now
            self._stop = rounds.is_cancelled(self._claim)
        return self._stop

    @property
    def losses(self) -> list[tuple[int, float]]:
        return _thinned(self._losses)


def _thinned(losses: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """At most MAX_LOSSES points, the last one always among them."""
    every = -(-len(losses) // MAX_LOSSES) or 1
    kept = losses[::every]
    return kept if not losses or kept[-1] == losses[-1] else [*kept, losses[-1]]
