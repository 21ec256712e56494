"""The fast head as a file: refitted every few labels, read by whoever suggests."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from django.conf import settings

from training.ml.errors import CheckpointFormatError

if TYPE_CHECKING:
    from training.ml.intent_model import IntentModel


@dataclass(frozen=True)
class StoredHead:
    """The head, the encoder whose vectors it reads, and its name."""

    name: str
    encoder: str
    model: "IntentModel"


def path() -> Path:
    return Path(settings.DATA_DIR) / "heads" / "current.npz"


def store(head: StoredHead) -> None:
    """The head replaces the one before, whole or not at all."""
    import numpy as np

    from training.ml.storage import written_aside

    with written_aside(path()) as aside, aside.open("wb") as file:
        np.savez(
            file,
            name=np.array(head.name),
            encoder=np.array(head.encoder),
            **head.model.to_arrays(),
        )


def current() -> StoredHead | None:
    """The head fitted last; None before the first, or where the file is not one."""
    import numpy as np

    from training.ml.intent_model import IntentModel

    if not path().exists():
        return None
    try:
        with path().open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        name, encoder = str(arrays.pop("name")), str(arrays.pop("encoder"))
        return StoredHead(name, encoder, IntentModel.from_arrays(arrays))
    except (OSError, ValueError, KeyError, BadZipFile, CheckpointFormatError):
        return None  # it is fitted again within seconds
