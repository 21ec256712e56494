"""Make a key for a program and print it this once, or revoke somebody's keys."""

import json
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
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        act = self._revoke if options["revoke"] else self._issue
        report, line = act(options)
        self.stdout.write(json.dumps(report) if options["json"] else line)

    def _issue(self, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is nobody active named {options['username']}.")
        try:
            token, raw = tokens.issue(
                user=user,
                name=options["name"] or "command line",
                scopes=options["scope"],
                days=options["days"],
                by=None,
            )
        except DomainError as error:
            raise CommandError(error.message) from None
        report = {
            "username": user.username,
            "name": token.name,
            "scopes": token.scopes,
            "expires_at": token.expires_at.isoformat(),
            "key": raw,
        }
        return report, raw

    def _revoke(self, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        username, name = options["username"], options["name"]
        found = ApiToken.objects.filter(user__username=username, revoked_at=None)
        if name:
            found = found.filter(name=name)
        keys = list(found)
        if not keys:
            raise CommandError(f"No key of {username} fits.")
        for token in keys:
            tokens.revoke(token=token, by=None)
        report = {"username": username, "revoked": [key.name for key in keys]}
        return report, f"{len(keys)} revoked."
