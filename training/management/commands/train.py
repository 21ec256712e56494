"""Request a round, follow it to its end, print how it went."""

import argparse
import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.errors import DomainError
from annotations.services import queue
from training import backends
from training.management import arguments
from training.models import Policy, Round
from training.services import rounds

LOOK_SECONDS = 1.0
WORKER_GRACE_SECONDS = 20.0


class Command(BaseCommand):
    help = "Request a round, follow it to its end and print its outcome."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--iteration", type=int, choices=(1, 2, 3), help="else 1")
        parser.add_argument("--backend", help="else encoder")
        parser.add_argument(
            "--recipe", choices=("head", "finetune"), help="else the policy's choice"
        )
        parser.add_argument("--seed", type=arguments.whole_number, help="else 0")
        parser.add_argument(
            "--replay",
            type=int,
            metavar="ROUND",
            help="train this round's model again beside it and compare the hashes",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["replay"] is not None:
            self._replay(options["replay"], as_json=options["json"])
            return
        try:
            under_way = Round.objects.filter(status__in=Round.WORKING).first()
            found = under_way or self._request(options)
            if under_way is not None:
                self._check_same(under_way, options)
            self._follow(found.pk)
        except DomainError as error:
            raise CommandError(error.message) from error
        outcome = _outcome(rounds.get(found.pk), followed=under_way is not None)
        self.stdout.write(json.dumps(outcome) if options["json"] else _said(outcome))
        if outcome["status"] == Round.Status.FAILED:
            raise CommandError(outcome["error"])

    def _replay(self, round_id: int, *, as_json: bool) -> None:
        from training.services import replay

        try:
            found = replay.replay(round_id, say=self.stderr.write)
        except DomainError as error:
            raise CommandError(error.message) from error
        said = json.dumps(found.as_json()) if as_json else "\n".join(_compared(found))
        self.stdout.write(said)
        if not found.is_same:
            raise CommandError(f"{len(found.differing)} files differ.")

    def _check_same(self, under_way: Round, options: dict[str, Any]) -> None:
        """Raises CommandError where something else was asked for than what runs."""
        runs = _asked_of(under_way)
        other = [
            f"{name} {options[name]} instead of {value}"
            for name, value in runs.items()
            if options[name] not in (None, value)
        ]
        if other:
            raise CommandError(
                f"Round {under_way.pk} is under way, and you asked for "
                f"{', '.join(other)}: nothing was started. Follow it with `train` "
                "alone, or ask again once it has ended or was cancelled."
            )
        self.stderr.write(f"Round {under_way.pk} is under way; following it.")

    def _request(self, options: dict[str, Any]) -> Round:
        backend = options["backend"] or "encoder"
        backends.check(backend)
        policy = Policy.objects.get(iteration=options["iteration"] or 1)
        return rounds.request(
            policy=policy,
            cause="manage.py train",
            by=None,
            backend=backend,
            recipe=options["recipe"],
            seed=options["seed"] or 0,
        )

    def _follow(self, round_id: int) -> None:
        """Wait for a worker's work; do it here where there is no worker."""
        told, waited_since = "", time.monotonic()
        while True:
            found = rounds.get(round_id)
            if not found.is_working:
                return
            now = _now(found)
            if now != told:
                self.stderr.write(now)
                told = now
            is_idle = not rounds.is_held(found)
            waited = time.monotonic() - waited_since
            if is_idle and (
                not queue.worker_alive("gpu") or waited > WORKER_GRACE_SECONDS
            ):
                self._work(round_id)
            time.sleep(LOOK_SECONDS)

    def _work(self, round_id: int) -> None:
        from training.services import execution

        self.stderr.write("No training worker took it; training here.")
        execution.run(round_id, worker="manage.py train")


def _compared(found: Any) -> list[str]:
    """Each file with both hashes, and what is not as it was."""
    lines = [f"Round {found.round}, {found.checkpoint}, data {found.snapshot[:12]}"]
    for name in sorted({*found.stored, *found.replayed}):
        word = "differs" if name in found.differing else "same"
        lines.append(f"{name}: {word}")
        lines.append(f"  stored   {found.stored.get(name, 'none')}")
        lines.append(f"  replayed {found.replayed.get(name, 'none')}")
    lines += [f"Not as it was: {change}." for change in found.changed]
    return lines


def _now(found: Round) -> str:
    progress = found.progress
    if not progress.get("total"):
        return str(found.get_status_display())
    tenth = 10 * progress["done"] // progress["total"]
    return f"{found.get_status_display()}: {progress['step']}, {10 * tenth} %"


def _asked_of(found: Round) -> dict[str, Any]:
    """What was asked of a round, by the name of the option."""
    return {
        "iteration": found.policy.iteration,
        "backend": found.backend,
        "recipe": found.recipe,
        "seed": found.seed,
    }


def _outcome(found: Round, *, followed: bool) -> dict[str, Any]:
    """followed: whether it had been asked for before this command."""
    comparison = found.verdict.get("comparison", {})
    return {
        "round": found.pk,
        "followed": followed,
        **_asked_of(found),
        "status": found.status,
        "checkpoint": found.challenger.name if found.challenger else None,
        "reasons": found.verdict.get("reasons", []),
        "accuracy": comparison.get("challenger_accuracy"),
        "champion_accuracy": comparison.get("champion_accuracy"),
        "exam": comparison.get("n"),
        "error": found.fault,
    }


def _said(outcome: dict[str, Any]) -> str:
    lines = [f"Round {outcome['round']}: {outcome['status']}."]
    if outcome["checkpoint"]:
        lines.append(f"Checkpoint: {outcome['checkpoint']}.")
    return "\n".join([*lines, *outcome["reasons"]])
