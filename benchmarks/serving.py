"""Live turns through the API: how long one takes, how many a second, how much memory.

    .venv/bin/python -m benchmarks.serving [--seconds 30] [--rate 20] [--clients 8]
        [--recipe head|finetune] [--train 4000] [--write]

A champion is trained on generated calls and served as `make run` serves it. Then: an
open loop at a fixed rate (each turn has a time to be sent at, and waiting counts), a
closed loop that asks as fast as it is answered, and `manage.py predict` on a file.
Beside it stands what the encoder alone would do: two processes that only run its graph
on the same texts, cut and laid out beforehand in batches without padding. Bars: p95
under 25 ms at 20 turns/s, 150 turns/s, 400 MB a process, 1,000 a second in batches.
Prints a table, and the same as one JSON object on the last line.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks import machine, report, stack
from benchmarks.http_client import Client

ROOT = Path(__file__).resolve().parents[1]
WARM_UP_TURNS = 200
SMALL, LARGE = 2_000, 22_000  # lines of `predict`: the difference leaves the start out
CORES = 2
BARE = 3_000  # texts for the bare encoder in each of its processes
HEAD = ("What", "Figure", "Bar", "Others' CPU", "Speed check, ms")
PROGRAM = {"User-Agent": "bot/1.0", "Accept": "application/json"}


@dataclass
class Asked:
    """What became of the turns that were sent."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    wall: float = 0.0


class Bot:
    """A program with a key and one kept connection."""

    def __init__(self, url: str, key: str, turns: Iterator[bytes]) -> None:
        self._client = Client(url, {**PROGRAM, "Authorization": f"Bearer {key}"})
        self._turns = turns

    def ask(self) -> None:
        body = next(self._turns)
        response = self._client.post("/api/v1/turns", body, "application/json")
        if response.status != 200:
            raise RuntimeError(f"{response.status}: {response.body[:200]!r}")


def main() -> None:
    options = arguments()
    with stack.database() as postgres:
        said = champion(options)
        if options.only_predict:
            print(json.dumps(batch(options)))
            return
        with stack.web(postgres) as servers:
            bots = [Bot(servers.url, key(), said) for _ in range(options.clients)]
            for _ in range(WARM_UP_TURNS):
                for bot in bots[:4]:
                    bot.ask()
            rows = [
                run("open loop", servers, lambda: paced(bots, options)),
                run("closed loop", servers, lambda: at_once(bots, options.seconds)),
            ]
            memory = resident_mb(servers.web)
            check_stored(rows)
        rows.append(batch(options))
    document = {
        "conditions": machine.conditions(), "recipe": options.recipe,
        "rows": rows, "memory_mb": memory,
    }  # fmt: skip
    drawn = table(document)
    print(drawn, file=sys.stderr)
    if options.write:
        report.write("serving", report.taken(document["conditions"]), drawn)
    print(json.dumps(document))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rate", type=float, default=20, help="turns a second")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--recipe", choices=("head", "finetune"), default="head")
    parser.add_argument("--train", type=int, default=4000, help="labeled utterances")
    parser.add_argument(
        "--only-predict", action="store_true", help="no live turns; writes nothing"
    )
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    return parser.parse_args()


def champion(options: argparse.Namespace) -> Iterator[bytes]:
    """A champion serves what the generator's calls taught it; gives unseen turns."""
    from annotations.demo.calls import generate_records
    from annotations.models import Iteration
    from annotations.services import demo
    from training import backends
    from training.ml.data import read_jsonl
    from training.ml.hooks import Hooks
    from training.models import Checkpoint
    from training.services import checkpoints, promotion

    cast = demo.ensure_people()
    demo.ensure_intents(cast)
    demo.ensure_functions(cast, *Iteration.values)
    folder = Path(tempfile.mkdtemp(prefix="ivr-bench-model-"))
    lines = folder / "calls.jsonl"
    lines.write_text(
        "".join(json.dumps(r) + "\n" for r in generate_records(options.train, 1))
    )
    print("Training the champion …", file=sys.stderr, flush=True)
    files = backends.BACKENDS["encoder"]().train(
        read_jsonl(lines), None, recipe=options.recipe, seed=0, work=folder / "work",
        shared=folder, hooks=Hooks(),
    )  # fmt: skip
    manifest = checkpoints.store("bench", files, {})
    found = Checkpoint.objects.create(
        name="bench", recipe=options.recipe, path="bench", gate_passed=True,
        manifest_sha256=manifest.sha256,
    )  # fmt: skip
    promotion.promote(
        checkpoint=found, reason="it is what is measured", by=None, instead_of=None
    )
    return turns(generate_records(200_000, 2))


