"""Functions out of files, as drafts. Nothing that exists is overwritten."""

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.errors import DomainError
from annotations.functions import imports
from annotations.functions.imports import Described
from annotations.functions.schema import MAX_BYTES
from annotations.functions.sentences import Sentence
from annotations.language import translated
from annotations.models import Function, SchemaVersion, User
from annotations.services import catalogue, schemas

# A file may hold many functions, each of which stays below MAX_BYTES.
MAX_FILE = 200 * MAX_BYTES
OPEN = (SchemaVersion.Status.DRAFT, SchemaVersion.Status.IN_REVIEW)


class Outcome(TextChoices):
    DRAFTED = "drafted", gettext_lazy("drafted")
    UNCHANGED = "unchanged", gettext_lazy("unchanged")
    CONFLICT = "conflict", gettext_lazy("conflict")
    REFUSED = "refused", gettext_lazy("refused")


@dataclass(frozen=True)
class Imported:
    """What became of one function of one file."""

    file: str
    place: str
    name: str
    outcome: Outcome
    message: str = ""
    version_id: int | None = None


def import_files(paths: Iterable[Path], *, by: User) -> list[Imported]:
    """Each function in the files is a draft, or reported with the reason why not.

    Folders stand for the JSON files in them. A function whose live version reads the
    same is unchanged; one that already has an open draft is a conflict.
    """
    found = []
    for path in _files(paths):
        try:
            document = _parsed(path)
            functions = list(imports.described(document))
        except (ValueError, OSError, AttributeError, TypeError, KeyError) as error:
            found.append(Imported(path.name, "", "", Outcome.REFUSED, _words(error)))
            continue
        found += [import_one(path.name, each, by=by) for each in functions]
    return found


def import_document(file: str, raw: bytes, *, by: User) -> list[Imported]:
    """The same for one uploaded file."""
    try:
        functions = list(imports.described(_loaded(raw)))
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        return [Imported(file, "", "", Outcome.REFUSED, _words(error))]
    return [import_one(file, each, by=by) for each in functions]


def import_one(file: str, described: Described, *, by: User) -> Imported:
    """One function, in a transaction of its own."""

    def result(outcome: Outcome, message: str = "", version: Any = None) -> Imported:
        pk = version.pk if version else None
        return Imported(file, described.place, described.name, outcome, message, pk)

    if not described.name:
        return result(Outcome.REFUSED, _("the function has no name"))
    try:
        with transaction.atomic():
            conflict = _conflict(described)
            if conflict is not None:
                return result(*conflict)
            version = _draft(described, by)
    except DomainError as refused:
        return result(Outcome.REFUSED, refused.message)
    return result(Outcome.DRAFTED, "; ".join(map(translated, described.notes)), version)


def _conflict(described: Described) -> tuple[Outcome, str] | None:
    function = Function.objects.filter(name=described.name).first()
    if function is None:
        return None
    live = schemas.live_of(function)
    if live and live.canonical == schemas.canonical_text(described.body):
        return Outcome.UNCHANGED, _("reads like the live version %(version)s") % {
            "version": live.version
        }
    waiting = function.versions.filter(status__in=OPEN).first()
    if waiting:
        return Outcome.CONFLICT, _("version %(number)s is %(status)s already") % {
            "number": waiting.number,
            "status": waiting.get_status_display().lower(),
        }
    return None


def _draft(described: Described, by: User) -> SchemaVersion:
    function = Function.objects.filter(name=described.name).first()
    intent = (
        function.intent
        if function
        else catalogue.ensure_intents([(described.name, described.domain)], by=by)[
            described.name
        ]
    )
    return schemas.draft(
        intent=intent,
        name=described.name,
        body=described.body,
        by=by,
        description=described.description,
        summary="Imported",
    )


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.iterdir() if _is_json(p))
        else:
            yield path


def _is_json(path: Path) -> bool:
    return path.name.endswith((".json", ".json.gz"))


def _parsed(path: Path) -> Any:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file:
        return _loaded(file.read(MAX_FILE + 1))


def _loaded(raw: bytes) -> Any:
    if len(raw) > MAX_FILE:
        raise ValueError(
            _("the file is longer than %(most)s bytes") % {"most": MAX_FILE}
        )
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError(_("the file is nested too deeply")) from error


def _words(error: Exception) -> str:
    if isinstance(error, AttributeError | TypeError | KeyError):
        message = _("the file is not of the shape it claims to be (%(error)s)")
        return message % {"error": error}
    first = error.args[0] if error.args else ""
    said = translated(first) if isinstance(first, Sentence) else str(error)
    return _("cannot be read: %(error)s") % {"error": said}
