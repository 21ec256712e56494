"""Make a key for a program and print it this once, or revoke somebody's keys."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations.errors import DomainError
from annotations.models import ApiToken, Scope, User
from annotations.services import tokens


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        either = parser.add_mutually_exclusive_group(required=True)
        either.add_argument("--scope", action="append", choices=Scope.values)
        either.add_argument(
            "--revoke",
            action="store_true",
            help="end the person's keys instead; with --name, those of that name",
        )
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--name", default="", help="what the key is for")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["revoke"]:
            self._revoke(options["username"], options["name"])
            return
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

    def _revoke(self, username: str, name: str) -> None:
        found = ApiToken.objects.filter(user__username=username, revoked_at=None)
        if name:
            found = found.filter(name=name)
        keys = list(found)
        if not keys:
            raise CommandError(f"No key of {username} fits.")
        for token in keys:
            tokens.revoke(token=token, by=None)
        self.stdout.write(f"{len(keys)} revoked.")
