"""Training a round's model once more, to see that the same comes out."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from annotations.errors import ConflictError
from training import backends
from training.ml import checkpoint as folders
from training.ml.hooks import Hooks, Progress
from training.services import checkpoints, rounds, runs

Say = Callable[[str], None]


class NothingToReplayError(ConflictError):
    code = "nothing_to_replay"


@dataclass(frozen=True)
class Replay:
    """Hashes of the stored files and of those made again, and what they depend on."""

    round: int
    checkpoint: str
    snapshot: str
    stored: Mapping[str, str]
    replayed: Mapping[str, str]
    differing: tuple[str, ...]
    # What is not as it was: data erased since, versions, threads, processor.
    changed: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        return not self.differing

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "same": self.is_same}


def replay(round_id: int, *, say: Say = lambda text: None) -> Replay:
    """Train from the stored snapshot into a scratch folder and compare every file.

    Nothing of the round changes. Raises NothingToReplayError where it made no model,
    and CheckpointUnusableError where its files are not what was stored.
    """
    found = rounds.get(round_id)
    if found.challenger is None or found.snapshot is None:
        raise NothingToReplayError(
            _("Round %(round)s made no model to compare with.") % {"round": round_id}
        )
    manifest = checkpoints.open_predictor(found.challenger).manifest
    about = manifest.about
    backend = backends.named(found.backend)
    data = runs.data_of(found.snapshot)
    threads = about.get("conditions", {}).get("threads")
    now = runs.about(found, backend.conditions(threads), data)
    with tempfile.TemporaryDirectory(prefix="replay-") as scratch:
        folder = Path(scratch)
        files = backend.train(
            data.train,
            data.valid,
            recipe=found.recipe,
            seed=found.seed,
            work=folder / "work",
            shared=folder / "shared",
            hooks=Hooks(on_progress=lambda progress: say(_said(progress))),
        )
        key = checkpoints.signing_key()
        made = folders.write(folder / "checkpoint", files, now, key=key).files
    names = sorted({*manifest.files, *made})
    return Replay(
        round=found.pk,
        checkpoint=found.challenger.name,
        snapshot=found.snapshot.digest,
        stored=dict(manifest.files),
        replayed=dict(made),
        differing=tuple(n for n in names if manifest.files.get(n) != made.get(n)),
        changed=_changes(about, now),
    )


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """What the result depends on and is not as it was, in words."""
    said = []
    for group in ("conditions", "versions"):
        old, new = before.get(group, {}), now[group]
        said += [
            f"{name} was {old.get(name)}, is {new.get(name)}"
            for name in sorted({*old, *new})
            if old.get(name) != new.get(name)
        ]
    if before.get("data") != now["data"]:
        said.append("labels of the snapshot were erased or reported since")
    return tuple(said)


def _said(progress: Progress) -> str:
    tenth = 10 * progress.step // max(progress.steps, 1)
    return f"{progress.stage}, {10 * tenth} %"
