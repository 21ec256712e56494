"""What a fine-tuning that was killed needs to go on: kept whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from training.ml import storage

FILE = "epoch.safetensors"

Weights = dict[str, torch.Tensor]


def keep(
    folder: Path,
    fingerprint: str,
    weights: Mapping[str, Weights],
    optimizer: torch.optim.Optimizer,
    facts: Mapping[str, Any],
) -> None:
    """Write named sets of weights, the optimizer's state and facts. No pickle."""
    arrays = {
        f"{kind}.{name}": tensor.detach().cpu().contiguous()
        for kind, named in weights.items()
        for name, tensor in named.items()
    }
    for index, state in optimizer.state_dict()["state"].items():
        for key, tensor in state.items():
            arrays[f"optimizer.{index}.{key}"] = torch.as_tensor(tensor).cpu()
    about = {"fingerprint": fingerprint, "facts": json.dumps(dict(facts))}
    with storage.written_aside(folder / FILE) as path:
        save_file(arrays, path, metadata=about)


def kept(
    folder: Path, fingerprint: str, place: torch.device
) -> tuple[Weights, dict[str, Any]] | None:
    """The arrays and facts of a run of the same data and settings, if there are."""
    path = folder / FILE
    if not path.is_file():
        return None
    about = storage.safetensors_metadata(path)
    if about.get("fingerprint") != fingerprint:
        return None
    return load_file(path, device=str(place)), json.loads(about["facts"])


def named(arrays: Weights, kind: str) -> Weights:
    """One of the sets of weights `keep` was given."""
    start = f"{kind}."
    return {n.removeprefix(start): t for n, t in arrays.items() if n.startswith(start)}


def restore_optimizer(optimizer: torch.optim.Optimizer, arrays: Weights) -> None:
    """Put the optimizer back where it was."""
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in named(arrays, "optimizer").items():
        index, key = name.split(".")
        state.setdefault(int(index), {})[key] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
