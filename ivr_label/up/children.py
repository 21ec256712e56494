"""The processes under the supervisor and how each is started."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from ivr_label.embedded.processes import in_child
from ivr_label.logs import level as log_level

from .guard import send

ROOT = Path(__file__).resolve().parents[2]
LARGEST_LOG_BYTES = 20 * 2**20
LONGEST_PAUSE_SECONDS = 30
MARK = "IVR_SUPERVISED"  # names the data folder to whoever finds the process later
STEADY_SECONDS = 60  # up for this long: the next failure is a new one


@dataclass
class Child:
    """One process that is started again whenever it ends."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    runs_once: bool = False
    attempts: int = 3  # only for one that runs once
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    starts_again_at: float = 0.0
    told_bytes: int = 0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, logs: Path) -> int:
        """The process runs in a group of its own; return the group's number."""
        log = logs / f"{self.name}.log"
        if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            self.told_bytes = output.tell()
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=os.environ | self.environment | {MARK: str(logs.parent)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A second belt: the guard learns of the group a moment later.
                preexec_fn=in_child(drop_root=False, death_signal=signal.SIGTERM),
            )
        self.started_at = time.monotonic()
        self.starts_again_at = 0.0
        return self.process.pid

    def news(self, logs: Path) -> list[str]:
        """Return the plain lines it printed since the last call, each kind once.

        Log events, which are JSON objects, stay in the file.
        """
        with (logs / f"{self.name}.log").open("rb") as log:
            log.seek(self.told_bytes)
            text = log.read()
        whole = text[: text.rfind(b"\n") + 1]
        self.told_bytes += len(whole)
        lines = whole.decode(errors="replace").splitlines()
        return [x for x in dict.fromkeys(lines) if x and not x.startswith(("{", " "))]

    def note_end(self) -> str:
        """Clear up after the process that ended; return how it ended, in words."""
        assert self.process is not None and self.process.returncode is not None
        send(self.process.pid, signal.SIGKILL)  # grandchildren that outlived it
        if time.monotonic() - self.started_at > STEADY_SECONDS:
            self.failures = 0
        pause = min(2**self.failures, LONGEST_PAUSE_SECONDS)
        self.failures += 1
        self.starts_again_at = time.monotonic() + pause
        code = self.process.returncode
        return f"was killed by signal {-code}" if code < 0 else f"ended with {code}"


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def threads(count: int) -> dict[str, str]:
    """Bound the threads of NumPy and torch: two processes share two cores."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return dict.fromkeys(names, str(count)) | {
        # Threads that spin while they wait take the cores from those they wait for.
        "OMP_WAIT_POLICY": "PASSIVE",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",  # models come in packages, never from a hub
    }


def web(port: int) -> Child:
    """Two processes with four threads each answered most requests on two cores."""
    command = python(
        "-m", "granian", "--interface", "wsgi", "--workers", "2",
        "--blocking-threads", "4", "--host", "127.0.0.1", "--port", str(port),
        "--log-level", log_level().lower(), "--no-ws",
        "--respawn-failed-workers", "--workers-kill-timeout", "5",
        "ivr_label.wsgi:application",
    )  # fmt: skip
    return Child("web", command, threads(1) | {"DATABASE_POOL_SIZE": "6"})


def worker(queue: str, *, n_processes: int, n_threads: int) -> Child:
    celery = python(
        "-m", "celery", "--app", "ivr_label.celery:app", "worker",
        "--queues", queue, "--hostname", f"{queue}@%h",
        "--concurrency", str(n_processes), "--loglevel", log_level(),
        "--without-gossip", "--without-mingle",
    )  # fmt: skip
    command = ["nice", "-n", "5", *celery]  # on few cores the pages come first
    return Child(f"worker-{queue}", command, threads(n_threads))


def beat() -> Child:
    # Sweeps every few seconds need no memory of when they last ran.
    command = python(
        "-m", "celery", "--app", "ivr_label.celery:app", "beat",
        "--scheduler", "celery.beat:Scheduler", "--pidfile", "",
        "--loglevel", "WARNING",
    )  # fmt: skip
    return Child("beat", command, threads(1))


def demo() -> Child:
    command = ["nice", "-n", "10", *python("manage.py", "demo_data")]
    return Child("demo", command, threads(1), runs_once=True)