def turns(records: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """Bodies as a bot sends them: conversation, number, words, what was said before.

    Every walk through the calls gives them other names, so no turn is a repetition.
    """
    kept = [
        {"text": r["text"], "context": r["context"][-4:],
         "conversation_id": r["conversation_id"], "turn": r["turn"]}
        for r in (next(records) for _ in range(6000))
    ]  # fmt: skip
    lock = threading.Lock()

    def bodies() -> Iterator[bytes]:
        for walk in count():
            for turn in kept:
                name = f"{turn['conversation_id']}-{walk}"
                yield json.dumps({**turn, "conversation_id": name}).encode()

    class Shared:
        """Several bots draw from one line of turns."""

        def __init__(self) -> None:
            self._bodies = bodies()

        def __iter__(self) -> "Shared":
            return self

        def __next__(self) -> bytes:
            with lock:
                return next(self._bodies)

    return Shared()


def key() -> str:
    from annotations.models import Role, User
    from annotations.services import tokens

    name = "bench-bot"
    user = User.objects.filter(username=name).first() or User.objects.create_user(
        name, name=name, roles=[Role.API_CLIENT]
    )
    return tokens.issue(user=user, name="bench", scopes=["predict"], days=1, by=None)[1]


def paced(bots: Sequence[Bot], options: argparse.Namespace) -> Asked:
    """Every turn at its time; one that has to wait for its bot has waited."""
    asked = Asked()
    began = time.perf_counter() + 0.2
    step = 1.0 / options.rate
    numbers = count()
    lock = threading.Lock()

    def work(bot: Bot) -> None:
        while True:
            with lock:
                due = began + next(numbers) * step
            if due > began + options.seconds:
                return
            time.sleep(max(0.0, due - time.perf_counter()))
            _ask(bot, due, asked)

    return _together(bots, work, asked)


def at_once(bots: Sequence[Bot], seconds: float) -> Asked:
    asked = Asked()
    end = time.perf_counter() + seconds

    def work(bot: Bot) -> None:
        while (now := time.perf_counter()) < end:
            _ask(bot, now, asked)

    return _together(bots, work, asked)


def _ask(bot: Bot, since: float, asked: Asked) -> None:
    try:
        bot.ask()
        asked.seconds.append(time.perf_counter() - since)
    except Exception as error:  # counted and shown, whatever it was
        asked.errors.append(f"{type(error).__name__}: {error}"[:200])


def _together(bots: Sequence[Bot], work: Any, asked: Asked) -> Asked:
    threads = [threading.Thread(target=work, args=(bot,)) for bot in bots]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked.wall = time.perf_counter() - began
    return asked


def run(what: str, servers: stack.Stack, work: Any) -> dict[str, Any]:
    speed = [machine.speed_check()]
    asked, cost = machine.measured(
        work, server=[servers.web], postgres=[servers.postgres]
    )
    speed.append(machine.speed_check())
    n = len(asked.seconds)
    row = {
        "what": what,
        "turns": n,
        "turns_per_s": round(n / asked.wall, 1),
        "ms": machine.percentiles(asked.seconds),
        "errors": len(asked.errors),
        "error_kinds": sorted(set(asked.errors))[:3],
        "cpu": cost.as_dict(n),
        "wall_s": round(asked.wall, 1),
        "speed_check_ms": speed,
    }
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row


def check_stored(rows: Sequence[dict[str, Any]]) -> None:
    """Every turn that was answered is a row."""
    from training.models import LiveTurn

    answered = sum(row["turns"] for row in rows) + 4 * WARM_UP_TURNS
    stored = LiveTurn.objects.count()
    if stored < answered:
        raise AssertionError(f"{answered} turns were answered, {stored} are stored")


def resident_mb(root: int) -> list[int]:
    """Resident memory of each process of the web server, largest first."""
    pids = [root, *(_children(root))]
    return sorted((_rss_mb(pid) for pid in pids), reverse=True)


def _children(root: int) -> list[int]:
    path = Path(f"/proc/{root}/task/{root}/children")
    return [int(pid) for pid in path.read_text().split()]


def _rss_mb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


def batch(options: argparse.Namespace) -> dict[str, Any]:
    """Lines a second of `manage.py predict`, its start left out."""
    from annotations.demo.calls import generate_records

    speed = [machine.speed_check()]
    busy, began = machine.busy_cpu_seconds(), time.perf_counter()
    texts = dict.fromkeys(r["text"] for r in generate_records(2 * LARGE, 3))
    lines = [json.dumps({"text": text}) + "\n" for text in list(texts)[:LARGE]]
    busy, began = machine.busy_cpu_seconds(), time.perf_counter()
    small, small_cpu = _predict(lines[:SMALL])
    large, large_cpu = _predict(lines)
    bare, bare_cpu = _bare(list(texts)[: 2 * BARE])
    others = machine.busy_cpu_seconds() - busy - small_cpu - large_cpu - bare_cpu
    wall = time.perf_counter() - began
    n = len(lines) - SMALL
    speed.append(machine.speed_check())
    return {
        "what": "predict",
        "turns": len(lines),
        "turns_per_s": round(n / (large - small), 1),
        "cpu_ms": round((large_cpu - small_cpu) / n * 1000, 2),
        "bare_per_s": round(2 * BARE / bare, 1),
        "bare_cpu_ms": round(bare_cpu / (2 * BARE) * 1000, 2),
        "cpu": {"others_s": round(max(0.0, others), 2)},
        "wall_s": round(wall, 1),
        "speed_check_ms": speed,
    }


def _bare(texts: Sequence[str]) -> tuple[float, float]:
    """Wall and CPU seconds of the bare encoder, the texts shared among processes."""
    from training.services import checkpoints

    parts = [list(texts[n::CORES]) for n in range(CORES)]
    graph = checkpoints.root() / "bench"
    with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as pool:
        took = list(pool.map(_encode, [str(graph)] * CORES, parts))
    return max(wall for wall, _ in took), sum(cpu for _, cpu in took)


def _encode(folder: str, texts: Sequence[str]) -> tuple[float, float]:
    """Wall and CPU seconds of nothing but the graph on these texts, by one thread."""
    from training.ml import bundle, graph
    from training.ml.tokens import TextEncoder, pad
    from training.serving import predictor

    encoder = TextEncoder(Path(folder) / bundle.TOKENIZER)
    session = graph.session((Path(folder) / bundle.ENCODER).read_bytes())
    encoded = encoder.encode_many(texts, [()] * len(texts))
    feeds = [
        pad([encoded[row] for row in rows]).feed()
        for rows in predictor.batches([len(one) for one in encoded])
    ]
    session.run([predictor.EMBEDDING], feeds[0])
    began, cpu = time.perf_counter(), time.process_time()
    for feed in feeds:
        session.run([predictor.EMBEDDING], feed)
    return time.perf_counter() - began, time.process_time() - cpu


def _predict(lines: Sequence[str]) -> tuple[float, float]:
    """Wall and CPU seconds of the command on these lines."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(lines)
        file.flush()
        began, cpu = time.perf_counter(), _child_cpu()
        subprocess.run(
            [sys.executable, "manage.py", "predict", "--file", file.name],
            cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=os.environ,
        )  # fmt: skip
        return time.perf_counter() - began, _child_cpu() - cpu


def _child_cpu() -> float:
    used = os.times()
    return used.children_user + used.children_system


def table(document: dict[str, Any]) -> str:
    open_loop, closed, predict = document["rows"]
    ms = open_loop["ms"]
    lines = [
        (f"p50 / p95 / p99 at {open_loop['turns_per_s']:.0f} turns/s, ms",
         f"{ms['p50']:.1f} / {ms['p95']:.1f} / {ms['p99']:.1f}", "p95 25", open_loop),
        ("turns/s, closed loop", closed["turns_per_s"], "150", closed),
        ("p95 in the closed loop, ms", f"{closed['ms']['p95']:.1f}", "", closed),
        ("CPU per turn, ms (server and PostgreSQL)", closed["cpu"]["ms_per_label"],
         "", closed),
        ("memory of the largest web process, MB", document["memory_mb"][0], "400",
         closed),
        ("distinct utterances/s of `predict`", predict["turns_per_s"], "1,000",
         predict),
        ("the same of the bare encoder in two processes", predict["bare_per_s"], "",
         predict),
        ("CPU per utterance, ms: `predict` / bare encoder",
         f"{predict['cpu_ms']} / {predict['bare_cpu_ms']}", "", predict),
    ]  # fmt: skip
    return report.table(
        HEAD,
        [
            [what, figure, bar, report.others(row), report.speed(row)]
            for what, figure, bar, row in lines
        ],
    )


if __name__ == "__main__":
    main()
