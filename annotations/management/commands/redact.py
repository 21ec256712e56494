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
        as_json = options["json"]
        redactor = None if options["light"] else load()
        size = 1 if options["light"] else BATCH
        lines = read_lines(sys.stdin.buffer)
        while batch := list(islice(lines, size)):
            for output in _redacted(batch, redactor, as_json=as_json):
                self.stdout.write(output)
            self.stdout.flush()


def _redacted(
    lines: list[Line], redactor: FullRedactor | None, *, as_json: bool
) -> Iterator[str]:
    items = [_item(line, as_json=as_json) for line in lines]
    readable = [item for item in items if isinstance(item, Item)]
    results = iter(
        redactor.redact_batch(readable)
        if redactor is not None
        else [redact(item.text, item.context) for item in readable]
    )
    for line, item in zip(lines, items, strict=True):
        if isinstance(item, RecordError):
            raise CommandError(f"line {line.number}: {item}")
        result = next(results)
        if isinstance(result, RedactionFailedError):
            raise CommandError(f"line {line.number}: {result}")
        yield _shown(result, as_json=as_json)


def _item(line: Line, *, as_json: bool) -> Item | RecordError:
    """The line as a text with its context, or why it is none."""
    try:
        text = decoded(line)
        if not as_json:
            return Item(text)
        record: Record = parse(loads(text))
    except RecordError as error:
        return error
    context = tuple({"role": t.role, "text": t.text} for t in record.context)
    return Item(record.text, context)


def _shown(result: Redaction, *, as_json: bool) -> str:
    if not as_json:
        return result.text
    entities = [entity.as_dict() for entity in result.entities]
    return json.dumps({"text": result.text, "entities": entities}, ensure_ascii=False)
