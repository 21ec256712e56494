"""A worker process of its own: works on one round, or settles one that waits for live
turns, and dies where it is told to."""

import os
import signal
import sys


def main(round_id: str, data_folder: str, place: str, what: str) -> None:
    import django

    django.setup()
    from django.conf import settings

    from tests.factories.rounds import tiny_backend
    from training import failpoints
    from training.services import execution, shadow_wait

    settings.DATA_DIR = data_folder
    if place:
        failpoints.arm(place, lambda: os.kill(os.getpid(), signal.SIGKILL))
    if what == "settle":
        print(shadow_wait.settle(int(round_id)))
        return
    with tiny_backend():
        print(execution.run(int(round_id), worker=f"pid {os.getpid()}"))


if __name__ == "__main__":
    main(*sys.argv[1:])
