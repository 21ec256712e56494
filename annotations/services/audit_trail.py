"""Is the trail as it was written? Chains recomputed, heads compared with anchors.

A chain shows an edit, a gap or a swap by itself. That its end was cut off, or that all
of it was written anew, only shows against anchors: the heads of all streams, kept in a
file outside the database.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

CHUNK = 5_000
MOST_FINDINGS = 1_000

# The time is spelled by the database, as the trigger did when it hashed it.
EVENTS = """
SELECT stream, seq, prev_hash,
    to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
    actor, action, object, payload, hash
FROM annotations_auditevent ORDER BY stream, seq, id
"""
HEADS = """
SELECT DISTINCT ON (stream) stream, seq, hash
FROM annotations_auditevent ORDER BY stream, seq DESC
"""

Head = tuple[int, str]


@dataclass(frozen=True)
class Finding:
    """What is wrong, at which event. kind: edited, gap, unlinked, cut, rewritten,
    anchor_changed."""

    kind: str
    stream: str
    seq: int
    message: str


@dataclass
class Report:
    events: int = 0
    streams: int = 0
    anchors: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.findings

    def add(self, kind: str, stream: str, seq: int, message: str) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(kind, stream, seq, message))


def default_file() -> Path:
    return settings.DATA_DIR / "audit" / "anchors.jsonl"


def line_hash(fields: tuple[Any, ...]) -> str:
    """The hash of (stream, seq, prev_hash, at, actor, action, object, payload)."""
    return hashlib.sha256("\n".join(map(str, fields)).encode()).hexdigest()


def verify(anchors: Path | None = None) -> Report:
    """Recompute every chain and look every anchor up. Memory does not grow with them.

    anchors: the file written by `anchor`; where it is missing, nothing is said about
    what may have been cut off.
    """
    report = Report()
    expected = _read_anchors(anchors or default_file(), report)
    report.anchors = sum(len(heads) for heads in expected.values())
    seen = _walk(report, expected)
    for stream, heads in expected.items():
        for seq in sorted(set(heads) - seen.get(stream, set())):
            report.add(
                "cut",
                stream,
                seq,
                _("Anchored, but no longer there: the end is missing."),
            )
    return report


def _walk(report: Report, expected: dict[str, dict[int, str]]) -> dict[str, set[int]]:
    """Check each event in its place; returns which anchored events were met."""
    seen: dict[str, set[int]] = {}
    stream, last_seq, last_hash = None, 0, ""
    for *fields, stored in _events():
        current, seq, prev_hash = fields[:3]
        if current != stream:
            stream, last_seq, last_hash = current, 0, ""
            report.streams += 1
        report.events += 1
        if seq != last_seq + 1:
            report.add(
                "gap", stream, seq, _("Follows %(seq)s directly.") % {"seq": last_seq}
            )
        if prev_hash != last_hash:
            report.add("unlinked", stream, seq, _("Not linked to the event before."))
        if line_hash(tuple(fields)) != stored:
            report.add("edited", stream, seq, _("Does not read as it was written."))
        anchored = expected.get(stream, {}).get(seq)
        if anchored is not None:
            seen.setdefault(stream, set()).add(seq)
            if anchored != stored:
                report.add(
                    "rewritten", stream, seq, _("Not the event that was anchored.")
                )
        last_seq, last_hash = seq, stored
    return seen


def _events() -> Iterator[tuple[Any, ...]]:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(EVENTS)
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


def anchor(anchors: Path | None = None) -> int:
    """Append the heads that moved since the last anchor to the file; how many."""
    path = anchors or default_file()
    known: dict[str, Head] = {}
    for stream, heads in _read_anchors(path, Report()).items():
        seq = max(heads)
        known[stream] = (seq, heads[seq])
    with connection.cursor() as cursor:
        cursor.execute(HEADS)
        moved = {
            stream: [seq, digest]
            for stream, seq, digest in cursor.fetchall()
            if known.get(stream) != (seq, digest)
        }
    if moved:
        _append(path, {"at": timezone.now().isoformat(), "heads": moved})
    return len(moved)


def _append(path: Path, entry: dict[str, Any]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = json.dumps({**entry, "mac": _mac(entry)}, sort_keys=True) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _read_anchors(path: Path, report: Report) -> dict[str, dict[int, str]]:
    """{stream: {seq: hash}} of every line whose MAC is right; others are findings."""
    found: dict[str, dict[int, str]] = {}
    if not path.exists():
        return found
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            heads = _heads_of(line)
            if heads is None:
                report.add(
                    "anchor_changed",
                    "",
                    number,
                    _("This line of the file was changed."),
                )
                continue
            for stream, (seq, digest) in heads.items():
                found.setdefault(stream, {})[seq] = digest
    return found


def _heads_of(line: str) -> dict[str, Head] | None:
    try:
        entry = json.loads(line)
        mac = entry.pop("mac")
        is_ours = hmac.compare_digest(str(mac), _mac(entry))
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    return entry["heads"] if is_ours else None


def _mac(entry: dict[str, Any]) -> str:
    """Under the key of the data: whoever has the database alone cannot make one."""
    body = json.dumps(entry, sort_keys=True).encode()
    key = f"audit anchor {settings.DATA_KEY}".encode()
    return hmac.new(key, body, "sha256").hexdigest()
