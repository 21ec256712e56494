"""Turns in, answers out: JSON lines, in order."""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from threadpoolctl import threadpool_limits

from annotations.errors import DomainError
from annotations.intake.pipeline import Prepared
from annotations.intake.readers.base import (
    ByteSource,
    Line,
    UnreadableFileError,
    read_lines,
)
from annotations.intake.readers.jsonl import decoded, loads
from training.services import checkpoints, live
from training.serving import turns

WORKERS = min(4, os.cpu_count() or 1)
BATCH = 512  # turns answered together; their order is kept


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
            # The heads' products are tiny: BLAS threads would only wait for each
            # other, and for the workers that run side by side.
            with threadpool_limits(1, user_api="blas"):
                for lines in batched(_lines(options["file"]), BATCH):
                    self.stdout.write("\n".join(_answers(predictor, lines)))
        except DomainError as error:
            raise CommandError(error.message) from error
        except UnreadableFileError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error


def _lines(path: Path | None) -> Iterator[Line]:
    """The lines that are not blank; gzip is unpacked."""
    if path is None:
        yield from _filled(sys.stdin.buffer)
        return
    with path.open("rb") as file:
        yield from _filled(file)


def batched(lines: Iterable[Line], size: int) -> Iterator[list[Line]]:
    """Lists of `size` lines, the last one shorter; itertools has it from 3.12 on."""
    source = iter(lines)
    while part := list(islice(source, size)):
        yield part


def _filled(source: ByteSource) -> Iterator[Line]:
    return (
        line
        for line in read_lines(source)
        if line.content is None or line.content.strip()
    )


def _answers(predictor: Any, lines: Sequence[Line]) -> list[str]:
    """Each line's answer; a line that is no turn says so and stops no other."""
    said: list[Prepared | str] = [_prepared(line) for line in lines]
    examples = [turns.example_of(one) for one in said if isinstance(one, Prepared)]
    answers = turns.answer_many(
        predictor, examples, today=timezone.localdate(), workers=WORKERS
    )
    found = iter(answers)
    return [
        json.dumps({"error": one} if isinstance(one, str) else next(found).as_json(),
                   ensure_ascii=False)
        for one in said
    ]  # fmt: skip


def _prepared(line: Line) -> Prepared | str:
    """The redacted turn, or what is wrong with the line."""
    try:
        return live.redacted(loads(decoded(line)))
    except (DomainError, ValueError) as error:
        return str(error)
