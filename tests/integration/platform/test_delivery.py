"""A task survives the death of the worker and of the broker."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ivr_label.embedded import valkey
from ivr_label.embedded.places import Places
from ivr_label.unacked import hand_back

from .conftest import ROOT, wait_until


class Machine:
    """A broker and a worker that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(folder)
        self.places.make()
        self.log = folder / "log"
        self.url = f"redis+socket://{self.places.valkey_socket}"
        self.broker = self.worker = None

    def start_broker(self) -> None:
        self.places.valkey_socket.unlink(missing_ok=True)
        self.broker = subprocess.Popen(
            valkey.command(self.places), stdout=subprocess.DEVNULL
        )
        valkey.wait_until_up(self.places, self.broker)

    def start_worker(self) -> None:
        command = [
            sys.executable, "-W", "ignore", "-m", "celery",
            "--app", "tests.integration.platform.slow_app:app", "worker",
            "--concurrency", "1", "--without-gossip", "--without-mingle",
        ]  # fmt: skip
        with (self.log.parent / "worker.err").open("w") as errors:
            self.worker = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | {"BROKER_URL": self.url},
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )

    def kill_worker(self) -> None:
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait()

    def kill_broker(self) -> None:
        self.broker.kill()
        self.broker.wait()

    def lines(self) -> list[str]:
        return self.log.read_text().split("\n")[:-1] if self.log.exists() else []

    def count(self, word: str) -> int:
        return sum(line.startswith(word) for line in self.lines())

    def close(self) -> None:
        for process in (self.worker, self.broker):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()


@pytest.fixture
def machine(data_folder):
    machine = Machine(data_folder)
    machine.start_broker()
    yield machine
    if machine.worker is not None and machine.worker.poll() is None:
        machine.kill_worker()
    machine.close()


def send(machine: Machine, seconds: float):
    from tests.integration.platform.slow_app import app, slow

    with app.connection_for_write(machine.url) as connection:
        slow.apply_async(args=[str(machine.log), seconds], connection=connection)
    return app


def test_a_task_whose_process_is_killed_runs_again(machine):
    send(machine, 1.5)
    machine.start_worker()
    wait_until(lambda: machine.count("start") == 1)

    os.kill(int(machine.lines()[0].split()[1]), signal.SIGKILL)

    wait_until(lambda: machine.count("end") == 1)
    assert machine.count("start") == 2


def test_a_task_survives_worker_and_broker_killed_together(machine):
    app = send(machine, 1.5)
    machine.start_worker()
    wait_until(lambda: machine.count("start") == 1)

    machine.kill_worker()
    machine.kill_broker()
    machine.start_broker()
    with app.connection_for_write(machine.url) as connection:
        assert hand_back(app, connection) == 1
        assert hand_back(app, connection) == 0
    machine.start_worker()

    wait_until(lambda: machine.count("end") == 1)
    assert machine.count("start") == 2
