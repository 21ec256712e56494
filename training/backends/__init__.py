"""Where fine-tuning runs. One is here; asking for another gets a clear sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from annotations.errors import InvalidError
from training.ml.data import Dataset
from training.ml.hooks import Hooks


class BackendNotAvailableError(InvalidError):
    code = "backend_not_available"


class Backend(Protocol):
    """Turns labeled utterances into the files of a checkpoint."""

    def conditions(self, threads: int | None = None) -> dict[str, Any]:
        """Settle what the result depends on beside data and seed, and say what it is;
        `threads` as in a training that is repeated."""
        ...

    def train(
        self,
        train: Dataset,
        valid: Dataset | None,
        *,
        recipe: str,
        seed: int,
        work: Path,
        shared: Path,
        hooks: Hooks,
    ) -> dict[str, bytes | Path]: ...


def _encoder() -> Backend:
    from training.backends.encoder import EncoderBackend

    return EncoderBackend()


BACKENDS: dict[str, Callable[[], Backend]] = {"encoder": _encoder}
NOT_YET = {
    "causal_lm": "a causal language model (accelerate)",
    "hosted_api": "a hosted fine-tuning service",
    "notebook": "a notebook job",
}


def named(name: str) -> Backend:
    """The backend of that name. Raises BackendNotAvailableError."""
    check(name)
    return BACKENDS[name]()


def check(name: str) -> None:
    """Raises BackendNotAvailableError unless `name` can train here."""
    if name in BACKENDS:
        return
    known = ", ".join(sorted(BACKENDS))
    if name in NOT_YET:
        raise BackendNotAvailableError(
            f"Training with {NOT_YET[name]} is not part of this version. "
            f"There is: {known}."
        )
    raise BackendNotAvailableError(f"There is no backend “{name[:40]}”, only: {known}.")
