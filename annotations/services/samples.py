"""Sample utterances that experts write for an intent.

A sample goes through redaction like any intake and becomes an utterance of the source
`expert`, labeled by its author; it is never part of the exam, which measures on what
callers said. What is said already is told before anything is saved.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import connection, transaction
from django.utils.translation import gettext as _

from annotations.errors import InvalidError
from annotations.intake import records
from annotations.intake.pipeline import Chunk, Prepared
from annotations.models import (
    GoldLabel,
    IntakeBatch,
    Intent,
    IntentChange,
    PendingLabel,
    User,
    Utterance,
)
from annotations.services import exam, intake_rows, intent_log

SOURCE = Utterance.EXPERT
MOST_LINES = 100
MOST_LETTERS = 500
# From here on two texts are the same but for a word or an ending.
NEAR = 0.5
# Two vectors of the encoder nearer than this say the same in other words.
SAME_MEANING = 0.86
MOST_NEIGHBOURS = 3

# Utterance ids with their cosine, nearest first, for each of the texts.
Nearest = Callable[[Sequence[str]], Sequence[Sequence[tuple[int, float]]]]

# By the partial index on texts that are labeled or written by experts. The exam is
# left out: whoever writes samples also answers it.
_NEAR = """
SELECT w.place, near.id, near.share
FROM unnest(%(texts)s::text[]) WITH ORDINALITY AS w(text, place)
CROSS JOIN LATERAL (
    SELECT u.id, similarity(u.text, w.text) AS share FROM annotations_utterance u
    WHERE (u.status = 'labeled' OR u.source = 'expert') AND u.split = 'train'
        AND u.redaction <> 'failed' AND u.status NOT IN ('quarantined', 'erased')
        AND u.text %% w.text
    ORDER BY share DESC, u.id LIMIT %(most)s) near
"""


@dataclass(frozen=True)
class Neighbour:
    """A text that is close, and the intent it is labeled with."""

    text: str
    intent: str
    title: str
    share: float
    in_meaning: bool = False

    @property
    def percent(self) -> int:
        return round(100 * self.share)


@dataclass(frozen=True)
class Verdict:
    """What saving one line would do. text: as it would be stored."""

    place: int
    text: str
    # new, near, near_other, known, known_other, said, repeated or refused
    state: str
    sentence: str
    neighbours: tuple[Neighbour, ...] = ()

    @property
    def may_be_kept(self) -> bool:
        return self.state in ("new", "near", "near_other")

    @property
    def is_advised(self) -> bool:
        return self.state == "new"


@dataclass(frozen=True)
class Looked:
    """All lines with their verdicts; `seen` names exactly these lines."""

    verdicts: tuple[Verdict, ...]
    seen: str

    @property
    def n_new(self) -> int:
        return sum(verdict.state == "new" for verdict in self.verdicts)


def lines_of(text: str) -> list[str]:
    """One sample a line, blank lines left out. Raises InvalidError for too many."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINES:
        raise InvalidError(
            _("At most %(most)s samples at once; save these first.")
            % {"most": MOST_LINES}
        )
    return lines


def seen_of(intent: Intent, lines: Sequence[str]) -> str:
    """What a form sends back to say which lines its reader saw verdicts of."""
    body = "\n".join([intent.name, *lines]).encode()
    return hashlib.sha256(body).hexdigest()[:32]


def look(
    *, intent: Intent, lines: Sequence[str], nearest: Nearest | None = None
) -> Looked:
    """A verdict for each line; nothing is stored.

    nearest: looks for the same meaning in other words, where vectors are at hand.
    """
    prepared, refusals = _prepared(lines)
    known = _known(prepared.values())
    close = _close(intent, prepared, nearest)
    first: dict[bytes, int] = {}
    verdicts = []
    for place, line in enumerate(lines):
        if place in refusals:
            verdicts.append(Verdict(place, line, "refused", refusals[place]))
            continue
        one = prepared[place]
        before = first.setdefault(one.dedupe_key, place)
        if before != place:
            sentence = _("The same as line %(n)s.") % {"n": before + 1}
            verdicts.append(Verdict(place, one.text, "repeated", sentence))
        elif one.dedupe_key in known:
            verdicts.append(_of_known(intent, place, one, known[one.dedupe_key]))
        else:
            verdicts.append(_of_new(intent, place, one, close.get(place, ())))
    return Looked(tuple(verdicts), seen_of(intent, lines))


@transaction.atomic
def save(
    *, intent: Intent, lines: Sequence[str], keep: Sequence[int], by: User
) -> list[Verdict]:
    """The kept lines are stored, labeled `intent` by their author; returns them.

    keep: places of lines. What is known already, or cannot be stored, is passed over,
    so that sending the form twice stores once.
    """
    held = Intent.objects.select_for_update().get(pk=intent.pk)
    if not held.is_active:
        raise InvalidError(_("This intent is no longer used; write for another one."))
    looked = look(intent=held, lines=lines)
    prepared, _refused = _prepared(lines)
    chosen = [v for v in looked.verdicts if v.place in set(keep) and v.may_be_kept]
    if not chosen:
        return []
    rows = [
        replace(prepared[v.place], line=v.place, domain=held.domain.name)
        for v in chosen
    ]
    batch = IntakeBatch(id=None, source=SOURCE)
    intake_rows.store(Chunk(rows=rows, last_line=len(rows)), batch, with_labels=False)
    stored = Utterance.objects.filter(
        dedupe_key__in=[row.dedupe_key for row in rows], source=SOURCE
    ).values_list("pk", flat=True)
    PendingLabel.objects.bulk_create(
        [
            PendingLabel(
                utterance_id=pk, intent=held.name, domain=held.domain.name, author=by
            )
            for pk in stored
        ],
        ignore_conflicts=True,
    )
    intent_log.note(
        intent=held,
        kind=IntentChange.Kind.SAMPLED,
        by=by,
        what={"samples": len(stored)},
    )
    return chosen


