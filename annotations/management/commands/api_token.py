"""Make a key for a program, and print it this once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations.errors import DomainError
from annotations.models import Scope, User
from annotations.services import tokens


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--scope", action="append", choices=Scope.values, required=True
        )
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--name", default="", help="what the key is for")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is nobody active named {options['username']}.")
        try:
            _, raw = tokens.issue(
                user=user,
                name=options["name"] or "command line",
                scopes=options["scope"],
                days=options["days"],
                by=None,
            )
        except DomainError as error:
            raise CommandError(error.message) from None
        self.stdout.write(raw)
