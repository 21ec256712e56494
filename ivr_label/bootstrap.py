"""The first step on a fresh machine: the virtual environment and its packages.

    python3 -m ivr_label.bootstrap run|test|install [ARGUMENTS]

Standard library only, and a syntax that old Pythons read far enough to be told
that they are too old.
"""

import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

LEAST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
DEFAULT_PORT = 8000
# Each file includes the ones before it.
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
NEEDED_FILES = {"run": 1, "test": 2, "install": 2}
MODULES = {"run": "ivr_label.up", "test": "pytest"}


class SetUpError(Exception):
    """The machine lacks something; the message says what, in one sentence."""


def say(message):
    print(message, flush=True)


def check_python():
    if sys.version_info[:2] < LEAST_PYTHON:
        raise SetUpError(
            "Python {}.{} or newer is needed and this is {}.{}; name a newer one with"
            " `make run PYTHON=python3.12`.".format(*LEAST_PYTHON, *sys.version_info)
        )


def check_folder():
    """The checkout can hold the virtual environment."""
    if not os.access(str(ROOT), os.W_OK | os.X_OK):
        raise SetUpError(f"The folder {ROOT} is read-only; copy it to one of yours.")


def wanted_port():
    text = os.environ.get("PORT", "").strip() or str(DEFAULT_PORT)
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise SetUpError(f"PORT is {text!r}; set it to a number from 1 to 65535.")
    return int(text)


def check_port(port, patience=0.0):
    """The port can be had, if need be once the server before us has let go of it."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return _probe(port)
        except SetUpError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _probe(port):
    with socket.socket() as probe:
        # What the web server does too; without it a port stays busy for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            reason = "may not be used" if error.errno == 13 else "is busy"
            raise SetUpError(
                f"Port {port} {reason}; choose another with `make run PORT=8123`."
            ) from None


def make_environment():
    """`.venv` has a working Python with pip."""
    if _works(PYTHON, "import pip"):
        return
    if not _works(Path(sys.executable), "import venv, ensurepip"):
        raise SetUpError(
            "Python's venv module is missing; on Debian or Ubuntu run"
            " `apt-get install python3-venv`, then try again."
        )
    say("Making the virtual environment in .venv")
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if made.returncode:
        reason = (made.stdout.strip().splitlines() or ["no reason given"])[-1]
        raise SetUpError(f"The virtual environment cannot be made: {reason}")


def is_installed(n_files):
    return all(_stamp(name).exists() for name in REQUIREMENTS[:n_files])


def install(n_files):
    """The packages of the first files are installed; a second start sees a stamp."""
    if is_installed(n_files):
        return
    say("Installing packages; the first time this takes some minutes")
    _pip(["install", "--requirement", str(ROOT / REQUIREMENTS[n_files - 1])])
    for old in VENV.glob(".installed-*"):
        old.unlink()
    for name in REQUIREMENTS[:n_files]:
        _stamp(name).touch()


def _stamp(name):
    """Return the file that exists once this very content of `name` is installed."""
    digest = hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
    return VENV / f".installed-{name}-{digest[:16]}"


def _pip(arguments):
    """Run pip with a sign of life every ten seconds."""
    log = VENV / "pip.log"
    started = last_sign = time.monotonic()
    with log.open("w") as output:
        pip = subprocess.Popen(
            [str(PYTHON), "-m", "pip", *arguments, "--disable-pip-version-check"],
            cwd=str(ROOT),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            while pip.poll() is None:
                time.sleep(0.2)
                if time.monotonic() - last_sign > 10:
                    last_sign = time.monotonic()
                    say(f"  {last_sign - started:3.0f} s: {_last_step(log)}")
        except BaseException:
            pip.terminate()
            raise
    if pip.returncode:
        errors = [x for x in log.read_text().splitlines() if x.startswith("ERROR")]
        reason = errors[0] if errors else "pip stopped without saying why"
        raise SetUpError(f"Packages cannot be installed: {reason} (see {log})")


def _last_step(log):
    steps = [
        line.strip()
        for line in log.read_text(errors="replace").splitlines()
        if line.lstrip().startswith(("Collecting", "Downloading", "Installing"))
    ]
    if not steps:
        return "looking up packages"
    if steps[-1].startswith("Installing"):
        return "unpacking, the longest step"
    return steps[-1].split("-", 1)[0][:70]


def _works(python, statement):
    try:
        done = subprocess.run(
            [str(python), "-c", statement],
            cwd=str(ROOT.parent),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return False
    return done.returncode == 0


def set_up(purpose):
    check_python()
    check_folder()
    if purpose == "run":
        port = wanted_port()
        if not is_installed(NEEDED_FILES[purpose]):
            check_port(port)  # before the minutes that follow; later again
    make_environment()
    with (VENV / ".set-up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` at once
        install(NEEDED_FILES[purpose])


def listen_for_signals():
    """Being told to stop ends what we started, as Ctrl-C does."""

    def interrupt(number, frame):
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


def main():
    purpose, arguments = sys.argv[1], sys.argv[2:]
    listen_for_signals()
    try:
        set_up(purpose)
    except SetUpError as error:
        sys.exit(f"ivr-label: {error}")
    except KeyboardInterrupt:
        sys.exit("ivr-label: stopped")
    if purpose in MODULES:
        os.chdir(str(ROOT))
        os.execv(str(PYTHON), [str(PYTHON), "-m", MODULES[purpose], *arguments])


if __name__ == "__main__":
    main()
