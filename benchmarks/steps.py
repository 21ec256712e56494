"""Steps of fine-tuning on a CPU, each as a round of that many labels has them.

    .venv/bin/python -m benchmarks.steps [--steps 20] [--threads 1 2]

Batches of generated calls, the packaged encoder, float32 or bfloat16 as the processor
has it. A row a number of threads: wall and CPU seconds a step (the first two left out)
and tokens. On a busy machine only the CPU seconds tell something.
"""

import argparse
import json
import time
from collections.abc import Iterator
from typing import Any

from benchmarks import machine

WARM_UP = 2
BATCH_SIZE = 32


def rows(n: int) -> Any:
    """Distinct labeled utterances of generated calls."""
    from annotations.demo.calls import generate_records
    from training.ml.data import Dataset, Example, Span

    found: dict[str, Any] = {}
    for record in generate_records(10 * n, 1):
        if record["source"] == "expert" or not record["intent"] or len(found) == n:
            continue
        spans = tuple(
            Span(one["start"], one["end"], one["param"], one["value"])
            for one in record["spans"]
        )
        found[record["text"]] = Example(record["text"], record["intent"], spans)
    return Dataset(tuple(found.values()))


def steps(n: int, threads: list[int]) -> Iterator[dict[str, Any]]:
    """One row a number of threads."""
    from training.ml import bio, finetune, joint, reproducible
    from training.ml.encoder import model_folder
    from training.ml.hooks import Hooks
    from training.ml.targets import prepare
    from training.ml.tokens import TextEncoder

    data, base = rows(BATCH_SIZE * (n + WARM_UP)), model_folder()
    tag_set = bio.TagSet(tuple(sorted({s.param for e in data for s in e.spans})))
    encoder = TextEncoder(base / "tokenizer.json")
    targets = prepare(data, encoder, data.intents, tag_set, 0)
    config = finetune.FinetuneConfig(epochs=1, batch_size=BATCH_SIZE)
    for count in threads:
        clocks: list[tuple[float, float]] = []

        def told(_: object, clocks: list[tuple[float, float]] = clocks) -> None:
            clocks.append((time.perf_counter(), time.process_time()))

        model = joint.fresh_model(base, len(data.intents), tag_set.size, seed=0)
        with reproducible.torch_threads(count):
            hooks = Hooks(on_progress=told, every_steps=1)
            finetune.finetune(model, targets, config, hooks=hooks, device="cpu")
        (wall, cpu), (wall_end, cpu_end) = clocks[WARM_UP - 1], clocks[-1]
        yield {
            "threads": count,
            "steps": n,
            "tokens": round(sum(map(len, targets.encoded)) / (n + WARM_UP)),
            "wall_s": round((wall_end - wall) / n, 3),
            "cpu_s": round((cpu_end - cpu) / n, 3),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    asked = parser.parse_args()
    for row in steps(asked.steps, asked.threads):
        print(json.dumps(row), flush=True)
    print(json.dumps({"machine": machine.conditions()}))


if __name__ == "__main__":
    main()
