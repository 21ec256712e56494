import os
import signal
import subprocess
import sys

import pytest

from ivr_label.up import orphans
from ivr_label.up.children import MARK

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="looks for processes in /proc"
)
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); time.sleep(60)"
)


@pytest.fixture
def start():
    started = []

    def run(program, folder):
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            env=os.environ | {MARK: str(folder)},
            stdout=subprocess.PIPE,
        )
        started.append(process)
        process.stdout.readline()
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_process_that_will_not_hear_is_killed(start, tmp_path, monkeypatch):
    monkeypatch.setattr(orphans, "PATIENCE_SECONDS", 0.2)
    deaf = start(DEAF, tmp_path)

    assert orphans.end(tmp_path) == [deaf.pid]
    assert deaf.wait(10) == -signal.SIGKILL


def test_processes_of_another_folder_are_left_alone(start, tmp_path):
    other = start(DEAF, tmp_path / "other")

    assert orphans.end(tmp_path) == []
    assert other.poll() is None


def test_words_count_the_processes():
    assert orphans.in_words([7]) == "1 process was left"
    assert orphans.in_words([7, 8]) == "2 processes were left"
