"""Keeps PostgreSQL up exactly as long as somebody holds a lease on it.

    lease = Lease(places)
    ...  # the server accepts connections
    lease.release()

A lease is a shared lock on a file. The kernel drops it when its holder ends, also
by kill -9, so no count can go stale. The first holder starts this module as a
process of its own; that process starts the server as its child, starts it again if
it dies, and stops it once nobody holds a lease. Standard library only.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from .places import EmbeddedError, Places
from .postgres import STOP_TIMEOUT_SECONDS, Cluster

READY = "ready"
POLL_SECONDS = 0.2
THROW_AWAY = "--throw-away"


class Lease:
    """A held lease. Keep the object; the lock lives as long as its file."""

    def __init__(self, places: Places, *, throw_away: bool = False) -> None:
        self.places = places
        self.throw_away = throw_away
        self._keeper: subprocess.Popen[str] | None = None
        places.make()
        self._holders = _open(places, "postgres-holders")
        fcntl.flock(self._holders, fcntl.LOCK_SH)  # waits for a keeper that is going
        try:
            self.ensure()
        except BaseException:
            self._holders.close()
            raise

    def ensure(self) -> bool:
        """A keeper and its server are up; True if they had to be started."""
        with _open(self.places, "postgres-start") as start:
            fcntl.flock(start, fcntl.LOCK_EX)
            if _is_kept(self.places):
                return False
            self._start_keeper()
            return True

    def release(self) -> None:
        """The lease is given back; the last one out waits until the server is down."""
        deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
        fcntl.flock(self._holders, fcntl.LOCK_UN)
        while _is_kept(self.places) and time.monotonic() < deadline:
            nobody_holds = _try_lock(self._holders, fcntl.LOCK_EX)
            keeper_is_stopping = not _try_lock(self._holders, fcntl.LOCK_SH)
            if not (nobody_holds or keeper_is_stopping):
                break
            fcntl.flock(self._holders, fcntl.LOCK_UN)
            time.sleep(POLL_SECONDS / 2)
        self._holders.close()
        if self._keeper is not None:
            self._keeper.poll()  # reaps it

    def _start_keeper(self) -> None:
        command = [
            sys.executable,
            "-m",
            "ivr_label.embedded.keeper",
            str(self.places.data),
        ]
        if self.throw_away:
            command.append(THROW_AWAY)
        with (self.places.logs / "postgres.log").open("ab") as log:
            keeper = subprocess.Popen(
                command,
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C is ours to handle, not the server's
            )
        assert keeper.stdout is not None
        with keeper.stdout as answers:
            answer = answers.readline().strip()
        self._keeper = keeper
        if answer != READY:
            keeper.wait()
            raise EmbeddedError(
                answer or f"PostgreSQL did not start; see {self.places.logs}."
            )


def _open(places: Places, name: str) -> IO[bytes]:
    return (places.locks / f"{name}.lock").open("ab")


def _try_lock(file: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_kept(places: Places) -> bool:
    with _open(places, "postgres-keeper") as keeper:
        return not _try_lock(keeper, fcntl.LOCK_SH)


def keep(places: Places, *, throw_away: bool) -> None:
    """Start the server, say so on standard output, and stay until it is not needed."""
    asked_to_stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: asked_to_stop.append(received))
    cluster = Cluster(places, throw_away=throw_away)
    cluster.start()
    print(READY, flush=True)
    with _open(places, "postgres-holders") as holders:
        while not asked_to_stop and not _try_lock(holders, fcntl.LOCK_EX):
            if not cluster.is_running():
                _note("PostgreSQL ended unexpectedly; starting it again")
                cluster.start()
            time.sleep(POLL_SECONDS)
        cluster.stop()


def _note(message: str) -> None:
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    print(f"{moment} UTC keeper: {message}", file=sys.stderr, flush=True)


def main() -> int:
    places = Places(Path(sys.argv[1]))
    try:
        keep(places, throw_away=THROW_AWAY in sys.argv[2:])
    except EmbeddedError as error:
        with contextlib.suppress(BrokenPipeError):  # nobody waits for the answer now
            print(error, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    kept = _open(Places(Path(sys.argv[1])), "postgres-keeper")
    fcntl.flock(kept, fcntl.LOCK_EX)
    # At once: whoever waits for the lock may rely on nothing of us being left.
    os._exit(main())
