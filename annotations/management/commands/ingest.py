"""`manage.py ingest`: files and folders through the whole intake, here and now."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations.errors import DomainError
from annotations.intake.readers import READERS
from annotations.models import IntakeBatch
from annotations.services import intake, rejects
from annotations.services import scrub as full_pass
from annotations.services.export import whole

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")
PROGRESS_SECONDS = 2.0
COUNTERS = ("received", "accepted", "duplicate", "rejected")
MOST_SHOWN = 20  # refused rows of a file
LABELS = {
    "stored": "stored",
    "known": "known already",
    "disagreeing": "of another intent than the one stored, left out",
    "spans_dropped": "marks lost because they do not read so any more",
}


class Command(BaseCommand):
    help = "Take in files or folders of utterances: redacted, de-duplicated, counted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH")
        parser.add_argument(
            "--source",
            required=True,
            metavar="NAME",
            help=f"where the data comes from; one of {', '.join(READERS)} also "
            "chooses the reader, which else follows from the file's name",
        )
        parser.add_argument("--reader", default="", choices=("", *READERS))
        parser.add_argument("--map", default="", help="CSV: text=COLUMN,intent=COLUMN")
        parser.add_argument("--delimiter", default="", help="CSV: one character")
        parser.add_argument(
            "--labels",
            default="import",
            choices=intake.LABELS,
            help="what becomes of intents that rows carry (default: gold labels)",
        )
        parser.add_argument(
            "--unmarked",
            default="",
            choices=("", *intake.UNMARKED),
            help="what a row with an intent and without `spans` says of parameters: "
            "nobody looked (unknown), there are none (none), or as the file does it "
            "(auto, the default): none where it has marks and never an empty list",
        )
        parser.add_argument(
            "--light",
            action="store_true",
            help="leave the full redaction pass to a worker; rows stay unseen until it",
        )
        parser.add_argument(
            "--rejects",
            type=Path,
            metavar="FILE",
            help="write all refused rows there as CSV: file, line and reason",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        if options["rejects"] and not options["rejects"].parent.is_dir():
            raise CommandError(f"{options['rejects'].parent}: no such folder.")
        files = [f for path in options["paths"] for f in found(Path(path))]
        taken = [self._ingest(file, options) for file in files]
        batches = [batch for batch, _ in taken]
        scrubbed = None if options["light"] else self._scrub()
        result = summary(taken, scrubbed, time.monotonic() - started)
        if options["rejects"]:
            _write(options["rejects"], batches)
        self._tell_labels(result["labels"])
        failed = [b for b in batches if b.status != IntakeBatch.Status.CLOSED]
        for batch in failed:
            self.stderr.write(f"{batch.file_name}: {batch.error or batch.status}")
        if options["json"]:
            self.stdout.write(json.dumps(result))
        if failed:
            raise CommandError(f"{len(failed)} of {len(batches)} files were not read.")

    def _ingest(self, file: Path, options: dict[str, Any]) -> tuple[IntakeBatch, bool]:
        """The file's batch, and whether it was read now and not before."""
        try:
            with file.open("rb") as stream:
                batch = intake.receive(
                    stream,
                    source=options["source"],
                    file_name=file.name,
                    by=None,
                    reader=options["reader"],
                    options={name: options[name] for name in intake.OPTIONS},
                )
        except DomainError as error:
            raise CommandError(f"{file.name}: {error.message}") from None
        except OSError as error:
            raise CommandError(f"{file.name}: {error.strerror}") from None
        is_new = intake.process(batch.pk, progress=self._progress(file.name))
        batch.refresh_from_db()
        self.stderr.write(_line(file.name, batch, is_new=is_new))
        self._tell_rejects(batch)
        return batch, is_new

    def _tell_rejects(self, batch: IntakeBatch) -> None:
        """Why rows were refused, and the first of them."""
        for code, n in rejects.by_code([batch]).items():
            self.stderr.write(f"  {n:,} refused as {code}")
        for row in rejects.first([batch], MOST_SHOWN):
            self.stderr.write(f"  line {row.line:,}: {row.reason}")
        if batch.rejected > MOST_SHOWN:
            left = batch.rejected - MOST_SHOWN
            self.stderr.write(f"  … and {left:,} more; --rejects FILE writes them all")

    def _tell_labels(self, counts: dict[str, int] | None) -> None:
        if counts and any(counts.values()):
            told = ", ".join(f"{n:,} {LABELS[name]}" for name, n in counts.items() if n)
            self.stderr.write(f"Labels: {told}")

    def _progress(self, name: str) -> intake.Progress:
        shown_at = time.monotonic()

        def show(batch: IntakeBatch) -> None:
            nonlocal shown_at
            if time.monotonic() - shown_at >= PROGRESS_SECONDS:
                shown_at = time.monotonic()
                self.stderr.write(f"{name}: {batch.received:,} rows …")

        return show

    def _scrub(self) -> full_pass.ScrubCount:
        total = full_pass.ScrubCount()
        if full_pass.waiting():
            self.stderr.write("Full redaction pass: loading the name model …")
        while full_pass.waiting():
            count = full_pass.scrub(limit=5 * full_pass.CHUNK_ROWS)
            for name in ("passed", "changed", "merged", "failed"):
                setattr(total, name, getattr(total, name) + getattr(count, name))
            if count == full_pass.ScrubCount():
                time.sleep(1)  # a worker is at it; wait until it has done our rows
            self.stderr.write(f"Full redaction pass: {full_pass.waiting():,} to go")
            total.labels.add(count.labels)
        total.labels.add(full_pass.settle_labels())
        return total


