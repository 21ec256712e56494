"""What a training depends on: its data, its code and the conditions it ran under."""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from training.ml.data import Dataset
from training.models import DatasetSnapshot, Round, SnapshotMember
from training.services import datasets

LIBRARIES = ("numpy", "scikit-learn", "torch", "transformers", "onnxruntime")
CODE = Path(__file__).resolve().parents[1] / "ml"
Split = SnapshotMember.Split


@dataclass(frozen=True)
class Data:
    """What is learned from, and what is held out of it to calibrate on."""

    train: Dataset
    valid: Dataset | None

    @property
    def digest(self) -> str:
        both = [self.train.digest(), self.valid.digest() if self.valid else ""]
        return hashlib.sha256(" ".join(both).encode()).hexdigest()


def data_of(snapshot: DatasetSnapshot) -> Data:
    valid = datasets.load(snapshot, Split.VALID)
    return Data(datasets.load(snapshot, Split.TRAIN), valid if len(valid) else None)


def about(found: Round, conditions: Mapping[str, Any], data: Data) -> dict[str, Any]:
    """What a checkpoint says about how it came to be; the manifest signs it."""
    assert found.snapshot is not None, "the step before set it"
    return {
        "snapshot": found.snapshot.digest,
        "data": data.digest,
        "round": found.pk,
        "seed": found.seed,
        "recipe": found.recipe,
        "versions": {
            "python": platform.python_version(),
            "code": code_version(),
            **{name: version(name) for name in LIBRARIES},
        },
        "conditions": dict(conditions),
    }


@cache
def code_version() -> str:
    """A hash of the code that trains, whether or not a version control knows it."""
    digest = hashlib.sha256()
    for path in sorted(CODE.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]
