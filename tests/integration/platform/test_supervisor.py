"""`make run` from the outside: what starts, what is started again, what is left."""

import os
import pty
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from .conftest import ROOT, free_port, processes_using, wait_until

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="looks for processes in /proc"
)
UP = (sys.executable, "-m", "ivr_label.up")
PROCESSES = ("granian", "queues\0default", "queues\0gpu", "\0beat\0", "valkey-server")


class Run:
    def __init__(
        self,
        environment: dict[str, str],
        log: Path,
        *command: str,
        terminal: int | None = None,
    ) -> None:
        self.port = free_port()
        self.log = log
        self.folder = Path(environment["IVR_DATA_DIR"])
        with log.open("w") as output:
            self.process = subprocess.Popen(
                command or UP,
                cwd=ROOT,
                env=environment | {"PORT": str(self.port)},
                stdin=subprocess.DEVNULL if terminal is None else terminal,
                stdout=output if terminal is None else terminal,
                stderr=subprocess.STDOUT,
                start_new_session=terminal is None,
            )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, words: str) -> None:
        def said_or_ended() -> bool:
            return words in self.said or self.process.poll() is not None

        wait_until(said_or_ended, seconds=120)
        assert words in self.said, self.said

    def pids(self, program: str) -> list[int]:
        return [
            pid
            for pid in processes_using(self.folder)
            if program.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]

    def status(self, path: str) -> int:
        try:
            url = f"http://127.0.0.1:{self.port}{path}"
            with urllib.request.urlopen(url, timeout=10) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


@pytest.fixture
def run(clean_environment, tmp_path):
    run = Run(clean_environment, tmp_path / "said")
    run.wait_for("Ctrl-C stops everything")
    yield run
    if run.process.poll() is None:
        run.process.kill()
        run.process.wait()


@pytest.mark.xdist_group("supervisor")
def test_everything_starts_is_mended_and_stops_with_ctrl_c(run, clean_environment):
    for program in PROCESSES:
        wait_until(lambda program=program: run.pids(program))
    links = re.findall(
        r"^sign in as (\w+): (http://127\.0\.0\.1:\d+/\S+)$", run.said, re.M
    )
    assert {role for role, _ in links} >= {
        "annotator",
        "reviewer",
        "product_owner",
        "ml_engineer",
        "admin",
        "auditor",
    }
    assert run.status("/healthz") == 200

    # The worker's main process: its child must not survive it either.
    [main] = [p for p in run.pids("queues\0gpu") if os.getsid(p) == p]
    os.kill(main, signal.SIGKILL)
    run.wait_for("worker-gpu was killed by signal 9; it starts again")
    wait_until(lambda: len({*run.pids("queues\0gpu")} - {main}) == 2)

    second = subprocess.run(
        [sys.executable, "-m", "ivr_label.up"],
        cwd=ROOT,
        env=clean_environment | {"PORT": str(free_port())},
        capture_output=True,
        text=True,
    )
    assert second.returncode == 1
    assert "Another `make run` already uses" in second.stderr

    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(60) == 0
    assert processes_using(run.folder) == []


@pytest.mark.xdist_group("supervisor")
def test_kill_9_of_the_supervisor_leaves_no_process_behind(run):
    run.process.kill()
    run.process.wait()

    wait_until(lambda: processes_using(run.folder) == [], seconds=30)


@pytest.mark.xdist_group("supervisor")
def test_ctrl_c_while_it_starts_leaves_no_process_behind(clean_environment, tmp_path):
    run = Run(clean_environment, tmp_path / "said")
    run.wait_for("PostgreSQL is up")

    run.process.send_signal(signal.SIGINT)

    assert run.process.wait(60) == 0
    assert processes_using(run.folder) == []


@pytest.mark.xdist_group("supervisor")
def test_a_sigterm_to_make_runs_process_alone_leaves_no_process_behind(
    clean_environment, tmp_path
):
    """The process that was started becomes the supervisor; workers are busy with a
    demo that has just begun.
    """
    command = (sys.executable, "-m", "ivr_label.bootstrap", "run")
    run = Run(clean_environment | {"DEMO": "1"}, tmp_path / "said", *command)
    run.wait_for("Ctrl-C stops everything")
    for program in (*PROCESSES, "demo_data"):
        wait_until(lambda program=program: run.pids(program))

    run.process.terminate()

    assert run.process.wait(60) == 0
    assert processes_using(run.folder) == []


@pytest.mark.xdist_group("supervisor")
def test_a_terminal_that_is_closed_leaves_no_process_behind(
    clean_environment, tmp_path
):
    ours, theirs = pty.openpty()
    run = Run(
        clean_environment, tmp_path / "said", "setsid", "--ctty", *UP, terminal=theirs
    )
    with run.log.open("w") as output:
        window = subprocess.Popen(["cat"], stdin=ours, stdout=output)
    for end in (ours, theirs):
        os.close(end)
    run.wait_for("Ctrl-C stops everything")

    window.kill()
    window.wait()

    assert run.process.wait(60) == 0
    assert processes_using(run.folder) == []
    # What nobody could read any more stands in a file.
    assert "Stopping" in (run.folder / "logs" / "run.log").read_text()


@pytest.mark.xdist_group("supervisor")
def test_the_next_start_ends_what_a_kill_9_of_supervisor_and_guard_left(
    run, clean_environment, tmp_path
):
    wait_until(lambda: run.pids("queues\0gpu"))
    [worker] = [p for p in run.pids("queues\0gpu") if os.getsid(p) == p]
    [guard] = run.pids("ivr_label.up.guard")
    os.kill(worker, signal.SIGSTOP)  # it cannot hear that its parent is gone
    wait_until(lambda: state(worker) == "T")  # a pending stop comes after a pending end
    os.kill(guard, signal.SIGKILL)
    run.process.kill()
    run.process.wait()

    again = Run(clean_environment, tmp_path / "again")
    again.wait_for("Ctrl-C stops everything")

    assert re.search(r"left by a run that was killed; ended", again.said)
    assert worker not in again.pids("queues\0gpu")
    assert again.status("/healthz") == 200
    os.killpg(again.process.pid, signal.SIGINT)  # as a terminal does
    assert again.process.wait(60) == 0
    assert processes_using(again.folder) == []
