"""Files on their way in: received, encrypted, read once, counted to the last row."""

import contextlib
import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
)
from annotations.intake import bronze
from annotations.intake.ahead import ahead
from annotations.intake.pipeline import Chunk
from annotations.intake.readers import READERS, UnreadableFileError, for_file, jsonl
from annotations.models import IntakeBatch, User
from annotations.services import audit, bronze_files, exam, intake_rows

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3  # claims without a single chunk stored in between
STALE_AFTER = timedelta(seconds=60)  # a worker stores a chunk every second or so
LABELS = ("import", "ignore")
# What a row with an intent and without `spans` says of parameters: nobody looked for
# any, there are none, or whichever the rest of its file tells.
UNMARKED = ("auto", "unknown", "none")
OPTIONS = ("map", "delimiter", "labels", "unmarked")
Progress = Callable[[IntakeBatch], None]


class BatchNotOpenError(ConflictError):
    code = "batch_not_open"


class ClaimLostError(RuntimeError):
    """Another worker has taken the batch over, or it was cancelled."""


def receive(
    stream: bronze_files.Stream,
    *,
    source: str,
    file_name: str,
    by: User | None,
    reader: str = "",
    options: Mapping[str, str] | None = None,
) -> IntakeBatch:
    """A waiting batch of the stream's bytes, or the batch that had them before."""
    return register(
        bronze_files.seal(stream, source=source),
        source=source,
        file_name=file_name,
        by=by,
        reader=reader,
        options=options,
    )


def register(
    stored: bronze.Stored,
    *,
    source: str,
    file_name: str,
    by: User | None,
    reader: str = "",
    options: Mapping[str, str] | None = None,
) -> IntakeBatch:
    """A batch for a finished bronze file. The same file again is the same batch:
    it goes on where it was stopped, and adds nothing where it was done.
    """
    try:
        return _register(
            stored,
            source=bronze_files.checked_source(source),
            file_name=Path(file_name.replace("\0", "")).name[:255],
            by=by,
            reader=_checked_reader(reader, source, file_name),
            options=_checked_options(options or {}),
        )
    except BaseException:
        stored.path.unlink(missing_ok=True)
        raise


def _checked_reader(reader: str, source: str, file_name: str) -> str:
    """The reader asked for, or named like the source, or fit for the file's name."""
    if reader and reader not in READERS:
        raise InvalidError(
            _("There is no reader %(reader)s: %(readers)s.")
            % {"reader": repr(reader), "readers": ", ".join(READERS)}
        )
    return reader or (source if source in READERS else for_file(file_name))


def _checked_options(options: Mapping[str, str]) -> dict[str, str]:
    labels = options.get("labels") or "import"
    if labels not in LABELS:
        raise InvalidError(
            _("`labels` is one of: %(labels)s.") % {"labels": ", ".join(LABELS)}
        )
    unmarked = options.get("unmarked") or UNMARKED[0]
    if unmarked not in UNMARKED:
        raise InvalidError(
            _("`unmarked` is one of: %(unmarked)s.") % {"unmarked": ", ".join(UNMARKED)}
        )
    kept = {k: v for k, v in options.items() if k in OPTIONS and v}
    if any(len(v) > 2000 or "\0" in v for v in kept.values()):
        raise InvalidError(_("An option is too long or holds a NUL."))
    return kept


@transaction.atomic
def _register(
    stored: bronze.Stored,
    *,
    source: str,
    file_name: str,
    by: User | None,
    reader: str,
    options: dict[str, str],
) -> IntakeBatch:
    earlier = (
        IntakeBatch.objects.select_for_update()
        .filter(sha256=stored.sha256, source=source, reader=reader, options=options)
        .order_by("created_at")
        .first()
    )
    if earlier is not None:
        return _again(earlier, stored, by)
    batch = IntakeBatch.objects.create(
        source=source,
        reader=reader,
        options=options,
        file_name=file_name,
        bronze_path=stored.path.name,
        sha256=stored.sha256,
        size_bytes=stored.size,
        created_by=by,
    )
    _record(batch, "batch.received", by, bytes=stored.size)
    return batch


def _again(batch: IntakeBatch, stored: bronze.Stored, by: User | None) -> IntakeBatch:
    """The same bytes came before: open the batch again if it was not finished."""
    done = batch.status in (IntakeBatch.Status.CLOSED, *IntakeBatch.OPEN)
    if done:
        stored.path.unlink(missing_ok=True)
        return batch
    bronze_files.drop(batch)
    batch.bronze_path = stored.path.name
    batch.status = IntakeBatch.Status.RECEIVED
    batch.error, batch.attempts, batch.finished_at = "", 0, None
    batch.save(
        update_fields=["bronze_path", "status", "error", "attempts", "finished_at"]
    )
    _record(batch, "batch.reopened", by, line=batch.next_line)
    return batch


def _record(batch: IntakeBatch, action: str, by: User | None, **facts: object) -> None:
    audit.record(
        by=by,
        action=action,
        obj=f"batch:{batch.pk}",
        stream=None if by else "intake",
        source=batch.source,
        **facts,
    )


def process(batch_id: uuid.UUID, *, progress: Progress | None = None) -> bool:
    """Read the batch to its end, from wherever it stands. False: nothing to do.

    Safe to call twice and to kill: each chunk's rows, the counters and the line to go
    on from are one transaction, made only while the claim holds.
    """
    batch = _claim(batch_id)
    if batch is None:
        return False
    try:
        _read(batch, progress)
    except ClaimLostError:
        logger.info("intake claim lost", extra={"batch": str(batch.pk)})
    except (UnreadableFileError, bronze.BronzeError) as error:
        _fail(batch, str(error))
    except FileNotFoundError:
        _fail(batch, "The uploaded file is no longer there; upload it again.")
    return True


