import json
from argparse import ArgumentParser
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.models import User
from annotations.services.schema_import import Outcome, import_files


class Command(BaseCommand):
    help = (
        "Draft functions from files or folders: function_schema.json, OpenAPI "
        "documents, dialogue services. Nothing that exists is overwritten."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path)
        parser.add_argument("--by", required=True, help="username of the author")
        parser.add_argument("--json", action="store_true")

    def handle(self, *, paths: list[Path], by: str, **options: Any) -> None:
        author = User.objects.filter(username=by, is_active=True).first()
        if author is None:
            raise CommandError(f"There is no active person “{by}”.")
        found = import_files(paths, by=author)
        counts = Counter(each.outcome for each in found)
        if options["json"]:
            report = {
                **{outcome.value: counts[outcome] for outcome in Outcome},
                "functions": [asdict(each) for each in found],
            }
            self.stdout.write(json.dumps(report))
            return
        for each in found:
            name = each.name or each.file
            self.stdout.write(f"{each.outcome:<10} {name}  {each.message}".rstrip())
        self.stdout.write(
            ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in Outcome)
        )
