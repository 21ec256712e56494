"""`manage.py redact`: lines in, redacted lines out, in order. Needs no database."""

import json
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations.intake.readers.base import Line, read_lines
from annotations.intake.readers.jsonl import decoded, loads
from annotations.intake.records import Record, RecordError, parse
from annotations.intake.redaction import Redaction, redact
from annotations.intake.redaction.full import (
    FullRedactor,
    Item,
    RedactionFailedError,
    load,
)

BATCH = 64
UNREADABLE = "[UNREADABLE]"
Result = Redaction | RedactionFailedError | RecordError


class Command(BaseCommand):
    help = "Redact lines from standard input to standard output, in order."
    needs_database = False
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json",
            action="store_true",
            help="JSON lines in (`context` is heeded), JSON lines with entities out",
        )
        parser.add_argument(
            "--light", action="store_true", help="patterns and cues only, no name model"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        redactor = None if options["light"] else load()
        show = _as_json if options["json"] else _as_text
        size = 1 if options["light"] else BATCH
        lines = read_lines(sys.stdin.buffer)
        unreadable = 0
        while batch := list(islice(lines, size)):
            for line, result in _redacted(batch, redactor, as_json=options["json"]):
                unreadable += not isinstance(result, Redaction)
                self.stdout.write(show(line, result))
            self.stdout.flush()
        if unreadable:
            raise CommandError(f"{unreadable} line(s) could not be read.")


def _redacted(
    lines: list[Line], redactor: FullRedactor | None, *, as_json: bool
) -> Iterator[tuple[Line, Result]]:
    items = [_item(line, as_json=as_json) for line in lines]
    readable = [item for item in items if isinstance(item, Item)]
    results: Iterator[Redaction | RedactionFailedError] = iter(
        redactor.redact_batch(readable)
        if redactor is not None
        else [redact(item.text, item.context) for item in readable]
    )
    for line, item in zip(lines, items, strict=True):
        yield line, next(results) if isinstance(item, Item) else item


def _item(line: Line, *, as_json: bool) -> Item | RecordError:
    """The line as a text with its context, or why it is none."""
    try:
        text = decoded(line)
        if not as_json:
            return Item(text)
        record: Record = parse(loads(text))
    except RecordError as error:
        return Item("") if error.code == "empty_text" else error
    context = tuple({"role": t.role, "text": t.text} for t in record.context)
    return Item(record.text, context)


def _as_text(line: Line, result: Result) -> str:
    return result.text if isinstance(result, Redaction) else UNREADABLE


def _as_json(line: Line, result: Result) -> str:
    """The redacted text; of a line that could not be read, why, and no text."""
    shown: dict[str, Any]
    if isinstance(result, Redaction):
        entities = [entity.as_dict() for entity in result.entities]
        shown = {"text": result.text, "entities": entities}
    else:
        code = result.code if isinstance(result, RecordError) else "redaction_failed"
        shown = {"text": None, "entities": [], "error": code, "line": line.number}
    return json.dumps(shown, ensure_ascii=False)
