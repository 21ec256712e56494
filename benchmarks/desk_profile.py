"""Where a label's time goes: the whole web application in this process.

    .venv/bin/python -m benchmarks.desk_profile [--labels 1000] [--queries] [--profile]

The figures leave out the web server's own work and the sockets.
"""

import argparse
import cProfile
import io
import pstats
import time
from statistics import fmean
from typing import Any
from urllib.parse import urlsplit

from benchmarks import machine, stack
from benchmarks.desk_client import Desk
from benchmarks.http_client import Client, Response

CHUNK = 50


class InProcess(Client):
    """The client's requests as calls of the WSGI application."""

    def _exchange(self, raw: bytes) -> Response:
        from ivr_label.wsgi import application

        head, _, body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        url = urlsplit(target)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method, "PATH_INFO": url.path,
            "QUERY_STRING": url.query, "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
        }  # fmt: skip
        for line in lines:
            name, _, value = line.partition(": ")
            key = name.upper().replace("-", "_")
            plain = key in ("CONTENT_TYPE", "CONTENT_LENGTH")
            environ[key if plain else f"HTTP_{key}"] = value
        response = Response(0, [], b"")

        def start(status: str, headers: list[tuple[str, str]]) -> None:
            response.status = int(status.split(" ")[0])
            response.headers = [(name.lower(), value) for name, value in headers]

        parts = application(environ, start)
        response.body = b"".join(parts)
        parts.close()
        return response


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=int, default=5000)
    parser.add_argument("--labels", type=int, default=1000)
    parser.add_argument("--queries", action="store_true", help="print one label's SQL")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--sort", default="tottime")
    options = parser.parse_args()
    with stack.database() as postgres:
        from benchmarks import fill
        from benchmarks.labeling import sign_in

        fill.everything(options.utterances)
        fill.queue(options.utterances, order="uncertainty")
        desk = sign_in("http://127.0.0.1", InProcess)[0]
        desk.begin()
        for _ in range(50):
            desk.cycle()
        if options.queries:
            print_queries(desk)
        profile = cProfile.Profile(time.thread_time)  # CPU, not waiting
        if options.profile:
            profile.enable()
        print(costs(desk, options.labels, postgres))
        profile.disable()
        if options.profile:
            pstats.Stats(profile).sort_stats(options.sort).print_stats(60)


def costs(desk: Desk, n_labels: int, postgres: int) -> str:
    """CPU per label; also what it would be were the machine at its best throughout.

    A guest on a shared host runs at half its speed at times: a short loop of known
    work between the labels tells how fast each moment was.
    """
    python, database, slowness = [], [], []
    began = time.perf_counter()
    for _ in range(0, n_labels, CHUNK):
        slowness.append(machine.speed_check())
        used = tree_cpu(postgres)
        for _ in range(CHUNK):
            desk.cycle()
        after = tree_cpu(postgres)
        python.append((after[0] - used[0]) / CHUNK * 1000)
        database.append((after[1] - used[1]) / CHUNK * 1000)
    wall = (time.perf_counter() - began) / n_labels * 1000
    best = min(slowness)
    factor = fmean(slowness) / best
    return (
        f"{n_labels} labels: wall {wall:.2f} ms, Python CPU {fmean(python):.2f} ms,"
        f" PostgreSQL CPU {fmean(database):.2f} ms each; at the machine's best moment"
        f" ({factor:.2f} times the mean) {fmean(python) / factor:.2f} and"
        f" {fmean(database) / factor:.2f} ms; speed check {best:.1f} ms at best"
    )


def tree_cpu(postgres: int) -> tuple[float, float]:
    return time.process_time(), machine.tree_cpu_seconds([postgres])


def print_queries(desk: Desk) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        desk.cycle()
    for number, query in enumerate(captured, 1):
        print(number, " ".join(query["sql"].split()))


if __name__ == "__main__":
    main()
