"""Label Studio beside us: installed, started, filled and asked in the same way.

    .venv/bin/python -m benchmarks.label_studio [--utterances 50000] [--seconds 30]
        [--write] [--serve]

uWSGI with two processes a core, as in its own container; PostgreSQL is the same
build, with the same settings, as ours. It is installed once, under --peer-root.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import corpus, load, machine, report, stack
from benchmarks.http_client import Client, HttpError, Response
from ivr_label.embedded.places import Places
from ivr_label.embedded.postgres import DATABASE, SUPERUSER
from ivr_label.embedded.processes import in_child

VERSION = "1.23.2"
PACKAGES = (f"label-studio=={VERSION}", "uwsgi==2.0.31")
JSON = "application/json"
# Larger requests with predictions end at its own limit of 120 s.
PREDICTIONS_PER_REQUEST = 5000
WARM_UP_SECONDS = 5
N_PEOPLE = 9  # an administrator and eight annotators

USERS = """
import json, os
from django.contrib.auth import get_user_model
from organizations.models import Organization
from rest_framework.authtoken.models import Token
organization, tokens = None, []
for n in range(int(os.environ["N_PEOPLE"])):
    email = f"person{n}@example.com"
    password = os.urandom(9).hex()
    user = get_user_model().objects.create_user(email=email, password=password)
    if organization is None:
        organization = Organization.create_organization(created_by=user, title="bench")
    elif not organization.has_user(user):
        organization.add_user(user)
    user.active_organization = organization
    user.save()
    tokens.append(Token.objects.get_or_create(user=user)[0].key)
