"""A pytest plugin: one throw-away PostgreSQL cluster for the session.

Loaded with `-p` because pytest-django reads the settings before any conftest. The
workers of xdist inherit the variables and get a database each. Without fsync it is
fast and worthless after a crash.
"""

import contextlib
import os
import secrets
import shutil
import tempfile
from pathlib import Path

import pytest

from ivr_label.databases import socket_url
from ivr_label.embedded.keeper import Lease
from ivr_label.embedded.places import Places
from ivr_label.embedded.postgres import DATABASE, SUPERUSER

_closing = contextlib.ExitStack()


def _start() -> None:
    folder = Path(tempfile.mkdtemp(prefix="ivr-test-"))
    folder.chmod(0o711)  # as root the server runs as another user
    _closing.callback(shutil.rmtree, folder, ignore_errors=True)
    os.environ["IVR_DATA_DIR"] = str(folder)
    for name in ("SECRET_KEY", "DATA_KEY"):
        os.environ[name] = secrets.token_hex(40)
    os.environ["BROKER_URL"] = "memory://"
    os.environ["HTTPS"] = "0"
    os.environ["LOG_LEVEL"] = "WARNING"
    places = Places(folder / "data")
    held = Lease(places, throw_away=True)
    _closing.callback(held.release)
    os.environ["DATABASE_URL"] = socket_url(
        folder=places.postgres_socket, user=SUPERUSER, name=DATABASE
    )


if "PYTEST_XDIST_WORKER" not in os.environ:
    _start()


def pytest_unconfigure(config: pytest.Config) -> None:
    _closing.close()
