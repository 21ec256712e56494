"""Is the process alive, can it serve, and how much work lies where."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse

from annotations.models import (
    Annotation,
    GoldLabel,
    IntakeBatch,
    QueueItem,
    Utterance,
    WorkerHeartbeat,
)
from training.models import Round

LEAST_FREE_BYTES = 256 * 1024**2
QUEUES = ("default", "gpu")
# The worker says it lives every few seconds; so much silence means it does not.
WORKER_SILENCE_SECONDS = 30.0
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"

_is_migrated = False


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is looked at."""
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> HttpResponse:
    """200 where requests can be served, else 503; a dead worker is reported only.

    Without a worker people can still label: the work waits as rows.
    """
    vital = {name: _attempt(check) for name, check in VITAL.items()}
    workers = _attempt(_workers) if vital["database"]["ok"] else {"ok": False}
    is_ready = all(check["ok"] for check in vital.values())
    body = {
        "status": "ready" if is_ready else "not_ready",
        "degraded": is_ready and not workers["ok"],
        "checks": {**vital, "workers": workers},
    }
    return JsonResponse(body, status=200 if is_ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Gauges in Prometheus' text format."""
    return HttpResponse("".join(_lines()), content_type=PROMETHEUS)


def _attempt(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return check()
    except (DatabaseError, OSError) as error:
        return {"ok": False, "reason": type(error).__name__}


def _database() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True}


def _migrations() -> dict[str, Any]:
    """Reading the migrations takes a while, and what is migrated stays so."""
    global _is_migrated
    if not _is_migrated:
        executor = MigrationExecutor(connection)
        targets = executor.loader.graph.leaf_nodes()
        _is_migrated = not executor.migration_plan(targets)
    return {"ok": _is_migrated}


def _disk() -> dict[str, Any]:
    free = shutil.disk_usage(settings.DATA_DIR).free
    return {"ok": free >= LEAST_FREE_BYTES, "free_bytes": free}


VITAL = {"database": _database, "migrations": _migrations, "disk": _disk}


def _workers() -> dict[str, Any]:
    ages = _worker_ages()
    alive = {
        queue: age is not None and age <= WORKER_SILENCE_SECONDS
        for queue, age in ages.items()
    }
    return {"ok": all(alive.values()), "seconds_since_seen": ages}


def _worker_ages() -> dict[str, float | None]:
    """Seconds since any worker of each queue was seen, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT q, extract(epoch FROM clock_timestamp() - max(w.last_seen_at))"
            f" FROM unnest(%s::text[]) q LEFT JOIN {WorkerHeartbeat._meta.db_table} w"
            " ON q = ANY(string_to_array(w.queues, ',')) GROUP BY q",
            [list(QUEUES)],
        )
        ages = dict(cursor.fetchall())
    return {q: None if ages[q] is None else round(float(ages[q]), 1) for q in QUEUES}


def _lines() -> Iterator[str]:
    for name, help_text, samples in _gauges():
        yield f"# HELP ivr_{name} {help_text}\n# TYPE ivr_{name} gauge\n"
        for labels, value in samples:
            inside = ",".join(f'{key}="{labels[key]}"' for key in labels)
            yield (
                f"ivr_{name}{{{inside}}} {value}\n"
                if inside
                else (f"ivr_{name} {value}\n")
            )


Sample = tuple[dict[str, str], float]


def _gauges() -> Iterator[tuple[str, str, list[Sample]]]:
    """(name, help, samples). Label values are our own words: nothing to escape."""
    yield "queue_items", "Queue items by status.", _by(QueueItem, "status")
    yield "utterances", "Utterances by status.", _by(Utterance, "status")
    yield "annotations", "Answers by kind.", _by(Annotation, "kind")
    yield "gold_labels", "Resolved labels.", [({}, GoldLabel.objects.count())]
    yield "batches", "Intake batches by status.", _by(IntakeBatch, "status")
    yield "rounds", "Training rounds by status.", _by(Round, "status")
    yield (
        "worker_silence_seconds",
        "Seconds since a worker of the queue was seen.",
        [
            ({"queue": queue}, age)
            for queue, age in _worker_ages().items()
            if age is not None
        ],
    )
    yield "disk_free_bytes", "Free space for data.", [({}, _disk()["free_bytes"])]


def _by(model: Any, field: str) -> list[Sample]:
    """Counts for every value of the field, zero included."""
    rows = model.objects.order_by().values_list(field).annotate(n=Count("pk"))
    counts = dict.fromkeys((v for v, _ in model._meta.get_field(field).choices), 0)
    return [({field: value}, n) for value, n in {**counts, **dict(rows)}.items()]