def waiting_for(intent: Intent) -> int:
    """Samples of the intent that the full redaction pass has not read yet."""
    return PendingLabel.objects.filter(intent=intent.name, author__isnull=False).count()


def _prepared(lines: Sequence[str]) -> tuple[dict[int, Prepared], dict[int, str]]:
    """By place: the line without personal data, or why it cannot be stored."""
    preparer = exam.preparer()
    found, refused = {}, {}
    for place, line in enumerate(lines):
        try:
            if len(line) > MOST_LETTERS:
                raise records.RecordError(
                    "too_long",
                    _("A sample has at most %(most)s characters.")
                    % {"most": MOST_LETTERS},
                )
            record = records.parse({"text": line})
            # The exam is what callers said, never what somebody made up.
            found[place] = replace(preparer.prepare(place, record), is_exam=False)
        except records.RecordError as error:
            refused[place] = _refusal(error)
    return found, refused


def _refusal(error: records.RecordError) -> str:
    """Why a line cannot be stored: what files call `text` is a line of the form."""
    if error.code == "unstorable_text":
        return _("The line holds a NUL.")
    return str(error)


def _known(prepared: Sequence[Prepared]) -> dict[bytes, Utterance]:
    keys = [one.dedupe_key for one in prepared]
    rows = Utterance.objects.filter(dedupe_key__in=keys).select_related(
        "goldlabel__intent"
    )
    return {bytes(row.dedupe_key): row for row in rows}


def _of_known(intent: Intent, place: int, one: Prepared, row: Utterance) -> Verdict:
    label = getattr(row, "goldlabel", None)
    # Of an exam item nothing is told but that callers said it.
    if row.split == Utterance.Split.EXAM or label is None:
        sentence = (
            _("Written before; it waits for its redaction.")
            if row.source == SOURCE
            else _("Callers said exactly this; it is asked about in the queue.")
        )
        return Verdict(place, one.text, "said", sentence)
    if label.intent_id == intent.pk:
        sentence = _("It is labeled with this intent already.")
        return Verdict(place, one.text, "known", sentence)
    sentence = _("It is labeled “%(title)s”.") % {"title": label.intent.title}
    return Verdict(place, one.text, "known_other", sentence)


def _of_new(
    intent: Intent, place: int, one: Prepared, close: Sequence[Neighbour]
) -> Verdict:
    other = next((n for n in close if n.intent and n.intent != intent.name), None)
    if other is not None:
        sentence = (
            _("It means much the same as what is labeled “%(title)s”.")
            if other.in_meaning
            else _("It reads much like what is labeled “%(title)s”.")
        ) % {"title": other.title}
        return Verdict(place, one.text, "near_other", sentence, tuple(close))
    if close:
        sentence = _(
            "Something close is there already; another way to say it helps more."
        )
        return Verdict(place, one.text, "near", sentence, tuple(close))
    return Verdict(place, one.text, "new", _("New."))


def _close(
    intent: Intent, prepared: Mapping[int, Prepared], nearest: Nearest | None
) -> dict[int, list[Neighbour]]:
    """By place, labeled texts that are close: in letters, else in meaning."""
    places = list(prepared)
    texts = [prepared[place].text for place in places]
    found = _near_in_letters(texts)
    alike = nearest(texts) if nearest and texts else [()] * len(texts)
    pairs: dict[int, dict[int, tuple[float, bool]]] = {}
    for number, place in enumerate(places):
        own = {pk: (share, True) for pk, share in alike[number] if share > SAME_MEANING}
        own |= {pk: (share, False) for pk, share in found.get(number, ())}
        pairs[place] = own
    told = _told({pk for own in pairs.values() for pk in own})
    return {
        place: _ordered(intent, own, told)
        for place, own in pairs.items()
        if any(pk in told for pk in own)
    }


def _near_in_letters(texts: Sequence[str]) -> dict[int, list[tuple[int, float]]]:
    if not texts:
        return {}
    found: dict[int, list[tuple[int, float]]] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(NEAR)]
        )
        cursor.execute(_NEAR, {"texts": list(texts), "most": MOST_NEIGHBOURS})
        for place, pk, share in cursor.fetchall():
            found.setdefault(place - 1, []).append((pk, share))
    return found


def _told(ids: set[int]) -> dict[int, tuple[str, str, str]]:
    """id -> (text, intent, title) of what may be shown beside a sample."""
    told = {
        label.utterance_id: (
            label.utterance.text,
            label.intent.name,
            label.intent.title,
        )
        for label in GoldLabel.objects.filter(
            utterance__in=ids, utterance__split=Utterance.Split.TRAIN
        ).select_related("utterance", "intent")
    }
    for waiting in PendingLabel.objects.filter(
        utterance__in=ids, author__isnull=False
    ).select_related("utterance"):
        # Not yet read by the full pass: its words are nobody's to see.
        told.setdefault(waiting.utterance_id, ("", waiting.intent, waiting.intent))
    return told


def _ordered(
    intent: Intent,
    own: Mapping[int, tuple[float, bool]],
    told: Mapping[int, tuple[str, str, str]],
) -> list[Neighbour]:
    """Those of other intents first: they are what the author has to know."""
    neighbours = [
        Neighbour(*told[pk], share=share, in_meaning=in_meaning)
        for pk, (share, in_meaning) in own.items()
        if pk in told
    ]
    neighbours.sort(key=lambda n: (n.intent == intent.name, -n.share))
    return neighbours[:MOST_NEIGHBOURS]
