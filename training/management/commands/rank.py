"""Embed, score and refill the queue now."""

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from training.services import ranking


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        found = ranking.rank(reason="asked for", embed_seconds=None)
        if found is None:
            raise CommandError("The queue is being ranked just now; try again shortly.")
        facts = {
            "ranking": found.pk,
            "pool": found.n_pool,
            "embedded": found.n_embedded,
            "gold": found.n_gold,
            "queued": found.n_queued,
            "model": found.model_name or None,
            "seconds": found.progress,
        }
        if options["json"]:
            self.stdout.write(json.dumps(facts))
            return
        self.stdout.write(
            f"{found.n_queued} of {found.n_pool} unlabeled utterances queued, "
            f"{found.n_embedded} embedded, {found.n_gold} gold labels learned from."
        )
