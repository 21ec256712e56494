"""How fast the fast loop is: the scoring kernel, a whole re-ranking, the encoder.

`python -m benchmarks.ranking kernel`: our blocked margin beside the bare matrix
product and modAL's own functions; where the processor has AMX, the margin of a pool in
bfloat16 beside that product, too. `rerank`: from 100,000 embedded utterances to a
full queue with suggestions. `embed`: utterances a second.
"""

import argparse
import json
import sys
import time
import uuid
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine

DIMENSION = 384
TOP = 100
KINDS = 150
WORKERS = 2
SIZES = ((100_000, 77), (100_000, 150), (1_000_000, 77), (1_000_000, 150))


def kernel(most_rows: int, repeats: int) -> list[dict[str, Any]]:
    """Seconds, best of `repeats`, and the ratio to the product, one row a size."""
    return [_kernel_at(n, k, repeats) for n, k in SIZES if n <= most_rows]


def halves(most_rows: int, repeats: int) -> list[dict[str, Any]]:
    """The same of a pool in bfloat16, one row a size; none where AMX is missing."""
    from training.ml import half_margin

    if not half_margin.is_fast_here():
        return []
    return [_halves_at(n, k, repeats) for n, k in SIZES if n <= most_rows]


def _halves_at(n: int, k: int, repeats: int) -> dict[str, Any]:
    import torch

    from training.ml import acquisition, half_margin

    pool, head = _pool_and_head(n, k)
    bits = half_margin.halved(pool)
    rows = torch.from_numpy(bits.view(np.int16)).view(torch.bfloat16)
    coef = torch.from_numpy(head.coef.T.copy()).bfloat16()
    torch.set_num_threads(WORKERS)
    wall, cpu = _best(
        {
            "product": lambda: rows @ coef,
            "half_margin": lambda: half_margin.half_margin(head, bits, workers=WORKERS),
            "float32_product": lambda: pool @ head.coef.T,
        },
        repeats,
    )
    gaps = half_margin.half_margin(head, bits, workers=WORKERS)
    exact = acquisition.most_uncertain_by_margin(head, pool, TOP, workers=WORKERS)
    nearest = np.argpartition(gaps, 10 * TOP)[: 10 * TOP]
    return {
        "rows": n,
        "intents": k,
        "wall_s": {name: round(value, 4) for name, value in wall.items()},
        "cpu_s": {name: round(value, 4) for name, value in cpu.items()},
        "wall_ratio": _to_product(wall),
        "top_100_among_nearest_1000": len(set(exact.tolist()) & set(nearest.tolist())),
        "pool_mb": round(bits.nbytes / 1e6),
    }


def _pool_and_head(n: int, k: int) -> tuple[Any, Any]:
    from training.ml.linear_head import LinearHead

    rng = np.random.default_rng(0)
    pool = rng.standard_normal((n, DIMENSION), dtype=np.float32)
    pool /= np.linalg.norm(pool, axis=1, keepdims=True)
    coef = rng.standard_normal((k, DIMENSION), dtype=np.float32) * 3
    return pool, LinearHead(tuple(map(str, range(k))), coef, np.zeros(k, np.float32))


def _kernel_at(n: int, k: int, repeats: int) -> dict[str, Any]:
    from modAL.uncertainty import margin_sampling, uncertainty_sampling

    from training.ml import acquisition
    from training.ml.calibration import softmax

    pool, head = _pool_and_head(n, k)

    class Answering:
        def predict_proba(self, x: Any) -> Any:
            return softmax(head.logits(x))

    contestants: dict[str, Callable[[], Any]] = {
        "product": lambda: pool @ head.coef.T,
        "logit_margin": lambda: acquisition.logit_margin(head, pool, workers=WORKERS),
        "top_by_margin": lambda: acquisition.most_uncertain_by_margin(
            head, pool, TOP, workers=WORKERS
        ),
        "modal_margin": lambda: margin_sampling(Answering(), pool, n_instances=TOP),
        "modal_uncertainty": lambda: uncertainty_sampling(
            Answering(), pool, n_instances=TOP
        ),
    }
    wall, cpu = _best(contestants, repeats)
    theirs, _ = margin_sampling(Answering(), pool, n_instances=TOP)
    ours = acquisition.most_uncertain_by_margin(head, pool, TOP, workers=WORKERS)
    return {
        "rows": n,
        "intents": k,
        "wall_s": {name: round(value, 4) for name, value in wall.items()},
        "cpu_s": {name: round(value, 4) for name, value in cpu.items()},
        "wall_ratio": _to_product(wall),
        "cpu_ratio": _to_product(cpu),
        "same_of_top_100": len(set(ours.tolist()) & set(theirs.tolist())),
    }


