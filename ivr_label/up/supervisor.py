"""Starts everything in order, starts again what dies, stops everything."""

import fcntl
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

from ivr_label import settings
from ivr_label.bootstrap import check_port
from ivr_label.embedded import valkey
from ivr_label.embedded.keeper import Lease
from ivr_label.embedded.places import EmbeddedError, Places
from ivr_label.embedded.processes import in_child

from . import children, orphans
from .children import ROOT, Child, python
from .guard import send

TICK_SECONDS = 0.25
PORT_PATIENCE_SECONDS = 5  # a server that was told to stop lets go of it in less
WEB_START_SECONDS = 60
STOP_PATIENCE_SECONDS = 4  # longer tasks begin again at the next start


class Supervisor:
    def __init__(self, *, port: int, with_demo: bool) -> None:
        self.port = port
        self.with_demo = with_demo
        self.places = Places(settings.DATA_DIR)
        self.url = f"http://127.0.0.1:{port}"
        self.children: list[Child] = []
        self.lease: Lease | None = None
        self.guard: subprocess.Popen[str] | None = None
        self.began_at = time.monotonic()
        self._only_one: IO[str] | None = None
        self._stop_signals = 0

    def run(self) -> None:
        """Serve until a signal comes; nothing of ours is left running."""
        self._listen_for_signals()
        try:
            self._start()
            while not self._stop_signals:
                self._tick()
                time.sleep(TICK_SECONDS)
        except Interrupted:
            pass
        finally:
            self._stop()

    # --- Start

    def _start(self) -> None:
        self.places.make()
        self._claim_data_folder()
        if found := orphans.end(self.places.data):
            self.say(f"{orphans.in_words(found)} by a run that was killed; ended")
        check_port(self.port, PORT_PATIENCE_SECONDS)
        self._start_guard()
        if settings.IS_EMBEDDED:
            if self.with_demo:
                self.places.begin_with_demo()
            self.lease = Lease(self.places)
            self.say("PostgreSQL is up")
        own_broker = settings.BROKER_URL.endswith(str(self.places.valkey_socket))
        if own_broker:
            self._start_valkey()
        links = self._prepare(own_broker)
        self._launch(children.web(self.port))
        self._wait_for_web()
        self.say(f"IVR Label is at {self.url} (logs in {self.places.logs})")
        self._print(links)  # somebody can look around while the workers start
        # Two, so that a long intake does not hold up a re-rank.
        self._launch(children.worker("default", n_processes=2, n_threads=1))
        n_threads = min(2, os.cpu_count() or 1)
        self._launch(children.worker("gpu", n_processes=1, n_threads=n_threads))
        self._launch(children.beat())
        if self.with_demo:
            self._launch(children.demo())
            self.say("Demo data is loading; the pages show how far it is")
        self.say("Workers are starting; Ctrl-C stops everything")

    def _claim_data_folder(self) -> None:
        """One supervisor a data folder."""
        self._only_one = (self.places.locks / "supervisor.lock").open("a+")
        try:
            fcntl.flock(self._only_one, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EmbeddedError(
                f"Another `make run` already uses {self.places.data}; stop it,"
                " or set IVR_DATA_DIR and PORT."
            ) from None

    def _start_guard(self) -> None:
        with (self.places.logs / "guard.log").open("ab") as log:
            self.guard = subprocess.Popen(
                python("-m", "ivr_label.up.guard"),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def _start_valkey(self) -> None:
        self.places.valkey_socket.unlink(missing_ok=True)
        child = self._launch(Child("valkey", valkey.command(self.places)))
        assert child.process is not None
        valkey.wait_until_up(self.places, child.process)
        self.say("Valkey is up")

    def _prepare(self, own_broker: bool) -> str:
        """Bring the database and static files up to date; return sign-in links."""
        command = python("manage.py", "prepare", "--base-url", self.url)
        if own_broker:
            command.append("--no-worker-is-alive")
        links = self._finish(command, "The database cannot be prepared")
        self.say("Database and static files are up to date")
        return links

    def _wait_for_web(self) -> None:
        deadline = time.monotonic() + WEB_START_SECONDS
        while not answers(f"{self.url}/healthz"):
            self._check_interrupted()
            self._tick()
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"The web server does not answer; see {self._log('web')}."
                )
            time.sleep(0.1)

    def _finish(self, command: list[str], failure: str) -> str:
        """Run a short command to its end and return what it printed."""
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=in_child(drop_root=False, death_signal=signal.SIGKILL),
        )
        try:
            while True:
                try:
                    output, errors = process.communicate(timeout=TICK_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    self._check_interrupted()
        except Interrupted:
            process.kill()
            process.wait()
            raise
        if process.returncode:
            reason = (errors.strip().splitlines() or ["no reason given"])[-1]
            (self.places.logs / "start.log").write_text(errors)
            raise EmbeddedError(f"{failure}: {reason} (see {self._log('start')})")
        return output.rstrip()

    # --- Watch

    def _tick(self) -> None:
        if self.lease is not None and self.lease.ensure():
            self.say("PostgreSQL's keeper had died; both were started again")
        for child in self.children:
            if child.runs_once and child.process is not None:
                for line in child.news(self.places.logs):
                    self.say(f"{child.name}: {line}")
            if child.is_running or child.process is None:
                continue
            if child.starts_again_at == 0.0:
                self._note_end(child)
            elif time.monotonic() >= child.starts_again_at:
                self._start_child(child)

    def _note_end(self, child: Child) -> None:
        assert child.process is not None
        self._tell_guard(-child.process.pid)
        how = child.note_end()
        if child.runs_once and child.process.returncode == 0:
            child.process = None
            self.say(f"{child.name} is done")
        elif child.runs_once and child.failures >= child.attempts:
            child.process = None
            self.say(f"{child.name} {how} and is given up; see {self._log(child.name)}")
        else:
            pause = child.starts_again_at - time.monotonic()
            self.say(f"{child.name} {how}; it starts again in {pause:.0f} s")

    def _launch(self, child: Child) -> Child:
        self._check_interrupted()
        self.children.append(child)
        self._start_child(child)
        return child

    def _start_child(self, child: Child) -> None:
        self._tell_guard(child.start(self.places.logs))

    def _tell_guard(self, number: int) -> None:
        assert self.guard is not None and self.guard.stdin is not None
        try:
            self.guard.stdin.write(f"{number}\n")
            self.guard.stdin.flush()
        except BrokenPipeError:  # somebody killed it: a new one learns all groups
            self._start_guard()
            for child in self.children:
                if child.is_running and child.process is not None:
                    self._tell_guard(child.process.pid)

    # --- Stop

    def _stop(self) -> None:
        running = [c for c in self.children if c.is_running]
        if running:
            self._print("Stopping …")
        # The broker goes last, so that workers can give their messages back.
        brokers = [c for c in running if c.name == "valkey"]
        self._end([c for c in running if c not in brokers])
        self._end(brokers)
        if self.lease is not None:
            self.lease.release()
        if self.guard is not None and self.guard.stdin is not None:
            self.guard.stdin.close()
            self.guard.wait()

    def _end(self, running: list[Child]) -> None:
        signals_before = self._stop_signals
        deadline = time.monotonic() + STOP_PATIENCE_SECONDS
        for child in running:
            assert child.process is not None
            send(child.process.pid, signal.SIGTERM)
        while any(c.is_running for c in running) and time.monotonic() < deadline:
            if self._stop_signals > signals_before:  # a second Ctrl-C
                break
            time.sleep(0.05)
        # All of them before we wait for one: a busy disk can hold each up for long.
        for child in running:
            assert child.process is not None
            send(child.process.pid, signal.SIGKILL)
        for child in running:
            assert child.process is not None
            child.process.wait()
            self._tell_guard(-child.process.pid)

    # --- Signals and words

    def _listen_for_signals(self) -> None:
        def note(number: int, _: object) -> None:
            self._stop_signals += 1

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, note)

    def _check_interrupted(self) -> None:
        if self._stop_signals:
            raise Interrupted

    def _log(self, name: str) -> Path:
        return self.places.logs / f"{name}.log"

    def say(self, message: str) -> None:
        self._print(f"[{time.monotonic() - self.began_at:5.1f} s] {message}")

    def _print(self, text: str) -> None:
        """Where the terminal or the pipe is closed, the words go on in a file."""
        try:
            print(text, flush=True)
        except OSError:
            sys.stdout = (self.places.logs / "run.log").open("a")
            print(text, flush=True)


class Interrupted(Exception):
    """A signal came while starting."""


def answers(url: str) -> bool:
    """Tell whether a web server answers at all, whatever it says."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
