"""Check the audit trail, or anchor its heads in a file outside the database."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotations.services import audit_trail

MOST_PRINTED = 50


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["verify", "anchor"])
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--anchors", type=Path, help="the anchor file, where it is kept elsewhere"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["anchors"]
        if options["action"] == "anchor":
            n = audit_trail.anchor(path)
            self._tell(options, {"anchored": n}, [f"{n} heads anchored."])
            return
        report = audit_trail.verify(path)
        self._tell(options, {**asdict(report), "whole": report.is_whole}, _say(report))
        if not report.is_whole:
            raise SystemExit(1)

    def _tell(
        self, options: dict[str, Any], summary: dict[str, Any], lines: list[str]
    ) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(summary))
            return
        for line in lines:
            self.stdout.write(line)


def _say(report: audit_trail.Report) -> list[str]:
    lines = [
        f"{f.kind}: {f.stream or 'anchor file'} #{f.seq}: {f.message}"
        for f in report.findings[:MOST_PRINTED]
    ]
    if len(report.findings) > MOST_PRINTED:
        lines.append(f"… and {len(report.findings) - MOST_PRINTED} more.")
    lines.append(
        f"{report.events} events in {report.streams} streams, {report.anchors} anchored"
        f" heads: {'all as written' if report.is_whole else 'changed'}."
    )
    if not report.anchors:
        lines.append("Without anchors a cut-off end would go unseen: audit anchor.")
    return lines