organization.jwt.legacy_api_tokens_enabled = True
organization.jwt.save()
print("TOKENS " + json.dumps(tokens))
"""


@dataclass(frozen=True)
class Running:
    url: str
    server: int
    postgres: int
    tokens: tuple[str, ...]

    def client(self, person: int) -> Client:
        # Its web server closes after each answer, kept connections only fail later.
        headers = {
            "Authorization": f"Token {self.tokens[person]}",
            "Accept": JSON,
            "Connection": "close",
        }
        return Client(self.url, headers=headers)


class Person:
    """One annotator, with the calls that its own client library makes."""

    def __init__(self, client: Client, project: int) -> None:
        self.client = client
        self.project = project
        self.task: dict[str, Any] = {}

    def begin(self) -> None:
        path = f"/api/projects/{self.project}/next"
        self.task = _json(self.client.get(path))

    def cycle(self) -> int:
        answered, text = self.task["id"], self.task["data"]["text"]
        answer = {
            "result": _result(text, 0, 6, corpus.PARAMETERS[0], corpus.INTENTS[0]),
            "lead_time": 3.2,
        }
        path = f"/api/tasks/{answered}/annotations/?project={self.project}"
        _json(self.client.post(path, json.dumps(answer).encode(), JSON))
        self.begin()
        return answered


def _json(response: Response) -> Any:
    if not 200 <= response.status < 300:
        seen = response.body[:160].decode(errors="replace")
        raise HttpError(f"Label Studio answered {response.status}: {seen}")
    return json.loads(response.body)


def _result(text: str, start: int, end: int, param: str, intent: str) -> list[dict]:
    return [
        {"from_name": "intent", "to_name": "text", "type": "choices",
         "value": {"choices": [intent]}},
        {"from_name": "param", "to_name": "text", "type": "labels",
         "value": {"start": start, "end": end, "text": text[start:end],
                   "labels": [param]}},
    ]  # fmt: skip


def install(root: Path) -> Path:
    """Its virtual environment, made where it is missing (some minutes, 1 GB)."""
    venv = root / "venvs" / "labelstudio"
    pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    if not (venv / "bin" / "uwsgi").exists():
        venv.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([*pip, "install", "--quiet", *PACKAGES], check=True)
    return venv


@contextlib.contextmanager
def running(root: Path) -> Iterator[Running]:
    """It answers, on an empty database of its own that goes with it."""
    venv = install(root)
    folder = root / f"run-{os.getpid()}"
    folder.mkdir()
    folder.chmod(0o711)  # as root PostgreSQL runs as another user
    try:
        with _servers(venv, folder) as servers:
            yield servers
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _servers(venv: Path, folder: Path) -> Iterator[Running]:
    places = Places(folder / "data")
    with stack.postgres(places):
        postgres = stack.server_pid(places)
        port = stack.free_port()
        environment = _environment(places, folder, port)
        app = next(venv.glob("lib/python*/site-packages/label_studio"))
        manage = [str(venv / "bin" / "python"), "manage.py"]
        _run([*manage, "migrate", "--no-color"], app, environment)
        printed = _run([*manage, "shell"], app, environment, USERS)
        tokens = next(x for x in printed.splitlines() if x.startswith("TOKENS "))
        with (folder / "uwsgi.log").open("wb") as log:
            server = subprocess.Popen(
                _uwsgi(venv, app, port), cwd=app, env=environment, stdout=log,
                stderr=log, preexec_fn=in_child(drop_root=False, death_signal=15),
            )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            stack.wait_until_it_answers(f"{url}/health", seconds=120)
            keys = tuple(json.loads(tokens.removeprefix("TOKENS ")))
            yield Running(url, server.pid, postgres, keys)
        finally:
            server.terminate()
            server.wait(timeout=60)


def _environment(places: Places, folder: Path, port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "DJANGO_SETTINGS_MODULE": "core.settings.label_studio",
        "DJANGO_DB": "default",  # PostgreSQL: SQLite hands one task to several people
        "POSTGRE_NAME": DATABASE,
        "POSTGRE_USER": SUPERUSER,
        "POSTGRE_PASSWORD": "",
        "POSTGRE_HOST": str(places.postgres_socket),
        "POSTGRE_PORT": "5432",
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder / "files"),
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "1",
        "LABEL_STUDIO_HOST": f"http://127.0.0.1:{port}",
        "COLLECT_ANALYTICS": "0",
        "LATEST_VERSION_CHECK": "0",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "SENTRY_RATE": "0",
        "LOG_LEVEL": "WARNING",
        "DEBUG": "0",
        "N_PEOPLE": str(N_PEOPLE),
    }


def _run(command: list[str], app: Path, environment: dict[str, str],
         lines: str = "") -> str:  # fmt: skip
    done = subprocess.run(
        command, cwd=app, env=environment, input=lines, text=True, capture_output=True
    )
    if done.returncode:
        raise RuntimeError(f"{command[1:3]} failed: {done.stderr[-600:]}")
    return done.stdout


def _uwsgi(venv: Path, app: Path, port: int) -> list[str]:
    """The knobs of its own deploy/uwsgi.ini, on the loopback interface."""
    options = {
        "http": f"127.0.0.1:{port}",
        "module": "core.wsgi:application",
        "processes": str(2 * (os.cpu_count() or 1)),
        "threads": "1",
        "buffer-size": "65535",
        "http-timeout": "300",
        "harakiri": "120",
        "post-buffering": "4096",
        "max-requests": "5000",
        "reload-on-rss": "2048",
        "worker-reload-mercy": "300",
        "static-map": f"/static={app}/core/static_build",
    }
    flags = ("master", "single-interpreter", "vacuum", "die-on-term", "need-app",
             "ignore-sigpipe", "disable-logging", "enable-threads", "thunder-lock",
             "lazy-apps")  # fmt: skip
    command = [str(venv / "bin" / "uwsgi")]
    command += [f"--{name}={value}" for name, value in options.items()]
    return command + [f"--{flag}" for flag in flags]


def make_project(admin: Client, title: str) -> int:
    choices = "".join(f"<Choice value='{name}'/>" for name in corpus.INTENTS)
    labels = "".join(f"<Label value='{name}'/>" for name in corpus.PARAMETERS)
    body = {
        "title": title,
        "maximum_annotations": 1,
        "label_config": "<View><Text name='text' value='$text'/>"
        f"<Choices name='intent' toName='text' choice='single'>{choices}</Choices>"
        f"<Labels name='param' toName='text'>{labels}</Labels></View>",
    }
    made = admin.post("/api/projects", json.dumps(body).encode(), JSON)
    return _json(made)["id"]


def take_in(admin: Client, project: int, n: int, *, guesses: bool) -> float:
    """Seconds that the import of n utterances took, with a guess each or without."""
    tasks = [_task(line, guesses) for line in corpus.lines(n)]
    step = PREDICTIONS_PER_REQUEST if guesses else n
    began = time.perf_counter()
    for at in range(0, n, step):
        body = json.dumps(tasks[at : at + step]).encode()
        _json(admin.post(f"/api/projects/{project}/import", body, JSON))
    seconds = time.perf_counter() - began
    stored = _json(admin.get(f"/api/projects/{project}"))["task_number"]
    if stored != n:
        raise HttpError(f"Label Studio stored {stored} of {n}.")
    return seconds


def _task(line: corpus.Line, guesses: bool) -> dict[str, Any]:
    task: dict[str, Any] = {"data": {"text": line.text}}
    if guesses:
        result = _result(line.text, line.start, line.end, line.param, line.intent)
        # Its score is a confidence: the lowest is asked first.
        task["predictions"] = [
            {"model_version": "v1", "score": 1 - line.score, "result": result}
        ]
    return task


def measure(
    root: Path, n_utterances: int, counts: Sequence[int], seconds: float
) -> list[dict[str, Any]]:
    """The same runs as ours, in both orders, and what the import took."""
    rows = []
    with running(root) as app:
        admin = app.client(0)
        for order in ("sequential", "uncertainty"):
            project = make_project(admin, order)
            guesses = order == "uncertainty"
            took = take_in(admin, project, n_utterances, guesses=guesses)
            rows.append(_import_row(n_utterances, took, guesses))
            if guesses:
                change = {"sampling": "Uncertainty sampling", "model_version": "v1"}
                _patch(admin, f"/api/projects/{project}", change)
            people = [Person(app.client(n), project) for n in range(1, N_PEOPLE)]
            load.closed_loop(people, WARM_UP_SECONDS)
            for count in counts:
                rows.append(
                    {
                        "order": order,
                        "utterances": n_utterances,
                        **_loop(app, people[:count], seconds),
                    }
                )
    return rows


def _patch(admin: Client, path: str, change: dict[str, str]) -> None:
    _json(admin.patch(path, json.dumps(change).encode(), JSON))


def _import_row(n: int, seconds: float, guesses: bool) -> dict[str, Any]:
    row = {
        "app": f"Label Studio {VERSION}",
        "what": "import",
        "guesses": guesses,
        "utterances": n,
        "seconds": round(seconds, 1),
        "per_s": round(n / seconds),
    }
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row


def _loop(app: Running, people: Sequence[Person], seconds: float) -> dict[str, Any]:
    speed = [machine.speed_check()]
    tally, cost = machine.measured(
        lambda: load.closed_loop(people, seconds),
        server=[app.server],
        postgres=[app.postgres],
    )
    row = {
        "app": f"Label Studio {VERSION}",
        "what": "loop",
        "annotators": len(people),
        **tally.as_dict(),
        "cpu": cost.as_dict(len(tally.items)),
        "speed_check_ms": [*speed, machine.speed_check()],
    }
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--peer-root", type=Path, default=Path("/tmp/peers"))
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    parser.add_argument("--serve", action="store_true", help="only start it, and wait")
    options = parser.parse_args()
    if options.serve:
        with running(options.peer_root) as app:
            print(
                f"{app.url} is up, token {app.tokens[0]}; Ctrl-C stops it", flush=True
            )
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
        return
    rows = measure(options.peer_root, options.utterances, (1, 8), options.seconds)
    conditions = machine.conditions()
    drawn = report.labeling_table(rows), report.import_lines(rows)
    if options.write:
        report.write("label-studio", report.taken(conditions), *drawn)
    print(json.dumps({"conditions": conditions, "rows": rows}))


if __name__ == "__main__":
    main()
