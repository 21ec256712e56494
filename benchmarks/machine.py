"""What a run cost and under which conditions, read from /proc (Linux)."""

import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")


def tree_cpu_seconds(roots: Iterable[int]) -> float:
    """CPU used so far by process trees: user and system, ended children included."""
    children: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:  # it ended between listing and reading
            continue
        pid = int(folder.name)
        children.setdefault(int(fields[1]), []).append(pid)
        ticks[pid] = sum(int(field) for field in fields[11:15])
    waiting, total = list(roots), 0
    while waiting:
        pid = waiting.pop()
        total += ticks.get(pid, 0)
        waiting += children.get(pid, [])
    return total / TICKS


def busy_cpu_seconds() -> float:
    """CPU seconds that all processes of the machine have used since it started."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, _idle, _iowait, irq, soft, stolen = map(int, fields)
    return (user + nice + system + irq + soft + stolen) / TICKS


@dataclass(frozen=True)
class Cost:
    """CPU seconds of one run, by who used them."""

    server: float
    postgres: float
    client: float
    others: float
    wall: float

    def per_label_ms(self, n_labels: int) -> float | None:
        if not n_labels:
            return None
        return round((self.server + self.postgres) / n_labels * 1000, 2)

    def as_dict(self, n_labels: int) -> dict[str, Any]:
        return {
            "ms_per_label": self.per_label_ms(n_labels),
            "server_s": round(self.server, 2),
            "postgres_s": round(self.postgres, 2),
            "client_s": round(self.client, 2),
            "others_s": round(self.others, 2),
        }


def measured(
    run: Callable[[], Any], *, server: Sequence[int], postgres: Sequence[int]
) -> tuple[Any, Cost]:
    """Run it and say what it cost.

    server, postgres: the roots of their process trees. `others` is everything else
    on the machine: where it is large, wall-clock figures mean little.
    """

    def read() -> tuple[float, ...]:
        return (
            tree_cpu_seconds(server),
            tree_cpu_seconds(postgres),
            time.process_time(),
            busy_cpu_seconds(),
            time.perf_counter(),
        )

    before = read()
    result = run()
    used = [after - start for after, start in zip(read(), before, strict=True)]
    others = max(0.0, used[3] - sum(used[:3]))
    return result, Cost(*used[:3], others=others, wall=used[4])


def speed_check() -> float:
    """CPU milliseconds of a fixed piece of work.

    A guest on a shared host runs at half its speed at times, and every CPU figure of
    that moment is too large by as much: the check tells how fast the moment was.
    """
    began = time.process_time()
    for number in range(200_000):
        str(number)
    return round((time.process_time() - began) * 1000, 1)


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and the largest, in milliseconds."""
    if not seconds:
        return {}
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return round(ordered[round(share * (len(ordered) - 1))] * 1000, 2)

    return {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1.0)}


def conditions() -> dict[str, Any]:
    """Where and when a figure was taken; `load` is the machine's at that moment."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "memory_gb": round(
            os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        ),
        "load_1_min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
    }


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
