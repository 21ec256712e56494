"""The registry's bars: hostile schemas, differences, label checks, the registry page.

    .venv/bin/python -m benchmarks.schemas

Prints a JSON object: the slowest of 500 hostile schemas and patterns, the slowest
difference with witnesses, one label check, and the registry page with 300 functions.
"""

import json
import os
import statistics
import time
from collections.abc import Callable

from annotations.functions import diff, schema, witness
from annotations.functions.labels import parameters, problems
from tests.unit.annotations.functions.pairs import PAIRS, fn, s
from tests.unit.annotations.functions.test_schema import hostile

N_HOSTILE = 500
N_FUNCTIONS = 300
N_PAGES = 40


def milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return 1000.0 * (time.perf_counter() - started)


def answer(text: str) -> None:
    """Read a schema and, where it has a pattern, match a long text with it."""
    try:
        node = schema.read(text)
    except schema.SchemaError:
        return
    pattern = node.properties["a"].limit("pattern")
    if pattern:
        schema.compile_pattern(pattern).search("a" * 10_000 + "!")


def compare(old: dict, new: dict) -> None:
    before, after = schema.build(old), schema.build(new)
    for change in diff.diff(before, after):
        witness.for_change(before, after, change)


def label_check() -> float:
    """Milliseconds for one label against a schema of ten parameters, median."""
    names = [f"p{n}" for n in range(10)]
    known = parameters(fn("p0 p1", **{name: s() for name in names}))
    times = [
        milliseconds(lambda: problems(known, names[:4], ["p5"])) for _ in range(1000)
    ]
    return statistics.median(times)


def registry_page() -> dict[str, float]:
    """Percentiles of the registry's page with N_FUNCTIONS functions, in process."""
    from django.db import transaction
    from django.test import Client

    from tests.factories import cast

    with transaction.atomic():
        for n in range(N_FUNCTIONS):
            cast.live_schema(cast.intent(f"bench_{n}", f"domain_{n % 12}"))
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(cast.person("bench", "product_owner"))

        def load() -> None:
            answer = client.get("/functions")
            if answer.status_code != 200:
                raise RuntimeError(f"the page answered {answer.status_code}")

        load()
        times = sorted(milliseconds(load) for _ in range(N_PAGES))
        transaction.set_rollback(True)
    return {
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[int(0.95 * len(times)) - 1], 1),
    }


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ivr_label.settings")
    django.setup()
    from ivr_label.command_line import embedded_database, migrate_if_behind

    texts = [json.dumps(hostile(seed)) for seed in range(N_HOSTILE)]
    hostile_ms = [milliseconds(lambda t=text: answer(t)) for text in texts]
    diff_ms = [milliseconds(lambda o=o, n=n: compare(o, n)) for _, o, n, *_ in PAIRS]
    with embedded_database():
        migrate_if_behind()
        page = registry_page()
    report = {
        "hostile": {"n": N_HOSTILE, "slowest_ms": round(max(hostile_ms), 1)},
        "difference": {"n": len(PAIRS), "slowest_ms": round(max(diff_ms), 1)},
        "label_check_ms": round(label_check(), 4),
        "registry_page": {"functions": N_FUNCTIONS, **page},
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
