import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.errors import DomainError
from annotations.services.export import FORMS, export


class Command(BaseCommand):
    help = (
        "Write gold labels (canonical JSON lines, .gz to compress), the live function "
        "schemas (a folder with one JSON file each) or the files a round would train "
        "on (a folder with train, valid and exam)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("format", help=" or ".join(sorted(FORMS)))
        parser.add_argument("path", type=Path)
        parser.add_argument("--json", action="store_true")

    def handle(self, *, format: str, path: Path, **options: Any) -> None:
        try:
            n = export(form=format, path=path, by=None)
        except DomainError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            report = {"format": format, "path": str(path), "n": n}
            self.stdout.write(json.dumps(report))
        else:
            self.stdout.write(f"{n} written to {path}")
