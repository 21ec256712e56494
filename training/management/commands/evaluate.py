"""Measure a checkpoint on a labeled file."""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.errors import DomainError
from annotations.services import catalogue
from annotations.services.catalogue import Catalogue
from training.management import arguments
from training.services import checkpoints


class Command(BaseCommand):
    help = "Print the metrics of a checkpoint (else the champion) on a labeled file."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--test", type=Path, required=True, metavar="FILE")
        parser.add_argument("--checkpoint", metavar="NAME")
        arguments.add_unmarked(parser)
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        from training.ml.data import read_jsonl, settle_marks
        from training.ml.experiment import measure
        from training.serving import names

        try:
            rows = read_jsonl(options["test"], options["unmarked"]).labeled()
            [test] = settle_marks(rows)
            # File and checkpoint may each know an intent by a name of another day.
            cards = catalogue.current()
            test = _renamed(test, cards)
            found = checkpoints.open_predictor(_chosen(options["checkpoint"]))
            report = measure(names.PresentNames(found, cards), test).report.as_json()
        except DomainError as error:
            raise CommandError(error.message) from error
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        text = json.dumps(report, indent=None if options["json"] else 1)
        self.stdout.write(text)


def _renamed(test: Any, cards: Catalogue) -> Any:
    """The labeled examples with the names that their intents have today."""
    from training.ml.data import Dataset
    from training.serving import names

    return Dataset(
        tuple(replace(one, intent=names.today(one.intent, cards)) for one in test)
    )


def _chosen(name: str | None) -> Any:
    if name:
        return checkpoints.named(name)
    found = checkpoints.champion()
    if found is None:
        raise CommandError(
            "No model serves yet; name one with --checkpoint or run `train`."
        )
    return found
