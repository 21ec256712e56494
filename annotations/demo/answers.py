"""How demo annotators answer: mostly what was meant, sometimes a look-alike."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotations.demo.catalogue import DemoCatalogue, DemoParameter
from annotations.demo.dice import Dice
from annotations.functions import dialogue, readings, schema
from annotations.intake.redaction.entities import PLACEHOLDER


@dataclass(frozen=True)
class Mark:
    """A parameter's place in the redacted text: code points, half-open."""

    start: int
    end: int
    param: str
    text: str
    value: str


@dataclass(frozen=True)
class DemoAnswer:
    intent: str
    marks: tuple[Mark, ...]
    not_spoken: tuple[str, ...]
    shown_ms: int


def answer(
    record: Mapping[str, Any],
    redacted: str,
    *,
    error_rate: float,
    dice: Dice,
    catalogue: DemoCatalogue,
) -> DemoAnswer:
    """What a person with this error rate says of the record, seeing it redacted."""
    truth = catalogue.by_name[record["intent"]]
    intent = truth
    if truth.confusable and dice.chance(error_rate):
        intent = catalogue.by_name[dice.pick(truth.confusable)]
    known = intent.parameters or {}
    marks = tuple(
        mark
        for mark in place(record["text"], redacted, record["spans"])
        if mark.param in known and is_fit(catalogue.parameters[mark.param], mark.value)
    )
    marked = {mark.param for mark in marks}
    return DemoAnswer(
        intent=intent.name,
        marks=marks,
        not_spoken=tuple(name for name in intent.required if name not in marked),
        shown_ms=1400 + 28 * len(redacted) + dice.between(0, 5200),
    )


def is_fit(parameter: DemoParameter, value: str) -> bool:
    """Whether a person may submit the value: a placeholder that tore a number may not
    leave one that the schema takes.
    """
    document = {
        "type": "object",
        "additionalProperties": False,
        "properties": {parameter.name: parameter.rule},
    }
    node = schema.build(document).properties[parameter.name]
    return not readings.read(node, value, None).problem


def acts(
    records: Sequence[Mapping[str, Any]], catalogue: DemoCatalogue
) -> dict[tuple[str, int], str]:
    """What each turn does, by conversation and turn, as people would say it."""
    found: dict[tuple[str, int], str] = {}
    opened: dict[str, str] = {}
    for record in sorted(records, key=lambda r: (r["conversation_id"], r["turn"])):
        call, intent = record["conversation_id"], record["intent"]
        usual = catalogue.by_name[intent].usual_act
        act = dialogue.default_act(intent, usual, opened.get(call, ""))
        found[call, record["turn"]] = act
        if act == dialogue.NEW:
            opened[call] = intent
        elif act == dialogue.CLOSES:
            opened.pop(call, None)
    return found


def place(raw: str, redacted: str, spans: Sequence[Mapping[str, Any]]) -> list[Mark]:
    """The spans of the raw text, found again in the redacted one.

    A span touched by a placeholder covers it whole and takes it as its value. Spans
    that cannot be found, and the later of two that came to overlap, are left out.
    """
    replaced = _replaced(raw, redacted)
    if replaced is None:
        return []
    marks: list[Mark] = []
    for span in sorted(spans, key=lambda span: span["start"]):
        start = _moved(span["start"], replaced, at_end=False)
        end = _moved(span["end"], replaced, at_end=True)
        if start >= end or (marks and start < marks[-1].end):
            continue
        text = redacted[start:end]
        value = text if PLACEHOLDER.search(text) else span["value"]
        marks.append(Mark(start, end, span["param"], text, value))
    return marks


def _replaced(raw: str, redacted: str) -> list[tuple[int, int, int, int]] | None:
    """Where placeholders stand and what they replaced: (raw start, end, start, end).

    None where the texts differ by more than placeholders.
    """
    if raw == redacted:
        return []
    held = list(PLACEHOLDER.finditer(redacted))
    literals = PLACEHOLDER.sub("\0", redacted).split("\0")
    pattern = "(.+?)".join(re.escape(literal) for literal in literals)
    match = re.fullmatch(pattern, raw, re.DOTALL)
    if match is None:
        return None
    return [
        (*match.span(number), *found.span())
        for number, found in enumerate(held, start=1)
    ]


def _moved(
    position: int, replaced: Sequence[tuple[int, int, int, int]], *, at_end: bool
) -> int:
    shift = 0
    for raw_start, raw_end, start, end in replaced:
        if position < raw_start or (at_end and position == raw_start):
            break
        if position < raw_end or (at_end and position == raw_end):
            return end if at_end else start
        shift = end - raw_end
    return position + shift
