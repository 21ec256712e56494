"""Where uploads lie, encrypted, and when they go."""

import re
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.errors import InvalidError, TooLargeError
from annotations.intake import bronze
from annotations.models import IntakeBatch

COPY_BYTES = 64 * 1024
ORPHAN_SECONDS = 24 * 3600
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class BadSourceError(InvalidError):
    code = "bad_source"


class Stream(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def folder() -> Path:
    return Path(settings.DATA_DIR) / "bronze"


def checked_source(source: str) -> str:
    if not _SOURCE.fullmatch(source):
        raise BadSourceError(
            _("A source is a name of up to 40 lower-case letters, digits, - and _.")
        )
    return source


def writer(*, source: str) -> bronze.Writer:
    """Where an upload's bytes go, encrypted from the first one on."""
    return bronze.Writer(
        folder() / f"{checked_source(source)}-{uuid.uuid4()}.bronze",
        settings.DATA_KEY,
        settings.UPLOAD_LIMIT_BYTES,
    )


def reader(batch: IntakeBatch) -> bronze.Reader:
    return bronze.Reader(folder() / batch.bronze_path, settings.DATA_KEY)


def seal(stream: Stream, *, source: str) -> bronze.Stored:
    """The rest of the stream as a bronze file; raises TooLargeError."""
    target = writer(source=source)
    try:
        while data := stream.read(COPY_BYTES):
            target.write(data)
    except bronze.TooLargeForBronzeError:
        raise too_large() from None
    except BaseException:
        target.discard()
        raise
    return target.finish()


def too_large() -> TooLargeError:
    limit = settings.UPLOAD_LIMIT_BYTES >> 20
    return TooLargeError(
        _("The file is larger than %(limit)s MB; send it in parts.") % {"limit": limit}
    )


def drop(batch: IntakeBatch) -> None:
    if batch.bronze_path:
        (folder() / batch.bronze_path).unlink(missing_ok=True)


def drop_expired() -> int:
    """Delete uploads past their retention, and orphans; returns how many."""
    before = timezone.now() - timedelta(days=settings.BRONZE_RETENTION_DAYS)
    expired = IntakeBatch.objects.filter(finished_at__lt=before).exclude(bronze_path="")
    dropped = 0
    for batch in expired[:200]:
        drop(batch)
        batch.bronze_path = ""
        batch.save(update_fields=["bronze_path"])
        dropped += 1
    return dropped + _drop_orphans()


def _drop_orphans() -> int:
    """Files that no batch knows: an upload that was cut off left them behind."""
    if not folder().is_dir():
        return 0
    before = time.time() - ORPHAN_SECONDS
    old = {path.name: path for path in folder().iterdir() if _is_older(path, before)}
    known = IntakeBatch.objects.filter(bronze_path__in=list(old))
    for name in known.values_list("bronze_path", flat=True):
        del old[name]
    for path in old.values():
        path.unlink(missing_ok=True)
    return len(old)


def _is_older(path: Path, moment: float) -> bool:
    try:
        return path.stat().st_mtime < moment
    except FileNotFoundError:  # an upload that finished meanwhile was renamed
        return False
