"""The app's own servers for a benchmark: started as `make run` starts them.

A scratch data folder, PostgreSQL with its ordinary settings (every commit waits for
the disk), Valkey, and the web server. No workers: what they do is measured elsewhere.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ivr_label.embedded.keeper import Lease
from ivr_label.embedded.places import Places
from ivr_label.embedded.postgres import Cluster
from ivr_label.up.children import Child

ANSWER_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Stack:
    """Running servers. `web` and `postgres` are the roots of their process trees."""

    folder: Path
    port: int
    web: int
    postgres: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def postgres(places: Places) -> Iterator[None]:
    """A cluster in these places accepts connections."""
    lease = Lease(places)
    try:
        yield
    finally:
        lease.release()


def server_pid(places: Places) -> int:
    pid = Cluster(places).server_pid()
    assert pid is not None
    return pid


@contextlib.contextmanager
def database(folder: Path | None = None) -> Iterator[int]:
    """A migrated database of our own, with Django set up on it; gives its pid.

    Once per process: Django's settings are read when this is entered.
    """
    own = folder or Path(tempfile.mkdtemp(prefix="ivr-bench-"))
    own.chmod(0o711)  # as root the server runs as another user
    for name in ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "DATA_KEY"):
        os.environ.pop(name, None)
    os.environ["IVR_DATA_DIR"] = str(own / "data")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ["DJANGO_SETTINGS_MODULE"] = "ivr_label.settings"
    places = Places(own / "data")
    try:
        with postgres(places):
            _set_up_django()
            try:
                yield server_pid(places)
            finally:
                _close_connections()
    finally:
        if folder is None:
            shutil.rmtree(own, ignore_errors=True)


def _set_up_django() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()


@contextlib.contextmanager
def web(postgres_pid: int) -> Iterator[Stack]:
    """The web server answers; its broker is up beside it."""
    from django.conf import settings

    from ivr_label.embedded import valkey
    from ivr_label.up import children

    places, port = Places(settings.DATA_DIR), free_port()
    broker = Child("valkey", valkey.command(places))
    server = children.web(port)
    try:
        broker.start(places.logs)
        assert broker.process is not None
        valkey.wait_until_up(places, broker.process)
        server.start(places.logs)
        assert server.process is not None
        stack = Stack(settings.DATA_DIR, port, server.process.pid, postgres_pid)
        wait_until_it_answers(f"{stack.url}/sign-in")
        yield stack
    finally:
        for child in (server, broker):
            _end(child)


def _end(child: Child) -> None:
    process = child.process
    if process is not None and process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_it_answers(url: str, seconds: float = ANSWER_TIMEOUT_SECONDS) -> float:
    """Seconds until the address gave its first 200."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return time.monotonic() - began
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer within {seconds:.0f} s.")
