"""The real Celery app with one more task, for workers that are killed in it."""

import os
import time
from pathlib import Path

from ivr_label.celery import app


@app.task(name="platform.slow")
def slow(log: str, seconds: float) -> None:
    with Path(log).open("a") as lines:
        lines.write(f"start {os.getpid()}\n")
        lines.flush()
        time.sleep(seconds)
        lines.write("end\n")
