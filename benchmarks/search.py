"""How long a search takes at a million utterances, for each kind of question.

    python -m benchmarks.search [--rows 1000000] [--runs 20] [--write] [--keep FOLDER]

Fills a database of its own by COPY (search_world.py), builds the search's indexes as
the migrations do, says how long and how large, asks each kind of question `--runs`
times and prints p50 and p95; then the pages over HTTP, and how many of the truly
nearest the search by meaning finds. A plan that reads more than 10,000 rows of a table
in sequence ends the run with an error. `--keep` names a folder in which the filled
database stays for the next run, and a filling that was broken off goes on.
"""

import argparse
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks import machine, report, search_pages, stack
from benchmarks import search_world as world

MOST_IN_SEQUENCE = 10_000
RECALL_HEAD = ("Filter", "Of the nearest 10", "Of the nearest 50")
HEAD = ("Question", "Found", "p50, ms", "p95, ms", "Largest, ms")


@dataclass(frozen=True)
class Question:
    kind: str
    ask: Callable[[], Any]


def questions(n: int) -> list[Question]:
    """Every kind of question, the unpleasant ones included."""
    from annotations.models import Domain, Intent, User
    from annotations.services.search import Criteria

    known = world.words()
    often, second, seldom = known[0], known[1], known[900]
    labeler = User.objects.get(username="annotator-1")
    planner = User.objects.get(username="author")
    domain = Domain.objects.order_by("pk").values_list("name", flat=True)[0]
    intent = Intent.objects.order_by("pk").values_list("name", flat=True)[0]
    middle = (world.START + timedelta(seconds=31 * n / 2)).date()
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
    from training.services import meaning_search

    numbers = itertools.count(1000, 37)

    def ask(criteria: Any) -> Callable[[], Any]:
        def one() -> Any:
            for number in numbers:
                try:
                    return len(meaning_search.of_utterance(number, criteria, by=by)[1])
                except meaning_search.NotFoundError:
                    continue  # an exam item, which this person cannot look up

        return one

    return [
        Question("like an utterance", ask(Criteria())),
        Question("like an utterance, in a domain", ask(Criteria(domain=domain))),
        Question(
            "like an utterance, in a common source", ask(Criteria(source="calls"))
        ),
        Question("like an utterance, in one of 20", ask(Criteria(source="feedback"))),
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


EXACT = """
SELECT e.utterance_id FROM training_utteranceembedding e
JOIN annotations_utterance u ON u.id = e.utterance_id
WHERE {conditions} ORDER BY e.vector <#> %s::vector LIMIT %s
"""


def recall(runs: int = 12) -> list[list[object]]:
    """Of the truly nearest 10 and 50, the share that is found, by filter."""
    from annotations.models import Domain, User
    from annotations.services.search import Criteria

    by = User.objects.get(username="annotator-1")
    domain = Domain.objects.order_by("pk").values_list("name", flat=True)[0]
    filters = {
        "none": Criteria(),
        "a domain (a twelfth)": Criteria(domain=domain),
        "a source of 5 %": Criteria(source="feedback"),
        "a source of 1 %": Criteria(source="faq"),
    }
    rows = []
    for name, criteria in filters.items():
        shares = [_recalled(criteria, by, 1000 + 37 * run) for run in range(runs)]
        known = [share for share in shares if share is not None]
        means = [sum(column) / len(known) for column in zip(*known, strict=True)]
        rows.append([name, *(f"{mean:.1%}" for mean in means)])
    return rows


def _recalled(criteria: Any, by: Any, number: int) -> tuple[float, float] | None:
    """Shares of the nearest 10 and 50 to this one; None for one hidden from `by`."""
    from django.db import connection

    from annotations.errors import NotFoundError
    from annotations.services import search
    from training.models import UtteranceEmbedding
    from training.services import meaning_search

    try:
        found = meaning_search.of_utterance(number, criteria, by=by)[1]
    except NotFoundError:
        return None
    stored = UtteranceEmbedding.objects.get(utterance=number).vector
    conditions = search.conditions_of(criteria, by=by)
    conditions.add("u.id <> %s", number)
    with connection.cursor() as cursor:
        vector = "[" + ",".join(map(str, stored)) + "]"
        cursor.execute(
            EXACT.format(conditions=conditions.sql),
            [*conditions.values, vector, meaning_search.NEAREST],
        )
        best = [pk for (pk,) in cursor.fetchall()]
    ours = [one.utterance.pk for one in found]
    return (
        len(set(best[:10]) & set(ours[:10])) / len(best[:10]),
        len(set(best) & set(ours)) / len(best),
    )


def sizes() -> dict[str, str]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelname, pg_size_pretty(pg_relation_size(indexrelid))"
            " FROM pg_stat_user_indexes WHERE indexrelname = ANY(%s)"
            " ORDER BY pg_relation_size(indexrelid) DESC",
            [list(world.INDEXES)],
        )
        return dict(cursor.fetchall())


def run(options: argparse.Namespace, postgres_pid: int) -> None:
    kept = options.keep / "filled.json" if options.keep else None
    seconds = world.build(options.rows, kept)
    asked = questions(options.rows)
    before = machine.speed_check()
    rows = [measure(question, options.runs) for question in asked]
    scans = {q.kind: found for q in asked if (found := in_sequence(q))}
    large = sizes()
    pages = search_pages.times(postgres_pid, options.rows, options.runs)
    built = "; ".join(
        f"`{name}` {seconds[name]} s, {size}" for name, size in large.items()
    )
    lines = [
        report.taken(machine.conditions())
        + f" Speed check {before:.0f} and {machine.speed_check():.0f} ms;"
        f" {options.rows:,} utterances, {options.runs} runs each.",
        report.table(HEAD, rows),
        f"Indexes, built beside writers: {built}.",
        report.table(search_pages.HEAD, pages),
        "Of those truly nearest in meaning, found by the graph or, where few fit, by"
        " comparing each:",
        report.table(RECALL_HEAD, recall()),
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
    with stack.database(options.keep) as postgres_pid:
        run(options, postgres_pid)


if __name__ == "__main__":
    main()
