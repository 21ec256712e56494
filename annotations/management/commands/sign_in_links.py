"""Print links that sign in once, one for each role."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotations.services import sign_in


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--base-url", default="http://127.0.0.1:8000")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        links = sign_in.issue_links(options["base_url"])
        if options["json"]:
            self.stdout.write(json.dumps({"links": dict(links)}))
            return
        for role, url in links:
            self.stdout.write(f"sign in as {role}: {url}")
