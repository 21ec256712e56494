"""The encoder of typed queries: in the web process, through ONNX Runtime alone."""

import threading

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from annotations.errors import ConflictError
from training.ml.encoder import MODEL_NAME
from training.ml.encoder_onnx import GRAPH_FILE, OnnxEncoder
from training.services import checkpoints

# Vectors that may be compared with a query: a worker with a GPU writes full precision.
COMPARABLE = (OnnxEncoder.name, MODEL_NAME)

_lock = threading.Lock()
_kept: OnnxEncoder | None = None


class NoEncoderError(ConflictError):
    """No worker has made the encoder's graph yet; making it here would take torch."""

    code = "no_encoder"


def encode(text: str) -> NDArray[np.float32]:
    """The text as a unit vector (384,). Nothing of it is stored."""
    global _kept
    with _lock:
        if _kept is None:
            folder = checkpoints.shared_folder()
            if not (folder / GRAPH_FILE).exists():
                raise NoEncoderError(
                    _(
                        "Searching by meaning starts once a worker has read the first"
                        " utterances. Search by words meanwhile."
                    )
                )
            _kept = OnnxEncoder(folder, threads=1)
    return _kept.encode([text])[0]
