"""What an answer says, and whether the live schema and the texts let it stand."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.errors import InvalidLabelError, NotFoundError
from annotations.functions import labels as rules
from annotations.functions import readings
from annotations.functions.readings import Reading
from annotations.functions.schema import Node
from annotations.language import translated
from annotations.models import Act, Utterance
from annotations.services import catalogue
from annotations.services.catalogue import IntentCard

# What an answer holds at the most, whichever way it came.
MOST_SPANS = 100
MOST_MS = 2**31 - 1


@dataclass(frozen=True)
class SpanAnswer:
    """Where a parameter was said: code points, half-open, with the text seen there.

    turn: the position of an earlier turn in the context, None for the text itself.
    """

    start: int
    end: int
    param: str
    text: str
    value: str = ""
    turn: int | None = None


@dataclass(frozen=True)
class Answer:
    uuid: uuid.UUID
    item_id: int
    intent: str
    spans: tuple[SpanAnswer, ...] = ()
    not_spoken: tuple[str, ...] = ()
    shown_ms: int | None = None
    # The earlier label of the same person that this one replaces.
    revises: uuid.UUID | None = None
    act: str = ""
    is_misheard: bool = False
    # Sent again from a journal, which keeps no words and so no typed ones either.
    is_recalled: bool = False
    # Given without sight of the suggestion, though the item has one.
    is_blind: bool = False


@dataclass(frozen=True)
class Checked:
    """An answer that may be stored: its intent, and its spans with their values."""

    card: IntentCard
    spans: tuple[SpanAnswer, ...]


def check(
    utterance: Utterance, answer: Answer, stamp: uuid.UUID | None = None
) -> Checked:
    """The answer with every value read, or InvalidLabelError with all against it."""
    card = catalogue.current(stamp).by_name.get(answer.intent)
    if card is None:
        raise InvalidLabelError(
            _("There is no intent “%(name)s”.") % {"name": answer.intent}
        )
    faults = [_span_fault(utterance, span) for span in answer.spans]
    faults += _overlaps(answer.spans)
    marked = [span.param for span in answer.spans]
    broken = rules.problems(card.parameters, marked, answer.not_spoken)
    faults += map(translated, broken)
    if answer.act and answer.act not in Act.values:
        known = ", ".join(Act.values)
        faults.append(_("A turn does one of: %(acts)s.") % {"acts": known})
    spans, refused = _with_values(card, answer.spans, called_on(utterance))
    faults = [fault for fault in [*faults, *refused] if fault]
    if faults:
        raise InvalidLabelError(" ".join(faults), faults=faults)
    return Checked(card, spans)


def called_on(utterance: Utterance) -> date:
    """The day that "yesterday" counts from: of the call, else of its coming in."""
    return timezone.localdate(utterance.occurred_at or utterance.created_at)


def text_of(utterance: Utterance, turn: int | None) -> str | None:
    """The utterance's text, or that of an earlier turn; None where there is none."""
    if turn is None:
        return utterance.text
    known = 0 <= turn < len(utterance.context)
    return utterance.context[turn]["text"] if known else None


def rule_of(card: IntentCard, name: str) -> Node | None:
    """The schema of a parameter; None where the live schema has none to read it by."""
    return card.schema.properties.get(name) if card.schema else None


def reading(card: IntentCard, name: str, said: str, today: date) -> Reading:
    """What the words amount to for this parameter of the intent."""
    node = rule_of(card, name)
    if node is None:
        return Reading(said)
    found = readings.read(node, said, today)
    return replace(found, problem=translated(found.problem)) if found.problem else found


def read_value(utterance: Utterance, *, intent: str, param: str, said: str) -> Reading:
    """What words amount to for a parameter of an intent, said in this utterance."""
    card = catalogue.current().by_name.get(intent)
    if card is None or all(p.name != param for p in card.parameters):
        raise NotFoundError(_("This intent has no such parameter."))
    return reading(card, param, said, called_on(utterance))


def _with_values(
    card: IntentCard, spans: tuple[SpanAnswer, ...], today: date
) -> tuple[tuple[SpanAnswer, ...], list[str]]:
    """The spans with the values they amount to, and what the schema says against it.

    What nobody typed is read from the words marked.
    """
    read, faults, values = [], [], {}
    for span in spans:
        found = reading(card, span.param, span.value or span.text, today)
        if found.problem:
            faults.append(_problem(span.param, found.problem))
        values.setdefault(span.param, []).append(found.value)
        read.append(replace(span, value=found.value))
    if not faults:
        for name, given in values.items():
            node = rule_of(card, name)
            refused = readings.problems(node, given) if node else []
            faults += [_problem(name, problem) for problem in refused]
    return tuple(read), faults


def _problem(name: str, problem: str) -> str:
    return _("%(parameter)s %(problem)s.") % {
        "parameter": name,
        "problem": translated(problem),
    }


def _span_fault(utterance: Utterance, span: SpanAnswer) -> str:
    text = text_of(utterance, span.turn)
    named = {"parameter": span.param}
    if text is None:
        return _("There is no such earlier turn to find %(parameter)s in.") % named
    if not 0 <= span.start < span.end <= len(text):
        return _("The place of %(parameter)s lies outside the text.") % named
    if text[span.start : span.end] != span.text:
        return (
            _("The text at the place of %(parameter)s is not the one you saw.") % named
        )
    return ""


def _overlaps(spans: Sequence[SpanAnswer]) -> list[str]:
    def place(span: SpanAnswer) -> tuple[int, int]:
        return (-1 if span.turn is None else span.turn, span.start)

    return [
        _("%(one)s and %(other)s overlap.") % {"one": left.param, "other": right.param}
        for left, right in pairwise(sorted(spans, key=place))
        if right.turn == left.turn and right.start < left.end
    ]