def rerank(n_pool: int, n_gold: int) -> dict[str, Any]:
    """Two rankings with all vectors in PostgreSQL: the first also writes the file."""
    from benchmarks.stack import database

    with database():
        from annotations.models import Utterance
        from benchmarks import fill
        from training import embeddings
        from training.services import ranking

        fill.everything(n_pool + n_gold)
        _label(n_gold)
        encoder = _Scattered()
        started = time.perf_counter()
        embeddings.embed_missing(encoder, lambda done, total: True)
        stored = time.perf_counter() - started
        runs = []
        for reason in ("first", "again", "again"):
            started, cpu = time.perf_counter(), time.process_time()
            found = ranking.rank(reason=reason, encoder=encoder)
            assert found is not None
            runs.append(
                {
                    "wall_s": round(time.perf_counter() - started, 2),
                    "cpu_s": round(time.process_time() - cpu, 2),
                    "queued": found.n_queued,
                    "steps": found.progress,
                }
            )
        pool = Utterance.objects.in_pool().count()
    return {"pool": pool, "gold": n_gold, "store_s": round(stored, 2), "runs": runs}


class _Scattered:
    """Vectors around as many middles as there are intents, without a model."""

    name = "scattered"
    dimension = DIMENSION

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)
        self._middles = self._rng.standard_normal((KINDS, DIMENSION), dtype=np.float32)

    def encode(self, texts: Sequence[str], progress: Any = None) -> Any:
        kinds = np.array([_kind(text) for text in texts])
        noise = self._rng.standard_normal((len(texts), DIMENSION), dtype=np.float32)
        x = self._middles[kinds] + 1.5 * noise
        return x / np.linalg.norm(x, axis=1, keepdims=True)


def _kind(text: str) -> int:
    return zlib.crc32(text.encode()) % KINDS


def _label(n_gold: int) -> None:
    """Gold labels for the first utterances, as the labels service leaves them."""
    from annotations.models import Annotation, GoldLabel, Intent, User, Utterance

    intents = list(Intent.objects.all())
    ana = User.objects.get(username="annotator-0")
    chosen = list(Utterance.objects.in_pool().for_training().order_by("id")[:n_gold])
    answers = [
        Annotation(
            id=uuid.uuid4(),
            kind="label",
            utterance=utterance,
            annotator=ana,
            intent=intents[_kind(utterance.text) % len(intents)],
            body_hash="0" * 64,
        )
        for utterance in chosen
    ]
    Annotation.objects.bulk_create(answers, batch_size=2000)
    GoldLabel.objects.bulk_create(
        [
            GoldLabel(
                utterance=a.utterance, annotation=a, intent=a.intent, rule="single"
            )
            for a in answers
        ],
        batch_size=2000,
    )
    Utterance.objects.filter(pk__in=[u.pk for u in chosen]).update(status="labeled")


def embed(n: int, folder: Path) -> dict[str, Any]:
    """Utterances a second of both encoders, and how near they are to each other."""
    from benchmarks import corpus
    from training.ml.encoder import SentenceEncoder
    from training.ml.encoder_onnx import OnnxEncoder

    texts = [line.text for line in corpus.lines(n)]
    figures, vectors = {}, {}
    for name, encoder in (
        ("onnx_int8", OnnxEncoder(folder)),
        ("sentence_transformers", SentenceEncoder("cpu")),
    ):
        encoder.encode(texts[:64])
        started, cpu = time.perf_counter(), time.process_time()
        vectors[name] = encoder.encode(texts)
        figures[name] = {
            "per_second": round(n / (time.perf_counter() - started)),
            "per_cpu_second": round(n / (time.process_time() - cpu)),
        }
    cosine = (vectors["onnx_int8"] * vectors["sentence_transformers"]).sum(axis=1)
    nearness = {
        "mean": round(float(cosine.mean()), 4),
        "min": round(float(cosine.min()), 4),
    }
    return {"texts": n, **figures, "cosine": nearness}


def _best(
    contestants: dict[str, Callable[[], Any]], repeats: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Least wall and CPU seconds of each; they take turns, so that noise is shared."""
    wall = dict.fromkeys(contestants, float("inf"))
    cpu = dict.fromkeys(contestants, float("inf"))
    for _ in range(repeats):
        for name, run in contestants.items():
            started, used = time.perf_counter(), time.process_time()
            run()
            wall[name] = min(wall[name], time.perf_counter() - started)
            cpu[name] = min(cpu[name], time.process_time() - used)
    return wall, cpu


def _to_product(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(s / seconds["product"], 2) for name, s in seconds.items()}


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("kernel", "rerank", "embed"))
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--gold", type=int, default=5_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path("var/encoders"))
    options = parser.parse_args(argv)
    before = machine.conditions()
    if options.part == "kernel":
        found: Any = {
            "float32": kernel(options.rows, options.repeats),
            "bfloat16": halves(options.rows, options.repeats),
        }
    elif options.part == "rerank":
        found = rerank(options.rows, options.gold)
    else:
        found = embed(min(options.rows, 4096), options.folder)
    print(json.dumps({"conditions": before, options.part: found}, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
