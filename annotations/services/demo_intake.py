"""The demo's calls through the real intake: received, read, fully redacted."""

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils import timezone

from annotations.demo import calls, files
from annotations.demo.files import DemoFile
from annotations.errors import DomainError
from annotations.models import IntakeBatch, QueueItem, Reason, User, Utterance
from annotations.services import intake, queue, scrub
from annotations.services.queue import Draw

WAIT_SECONDS = 1.0
# Nothing moved for so long although work is left: somebody has to look.
STUCK_AFTER = timedelta(minutes=5)
FIRST_ITEMS = 200
SCRUB_ROWS = 2000
Say = Callable[[str], None]


class DemoStuckError(DomainError):
    code = "demo_stuck"


def last_day(seed: int) -> date:
    """The day before which the calls end: today, or what an earlier run chose."""
    earlier = (
        IntakeBatch.objects.filter(file_name__startswith=files.prefix(seed))
        .order_by("created_at")
        .first()
    )
    if earlier is None:
        return timezone.now().astimezone(UTC).date()
    return files.last_day(earlier.file_name, seed)


def records(n_utterances: int, seed: int) -> list[dict[str, Any]]:
    """What the generator makes for this seed: the same at each run."""
    midnight = datetime.combine(last_day(seed), datetime.min.time(), tzinfo=UTC)
    return list(calls.generate_records(n_utterances, seed, ends_at=midnight))


class Intake:
    """The records' way into the database. A worker may take files over at any time;
    then this waits for it.
    """

    def __init__(
        self, made: Sequence[Mapping[str, Any]], *, seed: int, by: User, say: Say
    ) -> None:
        self._parts = list(files.files(made, seed=seed, last_day=last_day(seed)))
        self._by = by
        self._say = say

    def take_in_first(self) -> None:
        """A first small file is read and redacted, and items of it are ready."""
        self._take_in(self._parts[:1])
        self._say(f"{ensure_first_items()} items are ready to be labeled")

    def take_in_rest(self) -> None:
        """Every record is in and may be seen."""
        self._take_in(self._parts[1:])

    def _take_in(self, parts: Sequence[DemoFile]) -> None:
        # One after another: of equal texts the first one stays, here and anywhere.
        for part in parts:
            _read(_receive(part, self._by), self._say)
        _scrub(self._say)


def ensure_first_items() -> int:
    """Where the queue is empty, a random draw fills it until something is ranked."""
    ready = QueueItem.objects.filter(status__in=QueueItem.OPEN).count()
    pool = Utterance.objects.in_pool().count()
    if ready or not pool:
        return ready
    drawn = Utterance.objects.in_pool().order_by("dedupe_key")[:FIRST_ITEMS]
    probability = min(1.0, FIRST_ITEMS / pool)
    return queue.refill(
        Draw(pk, Reason.RANDOM, probability)
        for pk in drawn.values_list("pk", flat=True)
    )


@dataclass(frozen=True)
class _Upload:
    part: DemoFile
    batch: IntakeBatch


def _receive(part: DemoFile, by: User) -> _Upload:
    batch = intake.receive(
        io.BytesIO(part.content()),
        source=part.source,
        file_name=part.name,
        by=by,
        reader="jsonl",
    )
    return _Upload(part, batch)


def _read(upload: _Upload, say: Say) -> None:
    """The batch is closed afterwards."""

    def work() -> None:
        if intake.process(upload.batch.pk):
            say(f"{upload.batch.file_name} is in")

    _wait(lambda: _rows_unread(upload), work, "intake")


def _scrub(say: Say) -> None:
    """No row waits for the full pass afterwards."""

    def work() -> None:
        scrub.scrub(limit=SCRUB_ROWS)
        say(f"{scrub.waiting()} rows wait for the full redaction")

    _wait(scrub.waiting, work, "full redaction")


def _rows_unread(upload: _Upload) -> int:
    """Rows still to be read, at least one while the batch is open."""
    batch = intake.get(upload.batch.pk)
    if batch.status in IntakeBatch.OPEN:
        return max(1, len(upload.part.records) - batch.received)
    if batch.status != IntakeBatch.Status.CLOSED:
        why = batch.error or "it was cancelled"
        raise DemoStuckError(f"{batch.file_name} could not be taken in: {why}")
    return 0


def _wait(left: Callable[[], int], work: Callable[[], None], what: str) -> None:
    """Work, or wait for the worker that does, until nothing is left."""
    last, moved_at = left(), time.monotonic()
    while last:
        work()
        now_left = left()
        if now_left == last:
            if time.monotonic() - moved_at > STUCK_AFTER.total_seconds():
                raise DemoStuckError(f"The {what} of the demo's calls stands still.")
            time.sleep(WAIT_SECONDS)
        else:
            last, moved_at = now_left, time.monotonic()
