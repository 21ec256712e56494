"""Shut a person out, at once and whatever they hold, or let them in again."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations.errors import DomainError
from annotations.services import people, sign_in


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--undo", action="store_true", help="let them in again; prints a link"
        )
        parser.add_argument("--base-url", default=sign_in.LOCAL_URL)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        act = self._let_in if options["undo"] else self._shut_out
        try:
            report, line = act(options)
        except DomainError as error:
            raise CommandError(error.message) from None
        self.stdout.write(json.dumps(report) if options["json"] else line)

    def _shut_out(self, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        person = people.named(options["username"])
        ended = people.deactivate(person=person, by=None)
        counts = {
            "keys": len(ended.keys),
            "links": ended.n_links,
            "leases": ended.n_leases,
        }
        report = {"username": person.username, "active": False, "ended": counts}
        said = ", ".join(f"{n} {what}" for what, n in counts.items())
        return report, f"{person.username} is shut out. Ended: all sessions, {said}."

    def _let_in(self, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        person = people.named(options["username"])
        people.reactivate(person=person, by=None)
        person.refresh_from_db()
        url = sign_in.issue_link(user=person, base_url=options["base_url"])
        report = {"username": person.username, "active": True, "url": url}
        return report, f"sign in as {person.username}: {url}"
