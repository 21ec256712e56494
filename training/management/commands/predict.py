"""Turns in, answers out: JSON lines, in order."""

import argparse
import json
import os
import sys
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from threadpoolctl import threadpool_limits

from annotations.errors import DomainError
from annotations.intake.readers.base import (
    ByteSource,
    Line,
    UnreadableFileError,
    read_lines,
)
from annotations.intake.readers.jsonl import decoded, loads
from training.ml.data import Example
from training.services import checkpoints, live
from training.serving import turns

WORKERS = min(4, os.cpu_count() or 1)
BATCH = 1024  # lines answered together; their order is kept
REMEMBERED = 50_000  # answers to turns that may be said again, some 30 MB


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
                for said in answered(predictor, _lines(options["file"])):
                    self.stdout.write("\n".join(said))
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


def answered(predictor: Any, lines: Iterable[Line]) -> Iterator[list[str]]:
    """Each line's answer, in order and some at a time; a line that is no turn says so
    and stops no other.

    While models answer some lines in threads of their own, the next ones are read.
    """
    memory = _Memory()
    waiting: deque[_Asked] = deque()
    with ThreadPoolExecutor(WORKERS) as threads:
        for part in batched(lines, BATCH):
            new: dict[Example, _Said] = {}
            said = [_said(line, memory, new) for line in part]
            predictions = threads.submit(_predictions, predictor, list(new))
            waiting.append(_Asked(said, new, predictions))
            if len(waiting) > WORKERS:
                yield waiting.popleft().answers()
        while waiting:
            yield waiting.popleft().answers()


def _predictions(predictor: Any, examples: Sequence[Example]) -> list[Any]:
    found: list[Any] = predictor.predict_many(examples, together=True)[1]
    return found


@dataclass
class _Said:
    """An answer, to one line or to several that say the same; "" until it is there."""

    json: str = ""


class _Memory:
    """Answers to turns by their redacted words and context; the oldest are dropped."""

    def __init__(self) -> None:
        self._said: OrderedDict[Example, _Said] = OrderedDict()

    def recall(self, example: Example) -> _Said | None:
        if example in self._said:
            self._said.move_to_end(example)
        return self._said.get(example)

    def keep(self, example: Example) -> _Said:
        self._said[example] = found = _Said()
        if len(self._said) > REMEMBERED:
            self._said.popitem(last=False)
        return found


@dataclass(frozen=True)
class _Asked:
    """Lines under way: the answers of all, those of turns that were not asked before,
    and what the model says of these."""

    said: Sequence[_Said]
    new: Mapping[Example, _Said]
    predictions: "Future[list[Any]]"

    def answers(self) -> list[str]:
        """Each line's, once the model has given the new ones."""
        found = turns.answers(
            list(self.new), self.predictions.result(), today=timezone.localdate()
        )
        for said, one in zip(self.new.values(), found, strict=True):
            said.json = json.dumps(one.as_json(), ensure_ascii=False)
        return [said.json for said in self.said]


def _said(line: Line, memory: _Memory, new: dict[Example, _Said]) -> _Said:
    """The line's answer, to be filled in; where it was not asked yet it is `new`."""
    one = _prepared(line)
    if isinstance(one, str):
        return _Said(json.dumps({"error": one}, ensure_ascii=False))
    known = memory.recall(one) or new.get(one)
    if known is None:
        known = new[one] = memory.keep(one)
    return known


def _prepared(line: Line) -> Example | str:
    """The redacted turn, or what is wrong with the line."""
    try:
        return turns.example_of(live.redacted(loads(decoded(line))))
    except (DomainError, ValueError) as error:
        return str(error)
