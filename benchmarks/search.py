"""How long a search takes at a million utterances, for each kind of question.

    python -m benchmarks.search [--rows 1000000] [--runs 20] [--write] [--keep FOLDER]

Fills a database of its own by COPY: texts of 5 to 16 words out of 2,200 by a skewed
(Zipf) law, twelve months, 12 domains, 5 sources from 60 % to 1 %, a tenth labeled, and
a vector each. Then builds the search's indexes as the migrations do, says how long and
how large, asks each kind of question `--runs` times and prints p50 and p95. A plan that
reads more than 10,000 rows of a table in sequence ends the run with an error. `--keep`
names a folder in which the filled database stays for the next run.
"""

import argparse
import hashlib
import itertools
import json
import random
import struct
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine, report, stack

ROOT = Path(__file__).resolve().parents[1]
WORDS = ROOT / "annotations/intake/redaction/data/common_words.txt"
SOURCES = {"calls": 60, "chat": 25, "tickets": 9, "feedback": 5, "faq": 1}
START = datetime(2025, 11, 1, tzinfo=UTC)
MOST_IN_SEQUENCE = 10_000
TEXT_INDEXES = ("terms", "status", "source", "confidence", "said")
COLUMNS = (
    "text", "dedupe_key", "count", "split", "status", "redaction", "context",
    "source", "domain_id", "bot_intent", "bot_confidence", "is_fallback", "occurred_at",
)  # fmt: skip
HEAD = ("Question", "Found", "p50, ms", "p95, ms", "Largest, ms")


@dataclass(frozen=True)
class Question:
    kind: str
    ask: Callable[[], Any]


def words() -> list[str]:
    return [w for w in WORDS.read_text().split() if w.isalpha() and w.islower()]


def texts(n: int, seed: int = 11) -> Iterator[str]:
    rng, known = random.Random(seed), words()
    shares = list(itertools.accumulate(1 / (k + 3) for k in range(len(known))))
    for number in range(n):
        said = rng.choices(known, cum_weights=shares, k=rng.randint(5, 16))
        yield f"{' '.join(said)} ref{number % 50_000}"


def fill_world(n: int) -> dict[str, float]:
    """People, catalogue and n utterances; seconds for filling and for each index."""
    from django.db import connection

    from benchmarks import fill

    fill.people()
    fill.catalogue()
    seconds = {}
    with connection.cursor() as cursor:
        definitions = _drop_indexes(cursor)
        began = time.perf_counter()
        _copy_utterances(n)
        _answer()
        _copy_vectors(n)
        seconds["filling"] = time.perf_counter() - began
        for name, definition in definitions.items():
            began = time.perf_counter()
            cursor.execute(definition)
            seconds[name] = time.perf_counter() - began
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    return {name: round(value, 1) for name, value in seconds.items()}


def _drop_indexes(cursor: Any) -> dict[str, str]:
    """The search's indexes are gone; how to make each again, beside writers."""
    names = [f"utterance_{name}" for name in TEXT_INDEXES] + ["embedding_signs"]
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE indexname = ANY(%s)", [names]
    )
    found = {
        name: definition.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)
        for name, definition in cursor.fetchall()
    }
    for name in found:
        cursor.execute(f"DROP INDEX {name}")
    return found


def _copy_utterances(n: int) -> None:
    from annotations.models import Domain
    from benchmarks import fill

    rng = random.Random(5)
    domains = list(Domain.objects.values_list("pk", flat=True))
    states = ("pool", "labeled", "skipped", "review")
    fill._copy(
        "annotations_utterance",
        COLUMNS,
        (
            (
                text,
                hashlib.sha256(str(number).encode()).digest(),
                1 + int(rng.expovariate(1)),
                "exam" if rng.random() < 0.1 else "train",
                rng.choices(states, (88, 9, 2, 1))[0],
                "full",
                fill.CONTEXT,
                rng.choices(list(SOURCES), list(SOURCES.values()))[0],
                rng.choice(domains),
                "",
                rng.random(),
                rng.random() < 0.1,
                START + timedelta(seconds=31 * number),
            )
            for number, text in enumerate(texts(n))
        ),
    )


