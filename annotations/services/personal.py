"""Reported personal data: looked at under a mask, then taken out.

The reviewer sees the ordinary words; what could be a name, a number or an address is
a row of dots. Taking it out erases the utterance with its words and takes the text
without them in again, so that the full pass reads it once more before anybody does.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from annotations.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from annotations.intake import normalize
from annotations.intake.redaction import PLACEHOLDER, TYPES, Numbering
from annotations.intake.redaction.lexicon import COMMON, MONTHS, ORDINALS
from annotations.intake.redaction.numbers import NUMBER_WORDS
from annotations.models import (
    Annotation,
    FunctionExample,
    IntentExample,
    ParameterSpan,
    QueueItem,
    Turn,
    User,
    Utterance,
)
from annotations.services import audit, exam

HARMLESS = COMMON - MONTHS - ORDINALS - NUMBER_WORDS
_TOKEN = re.compile(
    rf"{PLACEHOLDER.pattern}|\s+|[^\W_]+(?:['\u2019][^\W_]+)*|.", re.DOTALL
)


@dataclass(frozen=True)
class Masked:
    """A piece of the text: code points, half-open. shown: it, or dots in its place."""

    start: int
    end: int
    shown: str
    is_word: bool
    is_hidden: bool
    is_reported: bool


@dataclass(frozen=True)
class Place:
    """Where personal data stands, and of which type out of TYPES."""

    start: int
    end: int
    type: str


def masked(utterance: Utterance) -> list[Masked]:
    """The text in pieces, whatever is no ordinary word hidden."""
    reported = [
        (report.reported_start, report.reported_end)
        for report in utterance.standing_reports
        if report.reported_start is not None
    ]
    return [_piece(match, reported) for match in _TOKEN.finditer(utterance.text)]


def _piece(match: re.Match[str], reported: Sequence[tuple[int, int]]) -> Masked:
    word, (start, end) = match[0], match.span()
    is_word = any(letter.isalnum() for letter in word)
    is_reported = any(first < end and start < last for first, last in reported)
    harmless = PLACEHOLDER.fullmatch(word) or word.lower() in HARMLESS
    is_hidden = is_word and (is_reported or not harmless)
    shown = "•" * len(word) if is_hidden else word
    return Masked(start, end, shown, is_word, is_hidden, is_reported)


@transaction.atomic
def redact(*, by: User, utterance_id: int, places: Sequence[Place]) -> Utterance:
    """The words at `places` are gone for good; returns the utterance that is left.

    What was answered about the old text goes with it. Raises ConflictError where the
    utterance is not reported any more, NotAllowedError for one's own report.
    """
    old = _reported(utterance_id, by)
    text = _without(old, places)
    _take_out_of_later_turns(old, text)
    turns = Turn.objects.filter(utterance=old)
    new = _take_in_again(old, text)
    turns.update(utterance=new)
    _erase(old)
    audit.record(
        by=by,
        action="personal_data.redacted",
        obj=f"utterance:{old.pk}",
        becomes=new.pk,
        types=sorted(place.type for place in places),
    )
    return new


def _reported(utterance_id: int, by: User) -> Utterance:
    utterance = Utterance.objects.select_for_update().filter(pk=utterance_id).first()
    if utterance is None:
        raise NotFoundError(_("This utterance is not there any more."))
    if utterance.status != Utterance.Status.QUARANTINED:
        raise ConflictError(_("Somebody decided about this report meanwhile."))
    reports = Annotation.objects.standing().filter(
        utterance=utterance, kind=Annotation.Kind.QUARANTINE
    )
    if reports.filter(annotator=by).exists():
        raise NotAllowedError(_("You reported this; another reviewer has to decide."))
    return utterance


def _without(utterance: Utterance, places: Sequence[Place]) -> str:
    if not places:
        raise InvalidError(_("Mark the words that are personal data first."))
    numbering = Numbering()
    for said in (utterance.text, *(turn["text"] for turn in utterance.context)):
        numbering.observe(said)
    pieces, position = [], 0
    for place in sorted(places, key=lambda place: place.start):
        if place.type not in TYPES:
            raise InvalidError(_("Choose what kind of personal data it is."))
        if not position <= place.start < place.end <= len(utterance.text):
            raise InvalidError(_("The marks overlap, or lie outside the text."))
        value = utterance.text[place.start : place.end]
        pieces += [utterance.text[position : place.start]]
        pieces += [numbering.placeholder(place.type, value)]
        position = place.end
    return "".join([*pieces, utterance.text[position:]])


def _take_out_of_later_turns(old: Utterance, text: str) -> None:
    """The same turn stands in the context of what was said after it."""
    calls = Turn.objects.filter(utterance=old).values("conversation")
    ids = Turn.objects.filter(conversation__in=calls).values("utterance")
    others = Utterance.objects.select_for_update().filter(pk__in=ids)
    for other in others.exclude(pk=old.pk):
        places = [n for n, turn in enumerate(other.context) if turn["text"] == old.text]
        if not places:
            continue
        if ParameterSpan.objects.filter(
            annotation__utterance=other, turn__in=places
        ).exists():
            raise ConflictError(
                _(
                    "A later turn of this call has a mark on these words. Report that "
                    "turn as well, take its personal data out first, then come back."
                )
            )
        for place in places:
            other.context[place]["text"] = text
        other.save(update_fields=["context"])


def _take_in_again(old: Utterance, text: str) -> Utterance:
    """A new row that the full pass has yet to read, or the one that says the same."""
    key = settings.DATA_KEY.encode()
    dedupe = normalize.dedupe_key(text, key)
    twin = Utterance.objects.select_for_update().filter(dedupe_key=dedupe).first()
    if twin is not None:
        if twin.pk == old.pk:
            raise InvalidError(_("Nothing would change: mark the words themselves."))
        Utterance.objects.filter(pk=twin.pk).update(count=F("count") + old.count)
        return twin
    return Utterance.objects.create(
        text=text,
        dedupe_key=dedupe,
        count=old.count,
        split=Utterance.Split.EXAM if exam.has_in_exam(text) else Utterance.Split.TRAIN,
        context=old.context,
        conversation=old.conversation,
        turn=old.turn,
        source=old.source,
        domain=old.domain,
        bot_intent=old.bot_intent,
        bot_confidence=old.bot_confidence,
        is_fallback=old.is_fallback,
        batch=old.batch,
        occurred_at=old.occurred_at,
    )


def _erase(utterance: Utterance) -> None:
    """Nothing of the words is left; the events stay, and where marks stood."""
    QueueItem.objects.filter(utterance=utterance, status__in=QueueItem.OPEN).delete()
    IntentExample.objects.filter(utterance=utterance).delete()
    FunctionExample.objects.filter(utterance_id=utterance.pk).delete()
    # Guesses, gold and vectors: whatever hangs on the row one to one says its words.
    for relation in utterance._meta.related_objects:
        if relation.one_to_one:
            relation.related_model.objects.filter(
                **{relation.field.name: utterance}
            ).delete()
    Utterance.objects.filter(pk=utterance.pk).update(
        text="",
        context=[],
        # Equal texts that come in later must not be recognized by it.
        dedupe_key=hashlib.sha256(f"erased {utterance.pk}".encode()).digest(),
        status=Utterance.Status.ERASED,
    )
    ParameterSpan.objects.filter(annotation__utterance=utterance).update(
        text="", value=""
    )
