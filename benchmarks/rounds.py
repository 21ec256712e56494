"""Whole rounds, step by step: frozen, trained, measured on the exam, judged, promoted.

    .venv/bin/python -m benchmarks.rounds [--labels 10000] [--exam 1000]
        [--rounds head again finetune] [--write]

Gold labels of generated calls are put into a database of our own, a tenth of them held
out as everywhere, and rounds run on them in this process as a worker runs them. `head`
is the first round, two hundred labels before, which embeds every text; `again` the next
one, with all labels; `finetune` trains the encoder. Bars on two cores: a round of the
light head in 30 s, one that fine-tunes in 12 minutes. Prints a table, and the same as
one JSON object on the last line; wall and CPU seconds, for wall means little on a busy
machine.
"""

import argparse
import hashlib
import json
import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from benchmarks import machine, report, stack
from ivr_label.up import children

BARS = {"head": 30, "again": 30, "finetune": 720}
MORE = 200  # labels between `head` and `again`
HEAD = ("Round", "Labels", "Step", "Wall, s", "CPU, s", "Bar, s", "Others' CPU",
        "Speed check, ms")  # fmt: skip


@dataclass
class Clock:
    """Wall and CPU seconds between the things a round says."""

    said: list[tuple[str, float, float]] = field(default_factory=list)

    def __call__(self, what: str) -> None:
        self.said.append((what, time.perf_counter(), cpu_seconds()))

    def parts(self) -> list[dict[str, Any]]:
        """What happened after each thing was said, until the next."""
        return [
            {"after": what, "wall_s": round(w2 - w1, 2), "cpu_s": round(c2 - c1, 2)}
            for (what, w1, c1), (_, w2, c2) in zip(
                self.said, self.said[1:], strict=False
            )
        ]


def main() -> None:
    options = arguments()
    os.environ.update(children.threads(os.cpu_count() or 1))
    with stack.database():
        labels = gold(options.labels, options.exam)
        rows = []
        for kind in options.rounds:
            next(labels)
            rows.append(round_of(kind))
    document = {"conditions": machine.conditions(), "rows": rows}
    drawn = table(rows)
    print(drawn, file=sys.stderr)
    if options.write:
        report.write("rounds", report.taken(document["conditions"]), drawn)
    print(json.dumps(document))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=int, default=10_000)
    parser.add_argument("--exam", type=int, default=1000)
    parser.add_argument(
        "--rounds", nargs="+", choices=tuple(BARS), default=list(BARS), metavar="KIND"
    )
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    return parser.parse_args()


def gold(n_labels: int, n_exam: int) -> Iterator[None]:
    """Labels of distinct texts become gold: first all but the last few, then those.

    Asked a third time it adds nothing. What experts wrote is left out: it is no exam.
    """
    from annotations.demo.calls import generate_records
    from annotations.models import Iteration
    from annotations.services import demo

    cast = demo.ensure_people()
    demo.ensure_intents(cast)
    demo.ensure_functions(cast, *Iteration.values)
    distinct: dict[str, dict[str, Any]] = {}
    for record in generate_records(10 * (n_labels + n_exam), 1):
        if record["source"] != "expert":
            distinct.setdefault(record["text"], record)
        if len(distinct) == n_labels + n_exam:
            break
    records = iter(distinct.values())
    label(islice(records, n_exam), "exam")
    label(islice(records, n_labels - MORE), "train")
    yield
    label(records, "train")
    while True:
        yield


def label(records: Iterator[dict[str, Any]], split: str) -> None:
    """The records are utterances, each with an answer that is gold."""
    from annotations.models import (
        Annotation,
        GoldLabel,
        Intent,
        ParameterSpan,
        User,
        Utterance,
    )

    intents = {intent.name: intent for intent in Intent.objects.all()}
    person = User.objects.filter(roles__contains=["annotator"]).earliest("pk")
    rows = [record for record in records if record["intent"] in intents]
    said = Utterance.objects.bulk_create(
        Utterance(
            text=row["text"],
            dedupe_key=hashlib.sha256(row["text"].encode()).digest(),
            split=split,
            status=Utterance.Status.LABELED,
            redaction=Utterance.Redaction.FULL,
            source=row["source"],
        )
        for row in rows
    )
    answers = Annotation.objects.bulk_create(
        Annotation(
            id=uuid.uuid4(),
            kind=Annotation.Kind.LABEL,
            utterance=utterance,
            annotator=person,
            intent=intents[row["intent"]],
            body_hash="0" * 64,
        )
        for utterance, row in zip(said, rows, strict=True)
    )
    ParameterSpan.objects.bulk_create(
        ParameterSpan(
            annotation=answer,
            param=span["param"],
            start=span["start"],
            end=span["end"],
            text=row["text"][span["start"] : span["end"]],
            value=span["value"],
        )
        for answer, row in zip(answers, rows, strict=True)
        for span in row["spans"]
    )
    GoldLabel.objects.bulk_create(
        GoldLabel(utterance=u, annotation=a, intent=a.intent, rule="single")
        for u, a in zip(said, answers, strict=True)
    )


