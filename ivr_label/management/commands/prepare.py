import json
import logging
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from annotations.models import WorkerHeartbeat
from annotations.services import sign_in
from ivr_label.celery import app
from ivr_label.unacked import hand_back

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "What has to be true before the web server and the workers start."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-worker-is-alive",
            action="store_true",
            help="forget workers and hand back the messages they had taken",
        )
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--base-url", help="print sign-in links that start with this address"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_EMBEDDED:  # else the migrations ran before this command
            call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        count = 0
        if options["no_worker_is_alive"]:
            WorkerHeartbeat.objects.all().delete()
            count = hand_back(app)
            if count:
                logger.info("unfinished tasks handed back", extra={"tasks": count})
        if options["json"]:
            url = options["base_url"]
            links = dict(sign_in.issue_links(url)) if url else {}
            report = {"tasks_handed_back": count, "links": links}
            self.stdout.write(json.dumps(report))
        elif options["base_url"]:
            call_command("sign_in_links", base_url=options["base_url"])