def _batches(ids: list[int], size: int) -> Iterator[list[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _answer() -> None:
    """Every labeled utterance has an answer of one of eight people, and is gold."""
    from annotations.models import Annotation, GoldLabel, Intent, User, Utterance

    people = list(User.objects.filter(username__startswith="annotator-"))
    intents = list(Intent.objects.all())
    labeled = Utterance.objects.filter(status="labeled").values_list("pk", flat=True)
    for ids in _batches(list(labeled.order_by("pk")), 5000):
        answers = [
            Annotation(
                id=uuid.uuid4(),
                kind="label",
                utterance_id=pk,
                annotator=people[pk % len(people)],
                intent=intents[pk * 7919 % len(intents)],
                reason="uncertain",
            )
            for pk in ids
        ]
        Annotation.objects.bulk_create(answers)
        GoldLabel.objects.bulk_create(
            GoldLabel(
                utterance_id=a.utterance_id,
                annotation=a,
                intent=a.intent,
                rule="single",
            )
            for a in answers
        )


def _copy_vectors(n: int) -> None:
    """Unit vectors around 2,000 centres, as an encoder's lie around meanings."""
    from django.db import connection

    from training import embeddings

    rng = np.random.default_rng(3)
    centres = rng.normal(size=(2000, 384)).astype(np.float32)
    statement = (
        "COPY training_utteranceembedding (utterance_id, encoder, vector)"
        " FROM STDIN (FORMAT BINARY)"
    )
    name = b"all-MiniLM-L6-v2-int8"
    row = np.dtype(
        [("fields", ">i2"), ("id_size", ">i4"), ("id", ">i8"), ("name_size", ">i4"),
         ("name", f"S{len(name)}"), ("size", ">i4"), ("dimensions", ">i2"),
         ("unused", ">i2"), ("vector", ">f4", (384,))]
    )  # fmt: skip
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(embeddings._COPY_HEADER)
        for start in range(0, n, 10_000):
            m = min(10_000, n - start)
            vectors = centres[rng.integers(2000, size=m)]
            vectors = vectors + rng.normal(scale=0.8, size=(m, 384))
            rows = np.zeros(m, dtype=row)
            rows["fields"], rows["id_size"], rows["name_size"] = 3, 8, len(name)
            rows["id"], rows["name"] = np.arange(start + 1, start + m + 1), name
            rows["size"], rows["dimensions"] = 4 + 4 * 384, 384
            rows["vector"] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
            copy.write(rows.tobytes())
        copy.write(struct.pack(">h", -1))


def questions(n: int) -> list[Question]:
    """Every kind of question, the unpleasant ones included."""
    from annotations.models import Domain, Intent, User
    from annotations.services.search import Criteria

    known = words()
    often, second, seldom = known[0], known[1], known[900]
    labeler = User.objects.get(username="annotator-1")
    planner = User.objects.get(username="author")
    domain = Domain.objects.order_by("pk").values_list("name", flat=True)[0]
    intent = Intent.objects.order_by("pk").values_list("name", flat=True)[0]
    middle = (START + timedelta(seconds=31 * n / 2)).date()
    asked: list[tuple[str, Criteria]] = [
        ("a rare word", Criteria(words="ref123")),
        ("a word nobody said", Criteria(words="zzyzx")),
        ("the commonest word", Criteria(words=often)),
        ("two common words", Criteria(words=f"{often} {second}")),
        ("a phrase of common words", Criteria(words=f'"{second} {often}"')),
        ("a phrase of three", Criteria(words=f'"{often} {second} {often}"')),
        ("the beginning of many words", Criteria(words="co*")),
        ("a domain", Criteria(domain=domain)),
        ("the commonest source", Criteria(source="calls")),
        ("the rarest source", Criteria(source="faq")),
        ("the commonest state", Criteria(status="pool")),
        ("a gold intent", Criteria(intent=intent)),
        ("answers of one person", Criteria(annotator=labeler.pk)),
        ("a bot sure from 90 %", Criteria(confidence=(90, 100))),
        ("one day", Criteria(since=middle, until=middle)),
        ("the older half", Criteria(until=middle)),
        ("a common word in a rare state", Criteria(words=often, status="review")),
        ("a common word of one person", Criteria(words=often, annotator=labeler.pk)),
        ("a common word in a domain and a month",
         Criteria(words=often, domain=domain, since=middle,
                  until=middle + timedelta(days=30))),
        ("five filters that exclude one another",
         Criteria(words=f"{often} {seldom}", status="review", source="faq",
                  domain=domain, confidence=(90, 100))),
        ("nothing before the first day",
         Criteria(words=often, until=date(2025, 10, 30))),
    ]  # fmt: skip
    found = [Question(kind, _search(c, labeler)) for kind, c in asked]
    found.append(Question("the exam, by who may", _search(Criteria(split="exam"),
                                                          planner)))  # fmt: skip
    older = Criteria(words=often)
    found.append(
        Question("the commonest word, an old page", _search(older, labeler, n // 50))
    )
    return found + _by_meaning(labeler, domain, often)


def _search(criteria: Any, by: Any, before: int | None = None) -> Callable[[], Any]:
    from annotations.services import search

    def ask() -> Any:
        found = search.find(criteria, by=by, before=before)
        search.rows(found.ids)
        return found.count if found.count is not None else f"> {search.MOST:,}"

    return ask


def _by_meaning(by: Any, domain: str, often: str) -> list[Question]:
    from annotations.services.search import Criteria
    from training.services import neighbours

    numbers = itertools.count(1000, 37)

    def ask(criteria: Any) -> Callable[[], Any]:
        def one() -> Any:
            for number in numbers:
                try:
                    return len(neighbours.of_utterance(number, criteria, by=by)[1])
                except neighbours.NotFoundError:
                    continue  # an exam item, which this person cannot look up

        return one

    return [
        Question("like an utterance", ask(Criteria())),
        Question("like an utterance, in a domain", ask(Criteria(domain=domain))),
        Question("like an utterance, in a rare source", ask(Criteria(source="faq"))),
    ]


def measure(question: Question, runs: int) -> list[object]:
    seconds = []
    for _ in range(runs + 1):
        began = time.perf_counter()
        found = question.ask()
        seconds.append(time.perf_counter() - began)
    took = machine.percentiles(seconds[1:])  # the first one fills the caches
    count = f"{found:,}" if isinstance(found, int) else found
    return [question.kind, count, took["p50"], took["p95"], took["max"]]


def in_sequence(question: Question) -> list[str]:
    """The tables of which a plan of this question reads too much in sequence."""
    from django.db import connection

    statements: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "SELECT" in sql and not sql.startswith(("EXPLAIN", "SET", "RESET")):
            plan = _plan(context["cursor"], sql, params)
            statements.extend(_long_scans(plan))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        question.ask()
    return statements


def _plan(cursor: Any, sql: str, params: Any) -> dict[str, Any]:
    cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
    (plan,) = cursor.fetchone()
    return (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]


def _long_scans(node: dict[str, Any]) -> list[str]:
    read = node.get("Actual Rows", 0) + node.get("Rows Removed by Filter", 0)
    found = []
    if (
        node["Node Type"] == "Seq Scan"
        and read * node["Actual Loops"] > MOST_IN_SEQUENCE
    ):
        found.append(f"{node['Relation Name']} ({read:,.0f} rows)")
    return found + [s for child in node.get("Plans", ()) for s in _long_scans(child)]


def recall(runs: int = 30) -> float:
    """Of the 10 truly nearest, the share that the index finds, without filters."""
    from django.db import connection

    from annotations.services.search import Conditions
    from training.models import UtteranceEmbedding
    from training.services import neighbours

    name = ("all-MiniLM-L6-v2-int8",)
    shares = []
    for number in range(500, 500 + 211 * runs, 211):
        row = UtteranceEmbedding.objects.get(utterance=number)
        vector = "[" + ",".join(map(str, row.vector)) + "]"
        near = neighbours._near(vector, name, Conditions())
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT utterance_id FROM training_utteranceembedding"
                " ORDER BY vector <#> %s::vector LIMIT 10",
                [vector],
            )
            best = {pk for (pk,) in cursor.fetchall()}
        shares.append(len(best & {pk for pk, _ in near[:10]}) / len(best))
    return round(sum(shares) / len(shares), 3)


def sizes() -> dict[str, str]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelname, pg_size_pretty(pg_relation_size(indexrelid))"
            " FROM pg_stat_user_indexes WHERE indexrelname = ANY(%s)"
            " ORDER BY pg_relation_size(indexrelid) DESC",
            [[f"utterance_{n}" for n in TEXT_INDEXES] + ["embedding_signs"]],
        )
        return dict(cursor.fetchall())


def run(options: argparse.Namespace) -> None:
    from annotations.models import Utterance

    kept = options.keep / "filled.json" if options.keep else None
    if kept and kept.exists() and Utterance.objects.count() == options.rows:
        seconds = json.loads(kept.read_text())
    else:
        seconds = fill_world(options.rows)
        if kept:
            kept.write_text(json.dumps(seconds))
    asked = questions(options.rows)
    before = machine.speed_check()
    rows = [measure(question, options.runs) for question in asked]
    scans = {q.kind: found for q in asked if (found := in_sequence(q))}
    large = sizes()
    built = "; ".join(
        f"`{name}` {seconds[name]} s, {size}" for name, size in large.items()
    )
    lines = [
        report.taken(machine.conditions())
        + f" Speed check {before:.0f} and {machine.speed_check():.0f} ms;"
        f" {options.rows:,} utterances, {options.runs} runs each.",
        report.table(HEAD, rows),
        f"Indexes, built beside writers: {built}.",
        f"Of the 10 nearest by the vectors, the index found {recall():.1%}.",
    ]
    print(*lines, sep="\n\n")
    if scans:
        raise SystemExit(f"Read in sequence: {scans}")
    if options.write:
        report.write("search", *lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keep", type=Path, default=None, metavar="FOLDER")
    options = parser.parse_args()
    with stack.database(options.keep):
        run(options)


if __name__ == "__main__":
    main()
