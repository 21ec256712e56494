"""One case as the reviewer's page draws it: its turns, and the answers side by side."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from annotations.functions.span_diff import Piece, Span, side_by_side
from annotations.models import OUT_OF_SCOPE, Act, Annotation, GoldLabel, User
from annotations.services import catalogue, turns
from annotations.services.review_queues import Case


@dataclass(frozen=True, order=True)
class Mark:
    """turn: of an earlier turn its place in the context, -1 for the text itself."""

    turn: int
    words: str
    value: str


@dataclass(frozen=True)
class Said:
    """What one answer says of a parameter that at least one of them speaks of."""

    param: str
    marks: tuple[Mark, ...]
    is_silent: bool  # not spoken
    differs: bool  # another answer says otherwise


@dataclass(frozen=True)
class Column:
    number: int  # the key that chooses it
    answer: Annotation
    pieces: Sequence[Piece]
    values: Sequence[Said]


def shown(opened: Case | None, *, by: User) -> dict[str, Any]:
    """Every answer with its pieces and values, and what was said before."""
    if opened is None:
        return {"case": None}
    answers = opened.answers
    before = turns.before(opened.utterance, catalogue.current(), by=by)
    return {
        "case": opened,
        "before": before,
        "acts": json.dumps(before.acts),
        "act_choices": Act.choices,
        "out_of_scope": OUT_OF_SCOPE,
        "columns": _columns(opened),
        "acts_differ": len({a.act for a in answers}) > 1,
        "intents_differ": len({a.intent_id for a in answers}) > 1,
        "hearing_differs": len({a.is_misheard for a in answers}) > 1,
        "gold_label": GoldLabel.objects.filter(utterance=opened.utterance).first(),
        "may_decide": opened.may_be_resolved_by(by),
        "neither": len(answers) + 1,
    }


def _columns(opened: Case) -> list[Column]:
    places = [
        [Span(s.param, s.start, s.end) for s in a.spans.all() if s.turn is None]
        for a in opened.answers
    ]
    texts = side_by_side(opened.utterance.text, places)
    return [
        Column(number, answer, pieces, said(answer, opened.answers))
        for number, (answer, pieces) in enumerate(
            zip(opened.answers, texts, strict=True), start=1
        )
    ]


def said(answer: Annotation, answers: Sequence[Annotation]) -> list[Said]:
    """By name, everything that any of the answers says of parameters."""
    own, all_of_them = _marks(answer), [_marks(one) for one in answers]
    names = sorted({name for one in all_of_them for name in one})
    return [
        Said(
            param=name,
            marks=own.get(name, ()),
            is_silent=own.get(name) == (),
            differs=any(other.get(name) != own.get(name) for other in all_of_them),
        )
        for name in names
    ]


def _marks(answer: Annotation) -> dict[str, tuple[Mark, ...]]:
    """No mark where it was not spoken."""
    marks: dict[str, list[Mark]] = {name: [] for name in answer.not_spoken}
    for span in answer.spans.all():
        turn = -1 if span.turn is None else span.turn
        mark = Mark(turn, span.text, span.value or span.text)
        marks.setdefault(span.param, []).append(mark)
    return {name: tuple(sorted(found)) for name, found in marks.items()}
