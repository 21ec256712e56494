"""Add a person who may sign in, and print their first link."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations.errors import DomainError
from annotations.models import Role
from annotations.services import sign_in


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="")
        parser.add_argument(
            "--role", action="append", choices=Role.values, required=True
        )
        parser.add_argument("--base-url", default=sign_in.LOCAL_URL)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        username = options["username"]
        try:
            person = sign_in.create_person(
                username=username,
                name=options["name"] or username,
                roles=options["role"],
                by=None,
            )
        except DomainError as error:
            raise CommandError(error.message) from None
        url = sign_in.issue_link(user=person, base_url=options["base_url"])
        report = {"username": username, "roles": person.roles, "url": url}
        line = f"sign in as {username}: {url}"
        self.stdout.write(json.dumps(report) if options["json"] else line)
