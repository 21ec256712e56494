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
from annotations.services import intake
from annotations.services import scrub as full_pass

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")
PROGRESS_SECONDS = 2.0
COUNTERS = ("received", "accepted", "duplicate", "rejected")


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
            "nobody looked (unknown, the default), or there are none",
        )
        parser.add_argument(
            "--light",
            action="store_true",
            help="leave the full redaction pass to a worker; rows stay unseen until it",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        files = [f for path in options["paths"] for f in found(Path(path))]
        taken = [self._ingest(file, options) for file in files]
        batches = [batch for batch, _ in taken]
        scrubbed = None if options["light"] else self._scrub()
        result = summary(taken, scrubbed, time.monotonic() - started)
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
        return batch, is_new

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
        full_pass.settle_labels()
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
            }
        )
    return {
        **{name: sum(row[name] for row in rows) for name in COUNTERS},
        "batches": rows,
        "redaction": asdict(scrubbed) if scrubbed else None,
        "waiting_for_redaction": full_pass.waiting(),
        "seconds": round(seconds, 2),
    }
