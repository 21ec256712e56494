"""Print links that sign in once, one for each role or one for a person."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations.errors import DomainError
from annotations.services import people, sign_in


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--base-url", default=sign_in.LOCAL_URL)
        parser.add_argument("--for", dest="username", help="for this person alone")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            links = self._links(options["username"], options["base_url"])
        except DomainError as error:
            raise CommandError(error.message) from None
        if options["json"]:
            self.stdout.write(json.dumps({"links": dict(links)}))
            return
        for role, url in links:
            self.stdout.write(f"sign in as {role}: {url}")

    def _links(self, username: str | None, base_url: str) -> list[tuple[str, str]]:
        if username is None:
            return sign_in.issue_links(base_url)
        person = people.named(username)
        return [(username, sign_in.issue_link(user=person, base_url=base_url))]
