import subprocess
import sys
import time

import pytest

from ivr_label.up import children
from ivr_label.up.children import Child


def ended(child: Child, logs) -> str:
    child.start(logs)
    child.process.wait()
    return child.note_end()


def test_the_pause_doubles_with_each_failure_in_a_row_and_has_an_end(tmp_path):
    child = Child("x", ["false"])
    pauses = []

    for _ in range(7):
        ended(child, tmp_path)
        pauses.append(round(child.starts_again_at - time.monotonic()))

    assert pauses == [1, 2, 4, 8, 16, 30, 30]


def test_a_child_that_ran_steadily_is_given_a_fresh_start(tmp_path, monkeypatch):
    child = Child("x", ["false"], failures=5)
    monkeypatch.setattr(children, "STEADY_SECONDS", -1)

    ended(child, tmp_path)

    assert child.failures == 1


def test_how_it_ended_is_said_in_words(tmp_path):
    assert ended(Child("x", ["false"]), tmp_path) == "ended with 1"
    killed = Child("y", ["sh", "-c", "kill -9 $$"])
    assert ended(killed, tmp_path) == "was killed by signal 9"


def test_grandchildren_that_outlive_their_parent_are_ended(tmp_path):
    code = "import subprocess as s; print(s.Popen(['sleep', '60']).pid, flush=True)"
    child = Child("x", [sys.executable, "-c", code])

    ended(child, tmp_path)

    grandchild = (tmp_path / "x.log").read_text().strip()
    deadline = time.monotonic() + 5
    while is_running(grandchild) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(grandchild)


def is_running(pid: str) -> bool:
    shown = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True)
    return shown.stdout.strip()[:1] not in {b"", b"Z"}


def test_what_a_child_prints_is_in_its_log_and_a_huge_log_is_set_aside(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(children, "LARGEST_LOG_BYTES", 3)
    child = Child("x", ["echo", "hello"])

    ended(child, tmp_path)
    ended(child, tmp_path)

    assert (tmp_path / "x.log").read_text() == "hello\n"
    assert (tmp_path / "x.log.1").read_text() == "hello\n"


def test_the_news_are_whole_plain_lines_told_once(tmp_path):
    child = Child("x", ["printf", 'half way\n{"event": 1}\nhalf way\nnot yet whole'])

    ended(child, tmp_path)

    assert child.news(tmp_path) == ["half way"]
    assert child.news(tmp_path) == []


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR"])
def test_web_and_workers_write_what_the_level_says(level, monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", level)

    worker = children.worker("default", n_processes=1, n_threads=1).command
    web = children.web(8000).command

    assert worker[worker.index("--loglevel") + 1] == level
    assert web[web.index("--log-level") + 1] == level.lower()


def test_threads_of_a_child_are_bounded_and_sleep_while_they_wait():
    found = children.threads(2)

    assert found["OMP_NUM_THREADS"] == found["OPENBLAS_NUM_THREADS"] == "2"
    assert found["OMP_WAIT_POLICY"] == "PASSIVE"
