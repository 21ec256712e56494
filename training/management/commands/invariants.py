"""Check every invariant as SQL and print the rows that break one; exit 1 if any."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotations import invariants as people
from annotations.services.invariants import Broken, broken
from training import invariants as machines

ALL = (*people.INVARIANTS, *machines.INVARIANTS)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        found = broken(ALL)
        if options["json"]:
            body = {"checked": len(ALL), "broken": [_plain(each) for each in found]}
            self.stdout.write(json.dumps(body))
        else:
            for each in found:
                self._print(each)
        if found:
            raise SystemExit(1)

    def _print(self, each: Broken) -> None:
        self.stdout.write(f"{each.invariant.name}: {each.invariant.sentence}")
        for row in each.rows:
            self.stdout.write("  " + "  ".join(map(str, row)))
        if each.has_more:
            self.stdout.write("  …")


def _plain(each: Broken) -> dict[str, Any]:
    return {
        "name": each.invariant.name,
        "sentence": each.invariant.sentence,
        "rows": [[str(value) for value in row] for row in each.rows],
        "has_more": each.has_more,
    }
