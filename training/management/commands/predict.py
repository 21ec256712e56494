"""Turns in, answers out: JSON lines, in order."""

import argparse
import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from annotations.errors import DomainError
from training.services import checkpoints, live
from training.serving import turns


class Command(BaseCommand):
    help = "Answer JSON lines of turns with JSON lines; nothing is stored."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--file", type=Path, help="gzip too; else standard input")
        parser.add_argument("--checkpoint", metavar="NAME", help="else the champion")
        parser.add_argument(
            "--json", action="store_true", help="accepted; the output is JSON anyway"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            name = options["checkpoint"]
            found = checkpoints.named(name) if name else checkpoints.champion()
            if found is None:
                raise CommandError(
                    "No model serves yet; name one with --checkpoint or run `train`."
                )
            predictor = checkpoints.open_predictor(found)
            for line in _lines(options["file"]):
                self.stdout.write(_answer(predictor, line))
        except DomainError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(str(error)) from error


def _lines(path: Path | None) -> Iterator[str]:
    if path is None:
        yield from _filled(sys.stdin)
        return
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    opener = gzip.open if is_gzip else open
    with opener(path, "rt", encoding="utf-8") as file:
        yield from _filled(file)


def _filled(stream: TextIO) -> Iterator[str]:
    return (line for line in stream if line.strip())


def _answer(predictor: Any, line: str) -> str:
    """One line's answer; a line that is no turn says so and the next one follows."""
    try:
        prepared = live.redacted(json.loads(line))
    except (DomainError, ValueError) as error:
        return json.dumps({"error": str(error)})
    found = turns.answer(
        predictor, turns.example_of(prepared), today=timezone.localdate()
    )
    said = found.as_json()
    if not found.missing:
        said.pop("missing")
    return json.dumps(said, ensure_ascii=False)