def round_of(kind: str) -> dict[str, Any]:
    """One round from its request to its end, and what each step of it took."""
    from annotations.models import GoldLabel
    from training.models import Policy, Round
    from training.services import execution, rounds

    policy, _ = Policy.objects.update_or_create(
        iteration=1,
        defaults={
            "min_new_gold": 1,
            "max_wait_minutes": 60,
            "gates": {"min_exam": 6, "max_ece": 1.0, "critical": []},
            "promotion": Policy.Promotion.AUTOMATIC,
        },
    )
    recipe = "finetune" if kind == "finetune" else "head"
    found = rounds.request(
        policy=policy, cause="a benchmark", by=None, recipe=recipe, seed=0
    )
    speed = [machine.speed_check()]
    busy, cpu, began = machine.busy_cpu_seconds(), cpu_seconds(), time.perf_counter()
    with heard() as clock:
        execution.run(found.pk, worker="benchmark")
    wall, used = time.perf_counter() - began, cpu_seconds() - cpu
    others = machine.busy_cpu_seconds() - busy - used
    speed.append(machine.speed_check())
    found = Round.objects.get(pk=found.pk)
    if found.status not in (Round.Status.PROMOTED, Round.Status.REJECTED):
        raise AssertionError(f"{kind}: the round {found.status}: {found.error}")
    counts = found.snapshot.description
    row = {
        "what": kind,
        "labels": counts["train"] + counts["valid"],
        "exam": counts["exam"],
        "intents": GoldLabel.objects.values("intent").distinct().count(),
        "status": str(found.status),
        "wall_s": round(wall, 1),
        "cpu_s": round(used, 1),
        "cpu": {"others_s": round(max(0.0, others), 1)},
        "parts": clock.parts(),
        "speed_check_ms": speed,
    }
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row


@contextmanager
def heard() -> Iterator[Clock]:
    """Every line a round says, and every step it enters, is timed."""
    from training.services import execution, round_log

    clock, say, steps = Clock(), round_log.say, dict(execution.STEPS)

    def timed(claim: Any, text: str) -> None:
        say(claim, text)
        clock(_without_figures(text))

    def entering(name: str, step: Callable[..., None]) -> Callable[..., None]:
        def run(*given: Any) -> None:
            clock(f"step: {name}")
            step(*given)

        return run

    round_log.say = timed
    for name, step in steps.items():
        execution.STEPS[name] = entering(str(name), step)
    try:
        clock("begin")
        yield clock
        clock("end")
    finally:
        round_log.say = say
        execution.STEPS.update(steps)


def _without_figures(text: str) -> str:
    return " ".join("N" if any(c.isdigit() for c in w) else w for w in text.split())


def cpu_seconds() -> float:
    """This process's; the database's own are others' here."""
    used = os.times()
    return used.user + used.system


def table(rows: Sequence[dict[str, Any]]) -> str:
    lines: list[list[object]] = []
    for row in rows:
        lines.append(
            [row["what"], f"{row['labels']:,}", "whole round", row["wall_s"],
             row["cpu_s"], BARS[row["what"]], report.others(row), report.speed(row)]
        )  # fmt: skip
        longest = Counter({n: p["wall_s"] for n, p in enumerate(row["parts"])})
        for number in sorted(n for n, _ in longest.most_common(8)):
            part = row["parts"][number]
            lines.append(
                ["", "", part["after"], part["wall_s"], part["cpu_s"], "", "", ""]
            )
    return report.table(HEAD, lines)


if __name__ == "__main__":
    main()
