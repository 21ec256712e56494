"""Ends the process groups of a supervisor that was killed. Standard library only.

The supervisor holds the other end of our standard input and names each group it
starts, one number a line, and `-number` for one that ended. When it is gone, also
by kill -9, the kernel closes the pipe. A group also has the grandchildren, which a
death signal from the parent would not reach.
"""

import os
import signal
import sys
import time

PATIENCE_SECONDS = 3


def watch() -> set[int]:
    """Return the groups still running when the supervisor is gone."""
    groups: set[int] = set()
    for line in sys.stdin:
        number = int(line)
        if number > 0:
            groups.add(number)
        else:
            groups.discard(-number)
    return groups


def end(groups: set[int]) -> None:
    """No process of the groups is left."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + PATIENCE_SECONDS
        groups = {group for group in groups if send(group, number)}
        while groups and time.monotonic() < deadline:
            time.sleep(0.1)
            groups = {group for group in groups if send(group, 0)}


def send(group: int, number: int) -> bool:
    """Signal the group; False if nobody is in it any more."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so of a group of zombies
        return False
    return True


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end(watch())


if __name__ == "__main__":
    main()
