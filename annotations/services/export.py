"""What leaves the house as files: gold labels, function schemas, and what other
apps add to `FORMS`."""

import gzip
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from annotations.errors import InvalidError
from annotations.models import (
    GoldLabel,
    ParameterSpan,
    SchemaVersion,
    User,
    Utterance,
)
from annotations.services import audit

CHUNK = 2000


def export(*, form: str, path: Path, by: User | None) -> int:
    """Write the export and return how many things it holds.

    The file, or folder, appears whole or not at all. Raises InvalidError for a form
    that does not exist or a path that cannot be written.
    """
    if form not in FORMS:
        known = ", ".join(sorted(FORMS))
        raise InvalidError(
            _("There is no export “%(form)s”. There are: %(known)s.")
            % {"form": form, "known": known}
        )
    try:
        n = FORMS[form](path)
    except OSError as error:
        raise InvalidError(
            _("Cannot write %(path)s: %(reason)s.")
            % {"path": path, "reason": error.strerror}
        ) from error
    audit.record(by=by, action="export.written", obj=f"export:{form}", n=n)
    return n


def records(labels: QuerySet[GoldLabel]) -> Iterator[tuple[Utterance, dict[str, Any]]]:
    """Each label's utterance, and both of them as a canonical record."""
    whole_rows = (
        labels.select_related(
            "utterance__conversation",
            "utterance__domain",
            "intent__domain",
            "annotation",
        )
        .prefetch_related("annotation__spans")
        .order_by("utterance_id")
    )
    for label in whole_rows.iterator(chunk_size=CHUNK):
        label.utterance.goldlabel = label
        yield label.utterance, record_of(label.utterance)


def record_of(said: Utterance) -> dict[str, Any]:
    """The utterance as a canonical record, with its gold label where it has one."""
    label = getattr(said, "goldlabel", None)
    record = {
        "text": said.text,
        "context": said.context,
        "conversation_id": said.conversation.external_id if said.conversation else None,
        "turn": said.turn,
        "occurred_at": said.occurred_at.isoformat() if said.occurred_at else None,
        "count": said.count,
        "split": said.split,
        "domain": said.domain.name if said.domain else None,
        **(_label(label) if label else {}),
    }
    # An empty list of spans says that somebody looked and found none.
    empty = {key for key, value in record.items() if key != "spans" and value == []}
    return {k: v for k, v in record.items() if v is not None and k not in empty}


def _label(label: GoldLabel) -> dict[str, Any]:
    """`spans` is left out where nobody looked for parameters."""
    spans = [_span(span) for span in label.annotation.spans.all()]
    is_known = label.annotation.marks_known
    return {
        "intent": label.intent.name,
        "domain": label.intent.domain.name,
        "act": label.annotation.act or None,
        "misheard": label.annotation.is_misheard or None,
        "spans": spans if spans or is_known else None,
        # Some may be marked, others may be missing.
        "marks_known": None if is_known else False,
    }


def _span(span: ParameterSpan) -> dict[str, Any]:
    """Where it stands, the words there, and the value they amount to.

    turn: the position in `context` where an earlier turn said it.
    """
    record = {"start": span.start, "end": span.end, "param": span.param}
    if span.turn is not None:
        record["turn"] = span.turn
    if span.value and span.value != span.text:
        record["text"] = span.text
    return {**record, "value": span.value or span.text}


def _write_gold(path: Path) -> int:
    n = 0
    labels = GoldLabel.objects.filter(
        utterance__redaction=Utterance.Redaction.FULL,
        utterance__status=Utterance.Status.LABELED,
    )
    with whole(path) as file:
        for _, record in records(labels):
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            n += 1
    return n


def _write_functions(path: Path) -> int:
    """One `NAME.json` for each function with a live schema, in the folder `path`."""
    path.mkdir(parents=True, exist_ok=True)
    live = SchemaVersion.objects.filter(
        status=SchemaVersion.Status.LIVE
    ).select_related("function__intent")
    n = 0
    for version in live:
        with whole(path / f"{version.function.name}.json") as file:
            json.dump(_function(version), file, indent=2, ensure_ascii=False)
            file.write("\n")
        n += 1
    return n


def _function(version: SchemaVersion) -> dict[str, Any]:
    return {
        "name": version.function.name,
        "description": version.function.description
        or version.function.intent.description,
        "version": version.number,
        "sha256": version.content_hash,
        "parameters": version.body,
    }


@contextmanager
def whole(path: Path) -> Iterator[TextIO]:
    """A text file that takes its name only once it is complete and on disk."""
    aside = path.with_name(f".{path.name}.part")
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(aside, "wt", encoding="utf-8", newline="\n") as file:
            yield file
        with aside.open("rb") as written:
            os.fsync(written.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


# What can be exported: each writes to the path and returns how many things it wrote.
FORMS: dict[str, Callable[[Path], int]] = {
    "gold": _write_gold,
    "functions": _write_functions,
}
