"""A database as it is on a working day: people, intents, schemas, pool and queue."""

import hashlib
import json
import random
from collections.abc import Iterable

from django.db import connection
from django.utils import timezone

from annotations.models import Domain, Function, Intent, SchemaVersion, User
from benchmarks import corpus

N_ANNOTATORS = 8
UTTERANCE_COLUMNS = (
    "text", "dedupe_key", "count", "split", "status", "redaction", "context",
    "source", "bot_intent", "is_fallback",
)  # fmt: skip
ITEM_COLUMNS = (
    "utterance_id", "reason", "why", "rank", "score", "draw_probability", "status",
    "holders",
)  # fmt: skip
CONTEXT = json.dumps(
    [
        {"role": "bot", "text": "thanks for calling what can i do for you"},
        {"role": "user", "text": "i have a question"},
        {"role": "bot", "text": "sure go ahead"},
    ]
)


def everything(n: int) -> None:
    """People, catalogue and a pool of n utterances; nothing is queued yet."""
    people()
    if not Intent.objects.filter(name=corpus.INTENTS[0]).exists():
        catalogue()
    utterances(n)


def people() -> list[User]:
    """Eight annotators, made where they are missing."""
    names = [f"annotator-{number}" for number in range(N_ANNOTATORS)]
    known = {u.username: u for u in User.objects.filter(username__in=names)}
    return [
        known.get(name)
        or User.objects.create_user(name, name=name, roles=["annotator"])
        for name in names
    ]


def catalogue() -> None:
    """Every intent of the corpus, each with a live schema of all parameters."""
    for name in corpus.INTENTS:
        domain, _ = Domain.objects.get_or_create(
            name=name.split("_")[1], defaults={"title": name.split("_")[1].title()}
        )
        title = name.replace("_", " ").capitalize()
        intent = Intent.objects.create(
            name=name, title=title, domain=domain, description=f"The caller: {title}."
        )
        live_schema(intent)


def live_schema(intent: Intent) -> None:
    """A live function of this intent with all parameters, none required."""
    author, approver = (
        User.objects.get_or_create(
            username=name, defaults={"name": name, "roles": ["product_owner"]}
        )[0]
        for name in ("author", "approver")
    )
    body = json.dumps(
        {
            "properties": {
                p: {"type": "string", "description": f"the caller's {p}"}
                for p in corpus.PARAMETERS
            },
            "type": "object",
            "additionalProperties": False,
        },
        sort_keys=True,
    )
    SchemaVersion.objects.create(
        function=Function.objects.create(
            name=intent.name, intent=intent, domain=intent.domain
        ),
        number=1,
        canonical=body,
        content_hash=hashlib.sha256(body.encode()).hexdigest(),
        status=SchemaVersion.Status.LIVE,
        proposed_by=author,
        approved_by=approver,
        approved_at=timezone.now(),
    )


def utterances(n: int) -> None:
    """An empty pool becomes one of n utterances, each with a model's guess."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE annotations_utterance RESTART IDENTITY CASCADE")
    copy(
        "annotations_utterance",
        UTTERANCE_COLUMNS,
        (
            (
                line.text,
                hashlib.sha256(line.text.encode()).digest(),
                1,
                "train",
                "pool",
                "full",
                CONTEXT,
                "calls",
                line.intent,
                False,
            )
            for line in corpus.lines(n)
        ),
    )
    copy(
        "annotations_suggestion",
        ("utterance_id", "model_name", "intents", "parameters"),
        ((line.number + 1, "bench", *_guess(line)) for line in corpus.lines(n)),
    )


def _guess(line: corpus.Line) -> tuple[str, str]:
    rng = random.Random(line.number)
    others = rng.sample(corpus.INTENTS, 4)
    shares = (0.52, 0.21, 0.12, 0.08, 0.07)
    intents = [
        {"intent": name, "confidence": share}
        for name, share in zip((line.intent, *others), shares, strict=True)
    ]
    span = {
        "param": line.param,
        "start": line.start,
        "end": line.end,
        "text": line.text[line.start : line.end],
        "value": "",
    }
    return json.dumps(intents), json.dumps([span])


def queue(n: int, *, order: str) -> None:
    """All n utterances are queued anew; nothing is leased or answered.

    order: "uncertainty" (highest score first) or "sequential" (as they came).
    """
    scores = [line.score for line in corpus.lines(n)]
    ids = range(1, n + 1)
    if order == "uncertainty":
        ids = sorted(ids, key=lambda i: -scores[i - 1])
    with connection.cursor() as cursor:
        # Answers are append-only for every program; TRUNCATE is for an empty start.
        cursor.execute(
            "TRUNCATE annotations_queueitem, annotations_annotation RESTART IDENTITY"
            " CASCADE"
        )
        cursor.execute("UPDATE annotations_utterance SET status = 'pool'"
                       " WHERE status <> 'pool'")  # fmt: skip
    copy(
        "annotations_queueitem",
        ITEM_COLUMNS,
        (
            (i, "uncertain", "{}", rank, scores[i - 1], 1.0, "ready", "{}")
            for rank, i in enumerate(ids)
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def copy(table: str, columns: Iterable[str], rows: Iterable[tuple]) -> None:
    names = ", ".join(f'"{column}"' for column in columns)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
