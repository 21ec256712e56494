"""What a killed supervisor left, should its guard have been killed as well.

Each process carries the data folder in its environment, which a recycled number does
not. Standard library only; elsewhere than on Linux the guard is all there is.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

from .children import MARK
from .guard import PATIENCE_SECONDS


def end(data: Path) -> list[int]:
    """No process of an earlier supervisor of this folder is left; returns those ended.

    The caller holds the folder, so that none of them has a living supervisor.
    """
    found = of_folder(data)
    _send(found, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left := of_folder(data):
        if time.monotonic() > deadline:  # again and again: some start others anew
            _send(left, signal.SIGKILL)
        time.sleep(0.05)
    return found


def of_folder(data: Path) -> list[int]:
    """Pids of processes, zombies apart, that a supervisor of the folder started."""
    mark = os.fsencode(f"{MARK}={data}")
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
        except OSError:  # somebody else's, or it just ended
            continue
        if mark in environment and entry.name != str(os.getpid()):
            found.append(int(entry.name))
    return sorted(found)


def in_words(pids: list[int]) -> str:
    return (
        "1 process was left" if len(pids) == 1 else f"{len(pids)} processes were left"
    )


def _send(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
