"""Where a label's time goes below HTTP: claim and submit in this process.

.venv/bin/python -m benchmarks.service_profile [--labels 1000] [--profile]
"""

import argparse
import cProfile
import pstats
import time
import uuid

from benchmarks import corpus, machine, stack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=int, default=5000)
    parser.add_argument("--labels", type=int, default=1000)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with stack.database() as postgres:
        from benchmarks import fill

        fill.everything(options.utterances)
        fill.queue(options.utterances, order="uncertainty")
        print_queries()
        label(50)
        profile = cProfile.Profile()
        if options.profile:
            profile.enable()
        cpu, began = time.process_time(), time.perf_counter()
        database = machine.tree_cpu_seconds([postgres])
        label(options.labels)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - began
        profile.disable()
        database = machine.tree_cpu_seconds([postgres]) - database
        each = 1000 / options.labels
        print(
            f"{options.labels} labels: wall {wall * each:.2f} ms, Python CPU"
            f" {cpu * each:.2f} ms, PostgreSQL CPU {database * each:.2f} ms each;"
            f" load {machine.conditions()['load_1_min']}"
        )
        if options.profile:
            pstats.Stats(profile).sort_stats("cumulative").print_stats(45)


def label(n: int) -> None:
    """n times: claim, show, submit an intent and a span."""
    from annotations.models import User
    from annotations.services import desk, labels, queue

    by = User.objects.get(username="annotator-0")
    for _ in range(n):
        item = queue.claim_next(by=by)
        assert item is not None
        desk.present(item)
        span = item.utterance.suggestion.parameters[0]
        answer = labels.Answer(
            uuid=uuid.uuid4(),
            item_id=item.pk,
            intent=corpus.INTENTS[item.pk % len(corpus.INTENTS)],
            spans=(labels.SpanAnswer(**span),),
        )
        labels.submit(by=by, answer=answer)


def print_queries() -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    label(1)
    with CaptureQueriesContext(connection) as captured:
        label(1)
    for number, query in enumerate(captured, 1):
        print(number, " ".join(query["sql"].split())[:200])


if __name__ == "__main__":
    main()
