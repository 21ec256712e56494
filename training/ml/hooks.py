"""What a training tells its caller, and what it asks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a stage of a run is; `seconds_left` is an estimate from its pace."""

    stage: str
    step: int
    steps: int
    loss: float | None
    seconds_left: float


@dataclass(frozen=True)
class Hooks:
    """What a run tells and asks its caller."""

    on_progress: Callable[[Progress], None] = lambda progress: None
    # A line for people: numbers, settings and names of classes, never an example.
    on_message: Callable[[str], None] = lambda message: None
    should_stop: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.monotonic
    every_steps: int = 5