def found(path: Path) -> list[Path]:
    """The file, or the files of a folder and below that a reader may know."""
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.is_file())
        files = [p for p in inside if _is_data(p)]
        if not files:
            raise CommandError(f"{path}: no {', '.join(SUFFIXES)} file in this folder.")
        return files
    if not path.is_file():
        raise CommandError(f"{path}: no such file.")
    return [path]


def _is_data(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(SUFFIXES)


def counts(batch: IntakeBatch, *, is_new: bool) -> dict[str, int]:
    """The batch's counters; of a file taken in before, every row is a duplicate."""
    if is_new:
        return {name: getattr(batch, name) for name in COUNTERS}
    return {
        "received": batch.received,
        "accepted": 0,
        "duplicate": batch.accepted + batch.duplicate,
        "rejected": batch.rejected,
    }


def _line(name: str, batch: IntakeBatch, *, is_new: bool) -> str:
    said = ", ".join(f"{n:,} {c}" for c, n in counts(batch, is_new=is_new).items())
    known = "" if is_new else " (this file was taken in before)"
    return f"{name}: {said}{known}"


def _write(path: Path, batches: list[IntakeBatch]) -> None:
    """All refused rows, in a file that appears whole."""
    try:
        with whole(path) as file:
            file.writelines(rejects.lines(batches))
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None


def summary(
    taken: list[tuple[IntakeBatch, bool]],
    scrubbed: full_pass.ScrubCount | None,
    seconds: float,
) -> dict[str, Any]:
    """What the command prints with --json."""
    rows = []
    for batch, is_new in taken:
        batch.refresh_from_db()
        rows.append(
            {
                "id": str(batch.pk),
                "file": batch.file_name,
                "status": batch.status,
                "error": batch.error,
                "known": not is_new,
                **counts(batch, is_new=is_new),
                "rejected_by_reason": rejects.by_code([batch]),
                "rejects": [
                    {"line": row.line, "code": row.code, "reason": row.reason}
                    for row in rejects.first([batch], MOST_SHOWN)
                ],
            }
        )
    passed = asdict(scrubbed) if scrubbed else None
    return {
        **{name: sum(row[name] for row in rows) for name in COUNTERS},
        "batches": rows,
        "labels": passed.pop("labels") if passed else None,
        "redaction": passed,
        "waiting_for_redaction": full_pass.waiting(),
        "seconds": round(seconds, 2),
    }
