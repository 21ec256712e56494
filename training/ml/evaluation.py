"""What an evaluation says in full: the JSON of `Evaluation.detail`, as dataclasses.

Pages and reports read it; `examination` and `breakdown` fill it. Shares run from 0 to
1. Every figure comes twice: each utterance once (`value`), and each as often as it was
called (`by_calls`), both with the 95 % interval of a bootstrap by conversation. Texts
are never in it: examples are the keys of utterances.

    {"format": 1,
     "about": {"items", "calls", "conversations", "repeats", "seed", "level",
               "marks_unknown"},
     "figures": [{"name", "title", "unit", "better", "n", "value", "interval",
                  "by_calls", "by_calls_interval", "baseline", "target"}],
     "slices": {"domain" | "intent" | "source" | "speech": [
         {"name", "n", "calls", "conversations", "accuracy": {measure},
          "parameter_exact": {measure} | null, "precision" | null, "f1" | null}]},
     "parameters": [{"intent", "parameter", "n", "exact": {measure}}],
     "calibration": [{"low", "high", "n", "confidence", "accuracy", "interval"}],
     "confusions": {"domain" | "intent": [
         {"truth", "predicted", "n", "calls", "share", "examples": [key]}]},
     "tokens": {"counter", "k", "functions"} | null}

{measure}: {"value", "interval", "by_calls", "by_calls_interval"}. `unit` is "share",
"ms" or "tokens"; `better` "higher" or "lower"; `baseline` the plan's range [low, high]
before us or null; `target` the plan's or null. In `slices`, "accuracy" of an intent is
its recall. `share` of a confusion is of all utterances of that truth. Lists are in the
order a page shows them: worst first for slices and parameters, most frequent first for
confusions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

FORMAT = 1
SHARE, MILLISECONDS, TOKENS = "share", "ms", "tokens"
COUNT, DOLLARS = "count", "dollars"
HIGHER, LOWER = "higher", "lower"
CUTS = ("domain", "intent", "source", "speech")

Interval = tuple[float, float]


@dataclass(frozen=True)
class Plan:
    """What a figure is called, and what the plan wants of it."""

    title: str
    unit: str = SHARE
    better: str = HIGHER
    baseline: Interval | None = None
    target: float | None = None


def _(title: str) -> str:
    """Marks a title for translators; the page that shows it has it translated."""
    return title


ACCURACY_TARGET = 0.92
PLAN: Mapping[str, Plan] = {
    "intent_accuracy": Plan(
        _("Intent accuracy"), baseline=(0.78, 0.78), target=ACCURACY_TARGET
    ),
    "macro_f1": Plan(_("Macro-F1"), baseline=(0.74, 0.74), target=0.91),
    "top3": Plan(_("Intent among the first three")),
    "in_scope_accuracy": Plan(_("Intent accuracy in scope")),
    "oos_recall_at_95": Plan(_("Out of scope found, 95 % in scope kept")),
    "parameter_exact": Plan(_("Parameters exact"), baseline=(0.70, 0.80), target=0.95),
    "utterance_exact": Plan(_("All parameters of an utterance exact")),
    "utterance_exact_marked": Plan(_("The same, of utterances that have any")),
    "frame": Plan(_("Intent and all parameters exact")),
    "act_accuracy": Plan(_("What a turn does in its conversation")),
    "ece": Plan(_("Calibration error"), better=LOWER),
    "latency_p50_ms": Plan(_("A turn takes (p50)"), MILLISECONDS, LOWER),
    "latency_p95_ms": Plan(_("A turn takes (p95)"), MILLISECONDS, LOWER, target=400.0),
    "tokens_full": Plan(_("Prompt tokens, every function offered"), TOKENS, LOWER),
    "tokens_top_k": Plan(_("Prompt tokens, likely functions offered"), TOKENS, LOWER),
    "token_reduction": Plan(_("Prompt tokens saved"), target=0.20),
    "right_function_offered": Plan(_("The right function among those offered")),
    # What the plan wants beyond a model: no evaluation has these.
    "containment": Plan(
        _("Calls the bot ends alone"), baseline=(0.40, 0.45), target=0.65
    ),
    # The plan can be read as down to $2.85-$3.10 or down by as much; this is the first.
    "call_cost": Plan(_("A call costs"), DOLLARS, LOWER, (4.75, 4.75), target=3.10),
    "gold_labels": Plan(_("Labeled utterances"), COUNT, target=150_000.0),
    "domains": Plan(_("Service domains in use"), COUNT, target=12.0),
    "functions": Plan(_("Functions with a live schema"), COUNT, target=300.0),
}


@dataclass(frozen=True)
class Measure:
    """A value and its interval: by utterance and by call. None: cannot be told."""

    value: float | None
    interval: Interval | None = None
    by_calls: float | None = None
    by_calls_interval: Interval | None = None


@dataclass(frozen=True)
class Figure:
    """One line of the report, beside the plan's. n: what it was measured on."""

    name: str
    n: int
    value: float | None
    interval: Interval | None
    by_calls: float | None
    by_calls_interval: Interval | None
    title: str
    unit: str
    better: str
    baseline: Interval | None
    target: float | None

    @classmethod
    def of(cls, name: str, n: int, measure: Measure) -> Figure:
        return cls(name, n, **asdict(measure), **asdict(PLAN[name]))


