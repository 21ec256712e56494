"""What approving a version would do, before anybody approves it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median

from annotations.functions import diff, witness
from annotations.functions.diff import Change
from annotations.functions.migration import (
    Fate,
    LabelParameters,
    MarkedParameter,
    Migrated,
    migrate,
)
from annotations.functions.schema import Node, read
from annotations.functions.witness import Witness
from annotations.language import translated
from annotations.models import Annotation, GoldLabel, SchemaVersion
from annotations.services.schemas import live_of

# How many of the newest timed answers say how long a label takes.
PACE_SAMPLE = 500


@dataclass(frozen=True)
class Pace:
    """Median seconds from showing an item to its answer, and of how many answers."""

    seconds: float
    n: int


@dataclass(frozen=True)
class ShownChange:
    change: Change
    witness: Witness | None


@dataclass(frozen=True)
class Impact:
    """The version beside the live one. Without a live one nothing is affected."""

    live: SchemaVersion | None
    changes: tuple[ShownChange, ...]
    unchanged: int
    migrated: int
    revisit: int
    reasons: tuple[tuple[str, int], ...]  # why labels must be revisited, most first
    pace: Pace | None

    @property
    def is_backward(self) -> bool:
        return not any(shown.change.breaks_backward for shown in self.changes)

    @property
    def is_forward(self) -> bool:
        return not any(shown.change.breaks_forward for shown in self.changes)

    @cached_property
    def minutes(self) -> int | None:
        """Estimated minutes of relabeling; None where no pace was measured yet."""
        if not self.revisit:
            return 0
        return round(self.revisit * self.pace.seconds / 60) if self.pace else None


def of(version: SchemaVersion) -> Impact:
    """Compare with the live version and walk the function's gold labels."""
    live = live_of(version.function)
    if live is None or live.pk == version.pk:
        return Impact(None, (), 0, 0, 0, (), None)
    before, after = read(live.canonical), read(version.canonical)
    fates: Counter[Fate] = Counter()
    reasons: Counter[str] = Counter()
    for _, moved in moves(version, before, after):
        fates[moved.fate] += 1
        reasons.update(moved.reasons)
    return Impact(
        live=live,
        changes=tuple(
            ShownChange(change, witness.for_change(before, after, change))
            for change in changes(before, after)
        ),
        unchanged=fates[Fate.UNCHANGED],
        migrated=fates[Fate.MIGRATED],
        revisit=fates[Fate.REVISIT],
        reasons=tuple((translated(why), n) for why, n in reasons.most_common(8)),
        pace=pace(),
    )


def changes(before: Node, after: Node) -> list[Change]:
    """What differs, each difference told in the language of the page."""
    return [
        replace(change, sentence=translated(change.sentence))
        for change in diff.diff(before, after)
    ]


def moves(
    version: SchemaVersion,
    before: Node,
    after: Node,
    *,
    after_utterance: int = 0,
) -> Iterator[tuple[GoldLabel, Migrated]]:
    """Each gold label of the function's intent, in order, and what becomes of it."""
    labels = (
        GoldLabel.objects.filter(
            intent=version.function.intent_id, utterance__gt=after_utterance
        )
        .select_related("annotation", "utterance")
        .prefetch_related("annotation__spans")
        .order_by("utterance")
    )
    for label in labels.iterator(chunk_size=1000):
        yield (
            label,
            migrate(parameters_of(label.annotation), before, after, version.renames),
        )


def parameters_of(annotation: Annotation) -> LabelParameters:
    return LabelParameters(
        marked=tuple(
            MarkedParameter(s.param, s.start, s.end, s.text, s.value, s.turn)
            for s in annotation.spans.all()
        ),
        not_spoken=tuple(annotation.not_spoken),
    )


def pace() -> Pace | None:
    """How long people take for a label, from the newest timed answers."""
    timed = Annotation.objects.filter(
        kind=Annotation.Kind.LABEL, shown_ms__isnull=False
    ).order_by("-created_at")
    sample = list(timed.values_list("shown_ms", flat=True)[:PACE_SAMPLE])
    return Pace(median(sample) / 1000, len(sample)) if sample else None
