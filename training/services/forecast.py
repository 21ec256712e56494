"""Forecasts of the labeling: made anew as labels come in, read by the pages."""

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from annotations.locks import Lock
from annotations.models import Intent, Utterance
from annotations.services.alone import alone
from training.models import LearningForecast
from training.services import datasets, heads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.ml.intent_value import Evidence

TARGETS = (0.85, 0.90, 0.92, 0.95)
# A forecast is due after so many labels more than the last one knew, in training or
# exam: a twentieth of them, and no fewer than twenty.
NEWER_SHARE, NEWER = 0.05, 20
AHEAD = (1.1, 1.25, 1.5, 2.0, 3.0, 4.0)  # times the labels there are
# The newest exam utterances tell what callers say now; nobody chose them.
TRAFFIC = 5000


@dataclass(frozen=True)
class Labeled:
    """Gold labels with their vectors, the one resolved first in front.

    groups: the conversation of each, its own where it is of none.
    """

    intents: list[str]
    vectors: "NDArray[Any]"
    groups: list[str]

    def __len__(self) -> int:
        return len(self.intents)


def latest() -> LearningForecast | None:
    """The newest forecast; None before the first."""
    return LearningForecast.objects.first()


def labels_to(accuracy: float, found: LearningForecast) -> dict[str, Any] | None:
    """The row of `targets` about this accuracy."""
    rows = (row for row in found.targets if abs(row["accuracy"] - accuracy) < 1e-9)
    return next(rows, None)


def is_due() -> bool:
    """Whether labels enough came in since the last forecast, or for a first one."""
    from training.ml import forecast, prefixes

    n_labels = _gold(Utterance.Split.TRAIN).count()
    n_exam = _gold(Utterance.Split.EXAM).count()
    if not prefixes.sizes(n_labels) or n_exam < forecast.MIN_ITEMS:
        return False
    last = latest()
    return last is None or any(
        now - before >= max(NEWER, NEWER_SHARE * before)
        for now, before in ((n_labels, last.n_labels), (n_exam, last.n_exam))
    )


def refresh() -> LearningForecast | None:
    """Make and keep a forecast.

    None where another process is at it, or too few labels have a vector yet.
    """
    with alone(Lock.FORECAST) as is_ours:
        return _made() if is_ours else None


def _made() -> LearningForecast | None:
    import numpy as np

    from training.ml import forecast, prefixes

    started = time.perf_counter()
    head = heads.current()
    if head is None:
        return None
    train = _labeled(Utterance.Split.TRAIN, head.encoder)
    exam = _labeled(Utterance.Split.EXAM, head.encoder)
    sizes = prefixes.sizes(len(train))
    if not sizes or len(exam) < forecast.MIN_ITEMS:
        return None
    answers = prefixes.answers(train.vectors, train.intents, exam.vectors, sizes)
    hits = np.stack([a == np.asarray(exam.intents, dtype=object) for a in answers])
    rng = np.random.default_rng(len(train))
    curve = forecast.Curve(sizes, hits, rng, groups=exam.groups)
    return LearningForecast.objects.create(
        model_name=head.name,
        n_labels=len(train),
        n_exam=len(exam),
        curve=_curve(curve),
        targets=[asdict(curve.target(accuracy)) for accuracy in TARGETS],
        stop=asdict(forecast.stop_signal(curve, TARGETS[2])),
        intents=_intents(head, train, exam, hits[-1]),
        seconds=round(time.perf_counter() - started, 3),
    )


def _curve(curve: Any) -> dict[str, Any]:
    n_labels = int(curve.labels[-1])
    ahead = [round(n_labels * factor) for factor in AHEAD]
    return {
        "measured": [asdict(band) for band in curve.measured()],
        "ahead": [asdict(band) for band in curve.ahead(ahead)],
        "law": curve.law._asdict(),
    }


def _intents(
    head: heads.StoredHead, train: Labeled, exam: Labeled, hits: "NDArray[Any]"
) -> list[dict[str, Any]]:
    """What more labels of each intent in use would add, the most worthwhile first."""
    from training.ml import intent_value

    names = list(Intent.objects.filter(is_active=True).values_list("name", flat=True))
    evidence = _evidence(names, head, train, exam, hits)
    found = intent_value.values(evidence)
    return [
        {
            "intent": names[i],
            "labels": int(evidence.labels[i]),
            "exam": int(evidence.trials[i]),
            "share": round(float(evidence.share[i]), 6),
            **asdict(found[i]),
        }
        for i in intent_value.order_by_gain(found)
    ]


def _evidence(
    names: list[str],
    head: heads.StoredHead,
    train: Labeled,
    exam: Labeled,
    hits: "NDArray[Any]",
) -> "Evidence":
    import numpy as np

    from training.ml import intent_value

    place = {name: row for row, name in enumerate(names)}
    labels, trials, errors = np.zeros((3, len(names)), dtype=np.int64)
    np.add.at(labels, [place[name] for name in train.intents], 1)
    truth = [place[name] for name in exam.intents]
    np.add.at(trials, truth, 1)
    np.add.at(errors, truth, (~hits).astype(np.int64))
    shares = intent_value.shares(trials, _predicted(place, head))
    return intent_value.Evidence(labels, trials, errors, shares)


def _predicted(place: dict[str, int], head: heads.StoredHead) -> "NDArray[Any]":
    """How much of the newest traffic the head takes for each intent."""
    import numpy as np

    from training import embeddings

    newest = Utterance.objects.in_pool().for_exam().order_by("-pk")[:TRAFFIC]
    counts = dict(newest.values_list("pk", "count"))
    ids, vectors = embeddings.read(head.encoder, sorted(counts))
    out = np.zeros(len(place))
    if len(ids):
        for i, intent in zip(ids, head.model.predict(vectors).top(1), strict=True):
            if intent[0][0] in place:
                out[place[intent[0][0]]] += counts[int(i)]
    return out


def _labeled(split: str, encoder: str) -> Labeled:
    import numpy as np

    from training import embeddings

    gold = list(
        _gold(split)
        .order_by("resolved_at", "utterance_id")
        .values_list("utterance_id", "intent__name", "utterance__conversation")
    )
    ids, vectors = embeddings.read(encoder, [pk for pk, *_ in gold])
    row_of = {int(pk): row for row, pk in enumerate(ids)}
    known = [one for one in gold if one[0] in row_of]
    rows = np.array([row_of[pk] for pk, *_ in known], dtype=np.intp)
    groups = [f"c{call}" if call else f"u{pk}" for pk, _, call in known]
    return Labeled([name for _, name, _ in known], vectors[rows], groups)


def _gold(split: str) -> Any:
    return datasets.gold().filter(utterance__split=split)
