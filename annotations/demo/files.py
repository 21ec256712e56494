"""The demo's calls as files that intake takes in, the first of them small."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

FIRST_ROWS = 600
ROWS = 5000
# What nobody knows when an utterance comes in.
_ANSWERS = ("intent", "spans", "source")


@dataclass(frozen=True)
class DemoFile:
    """One upload: canonical JSON lines of one source, without the answers."""

    name: str
    source: str
    records: Sequence[Mapping[str, Any]]

    def content(self) -> bytes:
        return b"".join(_line(record) for record in self.records)


def files(
    records: Iterable[Mapping[str, Any]], *, seed: int, last_day: date
) -> Iterator[DemoFile]:
    """All records, by source; the first file lets labeling start soon."""
    by_source: dict[str, list[Mapping[str, Any]]] = {"calls": []}
    for record in records:
        by_source.setdefault(record["source"], []).append(record)
    first, by_source["calls"] = _split(by_source["calls"])
    parts = [("calls", first)] if first else []
    for source in sorted(by_source):
        rows = by_source[source]
        parts += [(source, rows[at : at + ROWS]) for at in range(0, len(rows), ROWS)]
    for number, (source, rows) in enumerate(parts):
        yield DemoFile(
            f"{prefix(seed)}{last_day.isoformat()}-{number:02d}-{source}.jsonl",
            source,
            rows,
        )


def prefix(seed: int) -> str:
    """How the names of all files of a seed begin; the last day follows."""
    return f"demo-{seed}-"


def last_day(name: str, seed: int) -> date:
    """The last day of the calls in the file of this name."""
    return date.fromisoformat(name.removeprefix(prefix(seed))[:10])


def _split(
    rows: list[Mapping[str, Any]],
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """About FIRST_ROWS rows and the rest; no conversation is torn apart."""
    at = min(FIRST_ROWS, len(rows))
    while at < len(rows) and (
        rows[at]["conversation_id"] == rows[at - 1]["conversation_id"]
    ):
        at += 1
    return rows[:at], rows[at:]


def _line(record: Mapping[str, Any]) -> bytes:
    known = {key: value for key, value in record.items() if key not in _ANSWERS}
    return json.dumps(known, ensure_ascii=False).encode() + b"\n"
