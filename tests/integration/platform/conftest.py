import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ivr_label.embedded.places import SHARED_HOME, Places

ROOT = Path(__file__).resolve().parents[3]
OURS = ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "DATA_KEY", "HTTPS", "LOG_LEVEL")


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """A new data folder that PostgreSQL's user can reach, with a short path."""
    above = Path(tempfile.mkdtemp(prefix="ivr-p-"))
    above.chmod(0o711)
    folder = above / "data"
    yield folder
    for pid in processes_using(folder):
        os.kill(pid, signal.SIGKILL)
    cluster = Places(folder).postgres if folder.exists() else folder
    shutil.rmtree(above, ignore_errors=True)
    if cluster.is_relative_to(SHARED_HOME):
        shutil.rmtree(cluster, ignore_errors=True)


@pytest.fixture
def clean_environment(data_folder: Path) -> dict[str, str]:
    """The environment of somebody who has set nothing but the data folder."""
    # What the browser tests set for themselves is not somebody's environment.
    ours = {*OURS, "DJANGO_ALLOW_ASYNC_UNSAFE"}
    inherited = {k: v for k, v in os.environ.items() if k not in ours}
    return inherited | {"IVR_DATA_DIR": str(data_folder), "DEMO": "0"}


@pytest.fixture
def manage(clean_environment: dict[str, str]) -> Callable[..., object]:
    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=clean_environment | variables,
            capture_output=True,
            text=True,
        )

    return run


def processes_using(folder: Path) -> list[int]:
    """Return the pids of processes (zombies apart) that were started for `folder`."""
    needle = os.fsencode(folder)
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        if entry.name == str(os.getpid()):
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if command and (needle in command or needle in environment):
            found.append(int(entry.name))
    return found


def wait_until(condition: Callable[[], object], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
