"""Starting and watching child processes. Standard library only."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from .places import EmbeddedError, service_user

PR_SET_PDEATHSIG = 1


def die_with_parent(signal_number: int) -> None:
    """Ask Linux to send us `signal_number` when our parent ends; no-op elsewhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number)


def in_child(*, drop_root: bool, death_signal: int | None) -> Callable[[], None]:
    """Return a `preexec_fn`: own session, service user if root, dies with the parent.

    Only for parents that fork from their main thread: Linux sends the signal when
    the forking *thread* ends.
    """
    user = service_user() if drop_root else None
    parent = os.getpid()

    def prepare() -> None:
        os.setsid()
        if user is not None:
            os.initgroups(user.pw_name, user.pw_gid)
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
        if death_signal is not None:
            die_with_parent(death_signal)  # after setuid, which clears it
            if os.getppid() != parent:  # it ended before we could ask
                os.kill(os.getpid(), signal.SIGKILL)

    return prepare


def is_alive(pid: int, *, program: str) -> bool:
    """Tell whether `pid` runs `program`: neither a zombie nor a recycled number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return sys.platform != "linux"  # macOS has no /proc; on Linux it just ended
    return state != "Z" and program.encode() in command


def own_private_folder(folder: Path) -> None:
    """Make `folder` with mode 0700 for the service user; refuse somebody else's."""
    user = service_user()
    uid, gid = (user.pw_uid, user.pw_gid) if user else (os.geteuid(), os.getegid())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = folder.lstat().st_uid
    if owner not in {uid, os.geteuid()} or folder.is_symlink():
        raise EmbeddedError(f"{folder} belongs to somebody else; remove it.")
    folder.chmod(0o700)
    if owner != uid:
        os.chown(folder, uid, gid)
