"""Where checkpoints lie, and how they are written, trusted and opened."""

import hashlib
import hmac
import json
import shutil
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotations.errors import ConflictError, NotFoundError
from annotations.models import AuditEvent
from annotations.services import audit
from training.ml import checkpoint as folders
from training.ml.errors import CheckpointCorruptError, CheckpointFormatError
from training.models import FAMILY, Checkpoint, Round

ORPHAN_SECONDS = 24 * 3600
REFUSAL_TOLD_FOR = timedelta(hours=1)


class CheckpointUnusableError(ConflictError):
    """A checkpoint's files are not what was stored."""

    code = "checkpoint_unusable"


def root() -> Path:
    return Path(settings.DATA_DIR) / "checkpoints"


def work_folder(round_id: int) -> Path:
    """Where a round keeps what a resumed attempt can use."""
    return Path(settings.DATA_DIR) / "rounds" / str(round_id)


def shared_folder() -> Path:
    """Where exported encoders that many checkpoints share are kept."""
    return Path(settings.DATA_DIR) / "encoders"


def signing_key() -> bytes:
    """The key of the manifests: from the data key, which is not in the database."""
    secret = str(settings.DATA_KEY).encode()
    return hmac.new(secret, b"checkpoint manifests", hashlib.sha256).digest()


def store(
    name: str, files: Mapping[str, bytes | Path], about: Mapping[str, Any]
) -> folders.Manifest:
    return folders.write(root() / name, files, about, key=signing_key())


def stored(name: str) -> folders.Manifest | None:
    """The manifest of a whole checkpoint of that name; None where there is none."""
    try:
        return folders.verify(root() / name, key=signing_key())
    except (CheckpointCorruptError, CheckpointFormatError):
        return None


def open_predictor(found: Checkpoint, *, beside: int = 1) -> Any:
    """A predictor of exactly the files that were registered.

    beside: of many turns, how many batches are encoded at a time.
    Raises CheckpointUnusableError where they are gone, changed or swapped, and has
    that on the trail.
    """
    from training.serving.predictor import Predictor

    try:
        predictor = Predictor(root() / found.path, key=signing_key(), beside=beside)
    except (CheckpointCorruptError, CheckpointFormatError, OSError) as error:
        _record_refusal(found, str(error))
        raise CheckpointUnusableError(
            _("The checkpoint %(name)s cannot be used: %(error)s")
            % {"name": found.name, "error": error}
        ) from error
    if predictor.manifest.sha256 != found.manifest_sha256:
        reason = f"The files of {found.name} are another checkpoint's."
        _record_refusal(found, reason)
        raise CheckpointUnusableError(reason)
    return predictor


def _record_refusal(found: Checkpoint, reason: str) -> None:
    """The trail has it, once an hour: whoever wants to serve asks every few seconds."""
    obj, action = f"checkpoint:{found.pk}", "checkpoint.refused"
    known = AuditEvent.objects.filter(
        action=action,
        object=obj,
        at__gte=Now() - REFUSAL_TOLD_FOR,
        payload__contains=json.dumps(reason),
    )
    if not known.exists():
        audit.record(by=None, action=action, obj=obj, reason=reason)


def named(name: str) -> Checkpoint:
    found = Checkpoint.objects.filter(name=name).first()
    if found is None:
        raise NotFoundError(
            _("There is no checkpoint “%(name)s”.") % {"name": name[:120]}
        )
    return found


def champion(family: str = FAMILY) -> Checkpoint | None:
    """The model that serves; None before the first promotion."""
    return Checkpoint.objects.filter(
        family=family, state=Checkpoint.State.CHAMPION
    ).first()


def size_of(name: str) -> int:
    """The bytes of a checkpoint folder."""
    return sum(path.stat().st_size for path in (root() / name).iterdir())


def remove_orphans(now: float | None = None) -> int:
    """Drop folders of checkpoints that no row knows, a day after they were made, and
    what rounds that ended kept for another attempt."""
    now = time.time() if now is None else now
    _remove_work()
    if not root().is_dir():
        return 0
    known = set(Checkpoint.objects.values_list("path", flat=True))
    old = [
        folder
        for folder in root().iterdir()
        if folder.name not in known
        and now - folder.stat(follow_symlinks=False).st_mtime > ORPHAN_SECONDS
    ]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)


def _remove_work() -> None:
    parent = work_folder(0).parent
    if not parent.is_dir():
        return
    working = set(
        Round.objects.filter(status__in=Round.WORKING).values_list("pk", flat=True)
    )
    for folder in parent.iterdir():
        if not folder.name.isdecimal() or int(folder.name) not in working:
            shutil.rmtree(folder, ignore_errors=True)
