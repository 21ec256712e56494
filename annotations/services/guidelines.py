"""Guidelines: what an intent means, shown by examples and set off against others.

Reviewers and product owners edit them. Whoever saves says which revision they read; a
save over somebody else's is refused with what was saved meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    StaleRevisionError,
)
from annotations.intake.redaction import redact
from annotations.models import (
    ContrastPair,
    Intent,
    IntentChange,
    IntentConfusion,
    IntentExample,
    User,
    Utterance,
)
from annotations.services import intent_log

FIELDS = {"title": 120, "description": 300, "guidance": 6000}
TOO_LONG = {
    "title": gettext_lazy("The title has %(n)s characters; at most %(most)s fit."),
    "description": gettext_lazy(
        "The description has %(n)s characters; at most %(most)s fit."
    ),
    "guidance": gettext_lazy(
        "The guidance has %(n)s characters; at most %(most)s fit."
    ),
}
MOST_LETTERS_OF_A_LINE = 200
MOST_EXAMPLES = 40
Kind = IntentChange.Kind


@dataclass(frozen=True)
class Contrast:
    """Another intent this one is taken for: the lines kept, and how often it happens.

    pair is None where nobody wrote a line yet; n of n_asked exam items of this intent
    were answered with the other, n_back of n_back_asked the other way round.
    """

    other: Intent
    pair: ContrastPair | None = None
    own_line: str = ""
    other_line: str = ""
    n: int = 0
    n_asked: int = 0
    n_back: int = 0
    n_back_asked: int = 0

    @property
    def weight(self) -> int:
        return self.n + self.n_back


@transaction.atomic
def edit(*, intent: Intent, revision: int, by: User, **fields: str) -> Intent:
    """Title, description and guidance are as given.

    Raises InvalidError for what does not fit, and StaleRevisionError with the intent
    as it is now where somebody saved since `revision`.
    """
    wanted = {name: _checked(name, value) for name, value in fields.items()}
    now = Intent.objects.select_for_update().get(pk=intent.pk)
    changed = {
        name: [getattr(now, name), value]
        for name, value in wanted.items()
        if getattr(now, name) != value
    }
    if not changed:
        return now
    if now.revision != revision:
        raise StaleRevisionError(
            _("Somebody saved this intent while you were writing."), current=now
        )
    for name, (_before, value) in changed.items():
        setattr(now, name, value)
    now.revision += 1
    now.save(update_fields=[*changed, "revision"])
    intent_log.note(intent=now, kind=Kind.DESCRIBED, by=by, what=changed)
    return now


def _checked(name: str, value: str) -> str:
    text = value.replace("\r\n", "\n").strip()
    if name == "title" and not text:
        raise InvalidError(_("Give the intent a title."))
    if len(text) > FIELDS[name]:
        told = {"n": len(text), "most": FIELDS[name]}
        raise InvalidError(TOO_LONG[name] % told)
    return redact(text).text


@transaction.atomic
def save_contrast(
    *, intent: Intent, other: Intent, lines: Sequence[str], revision: int, by: User
) -> ContrastPair | None:
    """How to tell the two apart is as given; two empty lines remove the pair.

    lines: for `intent`, then for `other`. revision: 0 for a pair that is new.
    """
    if intent.pk == other.pk:
        raise InvalidError(_("Choose another intent to set this one off against."))
    first, second = sorted((intent, other), key=lambda one: one.pk)
    own, others = (_line(line) for line in lines)
    said = (own, others) if first.pk == intent.pk else (others, own)
    # The pair may not exist yet: both intents stand for it.
    list(Intent.objects.select_for_update().filter(pk__in=[first.pk, second.pk]))
    pair = ContrastPair.objects.filter(first=first, second=second).first()
    before = (pair.choose_first, pair.choose_second) if pair else ("", "")
    if before == said:
        return pair
    if (pair.revision if pair else 0) != revision:
        raise StaleRevisionError(
            _("Somebody saved this pair while you were writing."), current=pair
        )
    if bool(said[0]) != bool(said[1]):
        raise InvalidError(_("Write a line for each of the two, or for neither."))
    stored = _store_pair(pair, first, second, said, by)
    for one, place in ((first, 0), (second, 1)):
        intent_log.note(
            intent=one,
            kind=Kind.CONTRASTED,
            by=by,
            what={
                "with": (second if place == 0 else first).name,
                "line": [before[place], said[place]],
            },
        )
    return stored


def _line(text: str) -> str:
    line = redact(" ".join(text.split())).text
    if len(line) > MOST_LETTERS_OF_A_LINE:
        raise InvalidError(
            _("A line has at most %(most)s characters.")
            % {"most": MOST_LETTERS_OF_A_LINE}
        )
    return line


def _store_pair(
    pair: ContrastPair | None,
    first: Intent,
    second: Intent,
    said: tuple[str, str],
    by: User,
) -> ContrastPair | None:
    if pair and not any(said):
        pair.delete()
        return None
    if pair is None:
        return ContrastPair.objects.create(
            first=first,
            second=second,
            choose_first=said[0],
            choose_second=said[1],
            changed_by=by,
        )
    ContrastPair.objects.filter(pk=pair.pk).update(
        choose_first=said[0],
        choose_second=said[1],
        revision=F("revision") + 1,
        changed_by=by,
        changed_at=Now(),
    )
    pair.refresh_from_db()
    return pair


def contrasts_of(intent: Intent) -> list[Contrast]:
    """Pairs that people maintain and confusions that were measured, the worst first."""
    pairs = {
        pair.other_than(intent.pk).pk: pair
        for pair in ContrastPair.objects.filter(
            Q(first=intent) | Q(second=intent)
        ).select_related("first", "second", "changed_by")
    }
    taken = {
        row.taken_for_id: row
        for row in IntentConfusion.objects.filter(intent=intent).select_related(
            "taken_for"
        )
    }
    back = {
        row.intent_id: row
        for row in IntentConfusion.objects.filter(taken_for=intent).select_related(
            "intent"
        )
    }
    found = [
        _contrast(intent, pairs.get(key), taken.get(key), back.get(key))
        for key in pairs.keys() | taken.keys() | back.keys()
    ]
    shown = [one for one in found if one.other.is_active]
    return sorted(shown, key=lambda one: (-one.weight, one.other.title))


def _contrast(
    intent: Intent,
    pair: ContrastPair | None,
    taken: IntentConfusion | None,
    back: IntentConfusion | None,
) -> Contrast:
    other = (
        pair.other_than(intent.pk)
        if pair
        else taken.taken_for
        if taken
        else back.intent
    )
    return Contrast(
        other=other,
        pair=pair,
        own_line=pair.line_for(intent.pk) if pair else "",
        other_line=pair.line_for(other.pk) if pair else "",
        n=taken.n if taken else 0,
        n_asked=taken.n_asked if taken else 0,
        n_back=back.n if back else 0,
        n_back_asked=back.n_asked if back else 0,
    )


@transaction.atomic
def add_example(
    *, intent: Intent, utterance_id: int, kind: str, note: str = "", by: User
) -> IntentExample:
    """The utterance shows what the intent is, or what it is not.

    Exam items are refused: whoever reads guidelines also answers the exam.
    """
    utterance = (
        Utterance.objects.visible().for_training().filter(pk=utterance_id).first()
    )
    if utterance is None:
        raise NotFoundError(_("This utterance cannot serve as an example."))
    Intent.objects.select_for_update().get(pk=intent.pk)
    known = IntentExample.objects.filter(intent=intent)
    if known.filter(utterance=utterance).exists():
        raise ConflictError(_("It is an example of this intent already."))
    if known.count() >= MOST_EXAMPLES:
        raise ConflictError(
            _("%(most)s examples are enough to read; take one away first.")
            % {"most": MOST_EXAMPLES}
        )
    example = IntentExample.objects.create(
        intent=intent, utterance=utterance, kind=kind, note=_line(note), added_by=by
    )
    intent_log.note(
        intent=intent,
        kind=Kind.EXAMPLE_ADDED,
        by=by,
        what={"utterance": utterance.pk, "example": kind},
    )
    return example


@transaction.atomic
def remove_example(*, intent: Intent, example_id: int, by: User) -> None:
    """The example is gone from the page; the utterance stays as it is."""
    example = intent.examples.select_for_update().filter(pk=example_id).first()
    if example is None:
        raise NotFoundError(_("This example is gone already."))
    what = {"utterance": example.utterance_id, "example": example.kind}
    example.delete()
    intent_log.note(intent=intent, kind=Kind.EXAMPLE_REMOVED, by=by, what=what)