def _claim(batch_id: uuid.UUID) -> IntakeBatch | None:
    """Take the batch if it waits or its worker has gone silent."""
    open_now = Q(status=IntakeBatch.Status.RECEIVED) | Q(
        status=IntakeBatch.Status.RUNNING, heartbeat_at__lt=Now() - STALE_AFTER
    )
    with transaction.atomic():
        taken = IntakeBatch.objects.filter(open_now, pk=batch_id).update(
            status=IntakeBatch.Status.RUNNING,
            fencing_token=F("fencing_token") + 1,
            attempts=F("attempts") + 1,
            heartbeat_at=Now(),
        )
        if not taken:
            return None
        batch = IntakeBatch.objects.get(pk=batch_id)
    if batch.attempts > MAX_ATTEMPTS:
        _fail(batch, f"The worker died {MAX_ATTEMPTS} times after this line.")
        return None
    return batch


def _read(batch: IntakeBatch, progress: Progress | None) -> None:
    preparer = exam.preparer()
    unmarked_known = _says_none_by_silence(batch)
    with bronze_files.reader(batch) as source:
        rows = READERS[batch.reader](source, batch.options, after=batch.next_line)
        with contextlib.closing(ahead(preparer.chunks(rows))) as chunks:
            for chunk in chunks:
                _store(batch, chunk, unmarked_known)
                if progress is not None:
                    progress(batch)
    _close(batch)


def _says_none_by_silence(batch: IntakeBatch) -> bool:
    """Whether a row without `spans` says that somebody looked and found none."""
    unmarked = batch.options.get("unmarked", UNMARKED[0])
    if unmarked != "auto" or batch.reader != "jsonl":
        return unmarked == "none"
    try:
        with bronze_files.reader(batch) as source:
            return jsonl.leaves_out_empty_spans(source)
    except (UnreadableFileError, bronze.BronzeError):
        return False  # reading its rows tells what is wrong, and where


@transaction.atomic
def _store(batch: IntakeBatch, chunk: Chunk, unmarked_known: bool) -> None:
    _hold(batch)
    with_labels = batch.options.get("labels", "import") == "import"
    counts = intake_rows.store(
        chunk, batch, with_labels=with_labels, unmarked_known=unmarked_known
    )
    batch.received += counts.received
    batch.accepted += counts.accepted
    batch.duplicate += counts.duplicate
    batch.rejected += counts.rejected
    batch.next_line = chunk.last_line
    batch.attempts = 1  # it gets on: the tries are counted from here
    batch.heartbeat_at = timezone.now()
    batch.save(
        update_fields=[
            "received",
            "accepted",
            "duplicate",
            "rejected",
            "next_line",
            "attempts",
            "heartbeat_at",
        ]
    )


def _hold(batch: IntakeBatch) -> None:
    """Lock the batch; raises ClaimLostError where the claim is somebody else's.

    The counters are read anew: the full pass moves rows from accepted to duplicate
    while the file is still being read.
    """
    held = (
        IntakeBatch.objects.select_for_update()
        .filter(
            pk=batch.pk,
            fencing_token=batch.fencing_token,
            status=IntakeBatch.Status.RUNNING,
        )
        .first()
    )
    if held is None:
        raise ClaimLostError
    batch.accepted, batch.duplicate = held.accepted, held.duplicate


@transaction.atomic
def _close(batch: IntakeBatch) -> None:
    _hold(batch)
    batch.status = IntakeBatch.Status.CLOSED
    batch.finished_at = timezone.now()
    batch.save(update_fields=["status", "finished_at"])
    _record(
        batch,
        "batch.closed",
        None,
        received=batch.received,
        accepted=batch.accepted,
        duplicate=batch.duplicate,
        rejected=batch.rejected,
    )


@transaction.atomic
def _fail(batch: IntakeBatch, reason: str) -> None:
    """The file cannot be read on; what was stored up to here stays."""
    failed = IntakeBatch.objects.filter(
        pk=batch.pk,
        fencing_token=batch.fencing_token,
        status=IntakeBatch.Status.RUNNING,
    ).update(status=IntakeBatch.Status.FAILED, error=reason, finished_at=timezone.now())
    if failed:
        _record(batch, "batch.failed", None, line=batch.next_line)
        logger.warning("intake failed", extra={"batch": str(batch.pk)})


def get(batch_id: uuid.UUID) -> IntakeBatch:
    batch = IntakeBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise NotFoundError(_("There is no such batch."))
    return batch


@transaction.atomic
def cancel(batch_id: uuid.UUID, *, by: User) -> IntakeBatch:
    """The batch stops after the chunk in hand; what is stored stays."""
    batch = IntakeBatch.objects.select_for_update().filter(pk=batch_id).first()
    if batch is None:
        raise NotFoundError(_("There is no such batch."))
    if batch.status not in IntakeBatch.OPEN:
        raise BatchNotOpenError(_("This batch has ended already."))
    batch.status = IntakeBatch.Status.CANCELLED
    batch.finished_at = timezone.now()
    batch.save(update_fields=["status", "finished_at"])
    _record(batch, "batch.cancelled", by, line=batch.next_line)
    return batch


def due() -> list[uuid.UUID]:
    """Batches that wait for a worker, or lost theirs; oldest first."""
    waiting = Q(status=IntakeBatch.Status.RECEIVED)
    stale = Q(status=IntakeBatch.Status.RUNNING, heartbeat_at__lt=Now() - STALE_AFTER)
    batches = IntakeBatch.objects.filter(waiting | stale).order_by("created_at")
    return list(batches.values_list("pk", flat=True)[:50])
