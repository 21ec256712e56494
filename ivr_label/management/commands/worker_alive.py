import socket
import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from annotations.models import WorkerHeartbeat
from ivr_label.heartbeat import INTERVAL_SECONDS


class Command(BaseCommand):
    help = "Exit with 0 if a worker of this host said lately that it is alive."

    def handle(self, *args: Any, **options: Any) -> None:
        lately = timezone.now() - timedelta(seconds=4 * INTERVAL_SECONDS)
        name = f"@{socket.gethostname()}"
        workers = WorkerHeartbeat.objects.filter(name__endswith=name)
        if not workers.filter(last_seen_at__gte=lately).exists():
            sys.exit("no worker of this host is alive")
