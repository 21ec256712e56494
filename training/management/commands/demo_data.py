"""Load the invented telecom and tell its story: calls, labels, rounds, an alarm."""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations.errors import DomainError
from training.services import demo


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--utterances", type=int, default=20_000)
        parser.add_argument("--labels", type=int, default=1_500)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument(
            "--no-story", action="store_true", help="end when a first round is due"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = demo.Wanted(
            n_utterances=options["utterances"],
            n_labels=options["labels"],
            seed=options["seed"],
            has_story=not options["no_story"],
        )
        if min(wanted.n_utterances, wanted.n_labels, wanted.seed) < 0:
            raise CommandError("Utterances, labels and seed are 0 or more.")
        started = time.monotonic()
        try:
            loaded = demo.load(wanted, say=self._say)
            seconds = round(time.monotonic() - started)
            if wanted.has_story:
                demo.tell(wanted, say=self._say)
        except DomainError as error:
            raise CommandError(error.message) from None
        report = demo.as_json(loaded)
        report["seconds"] = seconds
        if options["json"]:
            self.stdout.write(json.dumps(report))
        else:
            self.stdout.write(
                f"The demo is loaded: {report['utterances']} utterances and "
                f"{report['labels']} answers added in {report['seconds']} s"
            )

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
