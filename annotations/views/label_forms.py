"""What the desk sends, read into plain values. InvalidError where it cannot be."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from annotations.errors import InvalidError
from annotations.models import MAX_TEXT, QueueItem
from annotations.services.answers import MOST_MS, MOST_SPANS
from annotations.services.labels import Answer, SpanAnswer
from annotations.views.sent import whole

MOST_ITEMS = 20


@dataclass(frozen=True)
class Wanted:
    """Which items the desk wants with the response to a decision."""

    shown: bool = True  # one to show: it has none
    ahead: bool = False  # one to hold ready behind the one shown

    @property
    def count(self) -> int:
        return self.shown + self.ahead


@dataclass(frozen=True)
class Decision:
    uuid: uuid.UUID
    item_id: int


def new_uuid() -> uuid.UUID:
    """For a form that is sent without the script."""
    return uuid.uuid4()


def uuid_of(form: Mapping[str, str]) -> uuid.UUID:
    try:
        return uuid.UUID(form.get("uuid", ""))
    except ValueError:
        raise InvalidError(_("The answer came without a valid id.")) from None


def item_of(form: Mapping[str, str]) -> int:
    """The item's id; 0, which no item has, where none was sent."""
    found = whole(form.get("item", "") or "0")
    if found is None:
        raise InvalidError(_("The answer came without a valid item."))
    return found


def items_of(form: QueryDict) -> list[int]:
    """The ids of all items named: a desk holds one and has the next ready."""
    return [item_of({"item": sent}) for sent in form.getlist("item")[:MOST_ITEMS]]


def next_of(form: Mapping[str, str]) -> int:
    """The item that the page held ready, 0 for none."""
    return item_of({"item": form.get("next", "")})


def answer_of(form: Mapping[str, str]) -> uuid.UUID | None:
    """The answer meant, where one is named."""
    return uuid_of({"uuid": form["answer"]}) if form.get("answer") else None


def wanted(form: Mapping[str, str]) -> Wanted:
    if form.get("stay"):
        return Wanted(shown=False)
    need = form.get("need", "")
    return Wanted(shown=need != "ahead", ahead=need in ("ahead", "both"))


def decision(form: Mapping[str, str]) -> Decision:
    return Decision(uuid_of(form), item_of(form))


def answer(form: Mapping[str, str]) -> Answer:
    intent = form.get("intent", "")
    if not intent:
        raise InvalidError(_("Choose an intent first."))
    item_id = item_of(form)
    return Answer(
        uuid=uuid_of(form),
        item_id=item_id,
        intent=intent,
        spans=_spans(_list(form, "spans"), item_id),
        not_spoken=_names(_list(form, "not_spoken")),
        act=form.get("act", ""),
        is_misheard=form.get("misheard") == "1",
        is_recalled=bool(form.get("recalled")),
        revises=uuid_of({"uuid": form["revises"]}) if form.get("revises") else None,
        shown_ms=milliseconds(form.get("shown_ms", "")),
    )


def _list(form: Mapping[str, str], name: str) -> list[Any]:
    try:
        read = json.loads(form.get(name) or "[]")
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, list) or len(read) > MOST_SPANS:
        raise InvalidError(_("“%(name)s” cannot be read.") % {"name": name})
    return read


def _spans(sent: list[Any], item_id: int) -> tuple[SpanAnswer, ...]:
    if any(not _is_span(span) for span in sent):
        raise InvalidError(_("“spans” cannot be read."))
    wordless = any("text" not in span for span in sent)
    texts = _texts_of(item_id) if wordless else {}
    return tuple(
        SpanAnswer(
            start=span["start"],
            end=span["end"],
            param=span["param"],
            text=span.get("text", _cut(texts, span)),
            value=span.get("value", ""),
            turn=span.get("turn"),
        )
        for span in sent
    )


def _cut(texts: Mapping[int | None, str], span: dict[str, Any]) -> str:
    return texts.get(span.get("turn"), "")[span["start"] : span["end"]]


def _is_span(span: Any) -> bool:
    return (
        isinstance(span, dict)
        and type(span.get("start")) is int
        and type(span.get("end")) is int
        and 0 <= span["start"] < span["end"]
        and isinstance(span.get("param"), str)
        and isinstance(span.get("text", ""), str)
        and isinstance(span.get("value", ""), str)
        and (span.get("turn") is None or type(span["turn"]) is int)
    )


def _texts_of(item_id: int) -> dict[int | None, str]:
    """The texts of an item, by turn: a page that was closed kept the offsets only."""
    items = QueueItem.objects.filter(pk=item_id).select_related("utterance")
    return {
        turn: text
        for item in items
        for turn, text in [
            (None, item.utterance.text),
            *enumerate(said["text"] for said in item.utterance.context),
        ]
    }


def place(form: Mapping[str, str]) -> tuple[int, int] | None:
    """Where the personal data stands, if that was marked."""
    if not form.get("start"):
        return None
    start, end = (whole(form.get(name, ""), MAX_TEXT) for name in ("start", "end"))
    if start is None or end is None:
        raise InvalidError(_("The place that was marked cannot be read."))
    return start, end


def _names(sent: list[Any]) -> tuple[str, ...]:
    if any(not isinstance(name, str) for name in sent):
        raise InvalidError(_("“not_spoken” cannot be read."))
    return tuple(sent)


def milliseconds(sent: str) -> int | None:
    found = whole(sent)
    return None if found is None else min(found, MOST_MS)
