"""How fast a file of utterances comes in, and what that takes.

    python -m benchmarks.intake [--rows 1000000] [--full 5000] [--recall]
        [--label-studio http://127.0.0.1:8080 --token KEY]

Generates the file, takes it in on a database of its own (encrypted upload, light
redaction, duplicates, COPY; the same durability as in production) and prints one JSON
object. `--full` times the full redaction pass on that many rows, `--recall` counts
what the redaction finds in the made-up samples of the tests, `--label-studio` sends
the same utterances to a running Label Studio through its import API, which redacts
nothing.
"""

import argparse
import json
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import machine

OPENINGS = ("", "hi ", "um ", "yeah hi ", "okay so ", "hello ", "uh ", "look ")
PLAIN = (
    "why is my {thing} bill {amount} dollars this month",
    "the {thing} in the {room} stopped working {day}",
    "can i change the {thing} to the {plan} plan from {day}",
    "i was charged {amount} dollars twice on {day} for the {thing}",
    "is there an outage for the {thing} near the {room} since {day}",
    "how much is the {plan} plan with a {thing} in the {room}",
    "cancel the {thing} visit on {day} please",
    "i paid {amount} dollars on {day} and the {thing} is still off",
)
PERSONAL = (
    "my account number is {digits} and the {thing} is down",
    "this is {given} {surname} calling about the {thing}",
    "call me back at {digits} about the {thing} {day}",
    "my email is {given} dot {surname} at gmail dot com for the {plan} plan",
    "the card is {digits} {digits} for the {thing} bill",
)
WORDS = {
    "thing": [
        "internet",
        "phone",
        "tablet",
        "router",
        "modem",
        "cable",
        "television",
        "line",
        "hotspot",
    ],
    "room": [
        "kitchen",
        "office",
        "bedroom",
        "basement",
        "garage",
        "attic",
        "hall",
        "living-room",
    ],
    "plan": [
        "unlimited",
        "family",
        "basic",
        "premium",
        "travel",
        "senior",
        "student",
        "business",
    ],
    "day": [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ],
    "given": [
        "john",
        "maria",
        "priya",
        "carlos",
        "deborah",
        "kevin",
        "anna",
        "robert",
        "tamika",
    ],
    "surname": [
        "smith",
        "garcia",
        "patel",
        "johnson",
        "nguyen",
        "kowalski",
        "brown",
        "davis",
    ],
}
DIGITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "oh",
]
PROMPTS = ("how can i help you today", "please tell me what is wrong", "go on")
PERSONAL_SHARE = 0.12
REPEATED_SHARE = 0.1
TURNS = 3


def utterances(n: int, *, seed: int = 7) -> Iterator[dict[str, Any]]:
    """n records of conversations of three turns, one in eight with personal data."""
    rng = random.Random(seed)
    earlier: list[str] = []
    for number in range(n):
        if earlier and rng.random() < REPEATED_SHARE:
            text = rng.choice(earlier)
        else:
            text = _text(rng)
            if len(earlier) < 5000:
                earlier.append(text)
        yield {
            "text": text,
            "conversation_id": f"call-{number // TURNS}",
            "turn": 2 * (number % TURNS) + 1,
            "context": [{"role": "bot", "text": rng.choice(PROMPTS)}],
            "bot_intent": "bill",
            "bot_confidence": round(rng.random(), 3),
        }


def _text(rng: random.Random) -> str:
    is_personal = rng.random() < PERSONAL_SHARE
    template = rng.choice(PERSONAL if is_personal else PLAIN)
    values = {name: rng.choice(words) for name, words in WORDS.items()}
    digits = " ".join(rng.choice(DIGITS) for _ in range(rng.randint(8, 10)))
    amount = f"{rng.randint(10, 999)}"
    return rng.choice(OPENINGS) + template.format(
        **values, digits=digits, amount=amount
    )


def write(path: Path, n: int) -> int:
    with path.open("w", encoding="utf-8") as file:
        for record in utterances(n):
            file.write(json.dumps(record) + "\n")
    return path.stat().st_size


