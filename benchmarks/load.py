"""Annotators without a moment's thought: a closed loop, and all at the same instant."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks.machine import percentiles

MOST_ERRORS = 200


class Annotator(Protocol):
    """One person at their desk."""

    def begin(self) -> None:
        """Have a first item on the desk."""

    def cycle(self) -> int:
        """Answer the item on the desk and have the next one; the answered one's id."""


@dataclass
class Tally:
    """What a run's annotators did."""

    seconds: list[float] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    wall: float = 0.0

    @property
    def duplicates(self) -> int:
        """Answers to an item that somebody had already answered."""
        return len(self.items) - len(set(self.items))

    def as_dict(self) -> dict[str, Any]:
        return {
            "labels": len(self.items),
            "labels_per_s": round(len(self.items) / self.wall, 1),
            "cycle_ms": percentiles(self.seconds),
            "duplicates": self.duplicates,
            "errors": len(self.errors),
            "error_kinds": Counter(self.errors).most_common(3),
            "wall_s": round(self.wall, 1),
        }


def closed_loop(annotators: Sequence[Annotator], seconds: float) -> Tally:
    """Everyone answers one item after the other for so long."""
    tally = Tally()
    start = threading.Barrier(len(annotators) + 1)

    def work(annotator: Annotator) -> None:
        times: list[float] = []
        items: list[int] = []
        start.wait()
        now = time.perf_counter()
        end = now + seconds
        while now < end and len(tally.errors) < MOST_ERRORS:
            try:
                items.append(annotator.cycle())
            except Exception as error:  # counted and shown, whatever it was
                tally.errors.append(f"{type(error).__name__}: {error}"[:200])
                _begin_again(annotator, tally)
                now = time.perf_counter()
                continue
            before, now = now, time.perf_counter()
            times.append(now - before)
        tally.seconds.extend(times)
        tally.items.extend(items)

    tally.wall = _run(annotators, work, start)
    return tally


def bursts(annotators: Sequence[Annotator], rounds: int) -> Tally:
    """`rounds` times, everyone answers and asks for the next at the same instant."""
    tally = Tally()
    start = threading.Barrier(len(annotators) + 1)
    together = threading.Barrier(len(annotators))

    def work(annotator: Annotator) -> None:
        start.wait()
        for _ in range(rounds):
            together.wait()
            before = time.perf_counter()
            try:
                tally.items.append(annotator.cycle())
            except Exception as error:  # counted and shown, whatever it was
                tally.errors.append(f"{type(error).__name__}: {error}"[:200])
                _begin_again(annotator, tally)
            tally.seconds.append(time.perf_counter() - before)

    tally.wall = _run(annotators, work, start)
    return tally


def _begin_again(annotator: Annotator, tally: Tally) -> None:
    try:
        annotator.begin()
    except Exception as error:
        tally.errors.append(f"{type(error).__name__}: {error}"[:200])
        time.sleep(0.05)


def _run(annotators: Sequence[Annotator], work: Any, start: threading.Barrier) -> float:
    for annotator in annotators:
        annotator.begin()
    threads = [threading.Thread(target=work, args=(one,)) for one in annotators]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began