@dataclass(frozen=True)
class Slice:
    """How one domain, intent, source or band of speech quality fares."""

    name: str
    n: int
    calls: float
    conversations: int
    accuracy: Measure
    parameter_exact: Measure | None = None
    precision: float | None = None
    f1: float | None = None


@dataclass(frozen=True)
class ParameterLine:
    """Of n utterances of `intent` that say `parameter`, how many got it exactly."""

    intent: str
    parameter: str
    n: int
    exact: Measure


@dataclass(frozen=True)
class Bin:
    """Answers of like confidence (low, high], and how often they were right."""

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None
    interval: Interval | None


@dataclass(frozen=True)
class Confusion:
    """`truth` taken for `predicted`, n times."""

    truth: str
    predicted: str
    n: int
    calls: float
    share: float
    examples: tuple[int | str, ...] = ()


@dataclass(frozen=True)
class Detail:
    """All of it."""

    about: Mapping[str, Any]
    figures: tuple[Figure, ...]
    slices: Mapping[str, tuple[Slice, ...]]
    parameters: tuple[ParameterLine, ...]
    calibration: tuple[Bin, ...]
    confusions: Mapping[str, tuple[Confusion, ...]]
    tokens: Mapping[str, Any] | None = None
    format: int = field(default=FORMAT)

    def figure(self, name: str) -> Figure | None:
        return next((one for one in self.figures if one.name == name), None)

    def as_json(self) -> dict[str, Any]:
        said = _rounded(asdict(self))
        assert isinstance(said, dict)
        return said

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Detail:
        """Raises ValueError for a format this code does not read."""
        if stored.get("format") != FORMAT:
            raise ValueError(
                f"an evaluation has format {stored.get('format')!r}; "
                f"this code reads {FORMAT}"
            )
        return cls(
            about=stored["about"],
            figures=tuple(Figure(**one) for one in _tuples(stored["figures"])),
            slices={
                cut: tuple(_slice(one) for one in _tuples(found))
                for cut, found in stored["slices"].items()
            },
            parameters=tuple(
                ParameterLine(**{**one, "exact": Measure(**one["exact"])})
                for one in _tuples(stored["parameters"])
            ),
            calibration=tuple(Bin(**one) for one in _tuples(stored["calibration"])),
            confusions={
                cut: tuple(Confusion(**one) for one in _tuples(found))
                for cut, found in stored["confusions"].items()
            },
            tokens=stored["tokens"],
        )


def _slice(stored: Mapping[str, Any]) -> Slice:
    exact = stored["parameter_exact"]
    return Slice(
        **{
            **stored,
            "accuracy": Measure(**stored["accuracy"]),
            "parameter_exact": Measure(**exact) if exact else None,
        }
    )


def _rounded(value: Any) -> Any:
    """JSON of it, with figures to six places."""
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return round(value, 6) if isinstance(value, float) else value


def _tuples(value: Any) -> Any:
    """What JSON made lists of, as the tuples they were."""
    if isinstance(value, dict):
        return {key: _tuples(one) for key, one in value.items()}
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value
