"""Labels per second through the page's own HTTP interface, and what each costs.

    .venv/bin/python -m benchmarks.labeling [--utterances 50000] [--annotators 1,8]
        [--seconds 30] [--sizes 10000,1000000] [--label-studio] [--write [SECTION]]

Closed loop without think time: every annotator answers one intent and one parameter,
has the next item in the response, and answers again. Prints a table, and the same as
one JSON object on the last line.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import load, machine, report, stack
from benchmarks.desk_client import Desk
from benchmarks.http_client import Client

BURST_ROUNDS = 125  # with eight annotators: 1,000 simultaneous requests
WARM_UP_SECONDS = 3


def main() -> None:
    options = arguments()
    rows: list[dict[str, Any]] = []
    with stack.database() as postgres, stack.web(postgres) as servers:
        for size in options.sizes:
            rows += measure_size(servers, size, options)
    if options.label_studio:
        from benchmarks import label_studio

        rows += label_studio.measure(
            Path(options.peer_root), options.sizes[0], options.annotators,
            options.seconds,
        )  # fmt: skip
    document = {"conditions": machine.conditions(), "rows": rows}
    drawn = report.labeling_table(rows), report.import_lines(rows)
    print(*drawn, sep="\n", file=sys.stderr)
    if any(row.get("errors") for row in rows):
        # Refused answers are no labels: their speed says nothing about the desk.
        sys.exit(f"Some answers were refused, so nothing is written: {rows}")
    if options.write:
        report.write(options.write, report.taken(document["conditions"]), *drawn)
    if options.output:
        Path(options.output).write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=int, default=50_000)
    parser.add_argument("--sizes", type=_numbers, help="in place of --utterances")
    parser.add_argument("--annotators", type=_numbers, default=[1, 8])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--orders", default="uncertainty,sequential")
    parser.add_argument("--label-studio", action="store_true")
    parser.add_argument("--peer-root", default="/tmp/peers", help="its installation")
    parser.add_argument(
        "--write", nargs="?", const="labeling", metavar="SECTION",
        help="put the table into docs/benchmarks.md (section labeling or sizes)",
    )  # fmt: skip
    parser.add_argument("--output", help="write the JSON here as well")
    options = parser.parse_args()
    options.sizes = options.sizes or [options.utterances]
    options.orders = options.orders.split(",")
    return options


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def measure_size(
    servers: stack.Stack, n_utterances: int, options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Every order and number of annotators on a pool of this size."""
    from benchmarks import fill

    print(f"Filling {n_utterances:,} utterances …", file=sys.stderr, flush=True)
    fill.everything(n_utterances)
    desks = sign_in(servers.url)
    rows = []
    for order in options.orders:
        for count in options.annotators:
            fill.queue(n_utterances, order=order)
            load.closed_loop(desks, WARM_UP_SECONDS)
            rows.append(
                {
                    "app": "IVR Label",
                    "what": "loop",
                    "order": order,
                    "utterances": n_utterances,
                    **run(
                        servers,
                        desks[:count],
                        lambda who: load.closed_loop(who, options.seconds),
                    ),
                }
            )
    fill.queue(n_utterances, order="uncertainty")
    burst = run(servers, desks, lambda who: load.bursts(who, BURST_ROUNDS))
    rows.append(
        {"app": "IVR Label", "what": "burst", "order": "uncertainty",
         "utterances": n_utterances, **burst}
    )  # fmt: skip
    for desk in desks:
        desk.client.close()
    return rows


def sign_in(url: str, connect: type[Client] = Client) -> list[Desk]:
    """Everybody at their desk, through the one-time links that people get."""
    from annotations.services.sign_in import issue_link
    from benchmarks import fill

    links = [issue_link(user=user, base_url="") for user in fill.people()]
    return [Desk(connect(url), link) for link in links]


def run(
    servers: stack.Stack,
    desks: Sequence[Desk],
    work: Callable[[Sequence[Desk]], load.Tally],
) -> dict[str, Any]:
    """One run with its cost; told at once, since runs take long."""
    speed = [machine.speed_check()]
    tally, cost = machine.measured(
        lambda: work(desks), server=[servers.web], postgres=[servers.postgres]
    )
    speed.append(machine.speed_check())
    row = {
        "annotators": len(desks),
        **tally.as_dict(),
        "cpu": cost.as_dict(len(tally.items)),
        "speed_check_ms": speed,
    }
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row


if __name__ == "__main__":
    main()
