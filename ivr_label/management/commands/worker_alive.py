import json
import socket
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from annotations.models import WorkerHeartbeat
from ivr_label.heartbeat import INTERVAL_SECONDS


class Command(BaseCommand):
    help = "Exit with 0 if a worker of this host said lately that it is alive."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        lately = timezone.now() - timedelta(seconds=4 * INTERVAL_SECONDS)
        name = f"@{socket.gethostname()}"
        workers = WorkerHeartbeat.objects.filter(name__endswith=name)
        n = workers.filter(last_seen_at__gte=lately).count()
        if options["json"]:
            self.stdout.write(json.dumps({"alive": n}))
        if not n:
            raise CommandError("no worker of this host is alive")