def take_in(path: Path, n_full: int) -> dict[str, Any]:
    """The file through the whole intake, in a process of its own for its memory."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    worker = context.Process(target=_worker, args=(theirs, path, n_full))
    worker.start()
    theirs.close()
    try:
        return dict(ours.recv())
    except EOFError:
        raise SystemExit("the intake process died") from None
    finally:
        worker.join()


def _worker(pipe: Any, path: Path, n_full: int) -> None:
    _set_up()
    from ivr_label.command_line import embedded_database, migrate_if_behind

    with embedded_database():
        migrate_if_behind()
        pipe.send(_measure(path, n_full))


def _set_up() -> None:
    os.environ["IVR_DATA_DIR"] = os.environ["BENCHMARK_DATA_DIR"]
    os.environ["LOG_LEVEL"] = "WARNING"
    os.environ["DJANGO_SETTINGS_MODULE"] = "ivr_label.settings"
    for name in ("DATABASE_URL", "BROKER_URL"):
        os.environ.pop(name, None)
    import django

    django.setup()


def _measure(path: Path, n_full: int) -> dict[str, Any]:
    from django.db import connection

    from annotations.services import intake

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    started, cpu = time.perf_counter(), time.process_time()
    postgres = machine.tree_cpu_seconds([backend])
    with path.open("rb") as stream:
        batch = intake.receive(stream, source="calls", file_name=path.name, by=None)
    received = time.perf_counter()
    intake.process(batch.pk)
    ended = time.perf_counter()
    batch.refresh_from_db()
    result = {
        "rows": batch.received,
        "accepted": batch.accepted,
        "duplicate": batch.duplicate,
        "rejected": batch.rejected,
        "upload_seconds": round(received - started, 2),
        "seconds": round(ended - started, 2),
        "rows_per_second": round(batch.received / (ended - started)),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "rows_per_cpu_second": round(batch.received / (time.process_time() - cpu)),
        "postgres_cpu_seconds": round(machine.tree_cpu_seconds([backend]) - postgres),
        "peak_rss_mb": _peak_rss_mb(),
    }
    if n_full:
        result["full_pass"] = _full_pass(n_full)
    return result


def _peak_rss_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def _full_pass(n_rows: int) -> dict[str, Any]:
    from annotations.intake.redaction.full import load
    from annotations.services import scrub

    started = time.perf_counter()
    load()
    loaded = time.perf_counter()
    cpu = time.process_time()
    count = scrub.scrub(limit=n_rows)
    done = count.passed + count.merged + count.failed
    return {
        "load_seconds": round(loaded - started, 2),
        "rows": done,
        "rows_per_second": round(done / (time.perf_counter() - loaded)),
        "rows_per_cpu_second": round(done / (time.process_time() - cpu)),
        "peak_rss_mb": _peak_rss_mb(),
    }


def label_studio_import(
    path: Path, *, url: str, token: str, request_rows: int = 10_000
) -> dict[str, Any]:
    """The file's texts into a new project of a running Label Studio."""
    config = (
        "<View><Text name='text' value='$text'/><Choices name='intent' toName='text'>"
        "<Choice value='a'/><Choice value='b'/></Choices></View>"
    )

    def call(place: str, body: object = None) -> Any:
        request = urllib.request.Request(
            url.rstrip("/") + place,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Token {token}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=600) as response:
            return json.load(response)

    title = {"title": path.name, "label_config": config}
    project = call("/api/projects", title)["id"]
    started, sent = time.perf_counter(), 0
    with path.open(encoding="utf-8") as lines:
        while rows := [json.loads(line) for line in islice(lines, request_rows)]:
            tasks = [{"data": {"text": row["text"]}} for row in rows]
            call(f"/api/projects/{project}/import", tasks)
            sent += len(rows)
    seconds = time.perf_counter() - started
    return {
        "rows": sent,
        "stored": call(f"/api/projects/{project}")["task_number"],
        "seconds": round(seconds, 2),
        "rows_per_second": round(sent / seconds),
        "request_rows": request_rows,
    }


def recall() -> dict[str, Any]:
    """Found of all, by type, in sample and out of it; false alarms on harmless ones.

    The in-sample table was at hand while the recognizers were written.
    """
    from annotations.intake.redaction import redact
    from tests.unit.annotations.intake import samples

    result: dict[str, Any] = {}
    for name in ("KNOWN", "STRANGE"):
        found: Counter[str] = Counter()
        typed: Counter[str] = Counter()
        total: Counter[str] = Counter()
        for text, kind in getattr(samples, name):
            kinds = {entity.type for entity in redact(text).entities}
            total[kind] += 1
            found[kind] += bool(kinds)
            typed[kind] += kind in kinds
        result[name.lower()] = {
            kind: f"{found[kind]}/{n} found, {typed[kind]} by type"
            for kind, n in total.items()
        }
    alarms = [text for text in samples.HARMLESS if redact(text).entities]
    result["false_alarms"] = f"{len(alarms)}/{len(samples.HARMLESS)}"
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--full", type=int, default=0, metavar="ROWS")
    parser.add_argument("--recall", action="store_true")
    parser.add_argument("--label-studio", default="", metavar="URL")
    parser.add_argument("--token", default="")
    parser.add_argument("--request-rows", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ivr-bench-") as folder:
        os.chmod(folder, 0o711)  # as root the server runs as another user
        os.environ["BENCHMARK_DATA_DIR"] = f"{folder}/data"
        path = Path(folder) / "calls.jsonl"
        size = write(path, options.rows)
        result: dict[str, Any] = {
            "file_mb": round(size / 1024**2, 1),
            "ivr_label": take_in(path, options.full),
        }
        if options.label_studio:
            result["label_studio"] = label_studio_import(
                path,
                url=options.label_studio,
                token=options.token,
                request_rows=options.request_rows,
            )
        if options.recall:
            result["recall"] = recall()
    result["conditions"] = machine.conditions()
    json.dump(result, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
