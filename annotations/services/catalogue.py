"""Domains, intents and functions: the parsed catalogue, and what may be added."""

import logging
import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.errors import NotFoundError
from annotations.functions import labels
from annotations.functions.schema import Node, SchemaError, read
from annotations.models import (
    OUT_OF_SCOPE,
    CatalogueStamp,
    ContrastPair,
    Domain,
    Intent,
    SchemaVersion,
    User,
)
from annotations.services import audit, intent_names, prepared

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class IntentCard:
    """An active intent with the live schema of its function, if it has one."""

    id: int
    name: str
    title: str
    domain: str
    domain_title: str
    description: str
    aliases: tuple[str, ...]
    is_out_of_scope: bool
    function: str = ""
    schema_version_id: int | None = None
    schema_number: int | None = None
    parameters: tuple[labels.Parameter, ...] = ()
    # The live schema's tree, which values are held against.
    schema: Node | None = None
    # What a turn with this intent nearly always does in its conversation.
    usual_act: str = ""
    # (other intent, "choose this when …"), where reviewers keep a line.
    contrasts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Catalogue:
    stamp: uuid.UUID
    intents: tuple[IntentCard, ...]

    @cached_property
    def by_name(self) -> dict[str, IntentCard]:
        """By name and by every former name: programs and models may know the old."""
        former = {alias: card for card in self.intents for alias in card.aliases}
        return former | {card.name: card for card in self.intents}

    @cached_property
    def by_id(self) -> dict[int, IntentCard]:
        return {card.id: card for card in self.intents}


def meant(
    guesses: Iterable[tuple[str, float]], cards: Catalogue
) -> list[tuple[IntentCard, float]]:
    """Known intents with their shares, best first.

    A model may know an intent by a former name, or two that are one by now: their
    shares add up.
    """
    shares: dict[int, float] = {}
    for name, share in guesses:
        if card := cards.by_name.get(name):
            shares[card.id] = shares.get(card.id, 0.0) + share
    ordered = sorted(shares.items(), key=lambda one: -one[1])
    return [(cards.by_id[key], share) for key, share in ordered]


STAMP = f"SELECT stamp FROM {CatalogueStamp._meta.db_table} WHERE id = 1"

_lock = threading.Lock()
_kept: Catalogue | None = None


def current(stamp: uuid.UUID | None = None) -> Catalogue:
    """The catalogue as this transaction sees it; one small query where unchanged.

    stamp: for callers who have just read it together with something else.
    """
    global _kept
    if stamp is None:
        [(stamp,)] = prepared.rows(STAMP, ())
    kept = _kept
    if kept is None or kept.stamp != stamp:
        with _lock:
            kept = _kept = _read(stamp)
    return kept


def _read(stamp: uuid.UUID) -> Catalogue:
    live = {
        version.function.intent_id: version
        for version in SchemaVersion.objects.filter(
            status=SchemaVersion.Status.LIVE
        ).select_related("function")
    }
    intents = Intent.objects.filter(is_active=True).select_related("domain")
    lines = _contrast_lines()
    return Catalogue(
        stamp=stamp,
        intents=tuple(
            _card(intent, live.get(intent.pk), lines.get(intent.pk, ()))
            for intent in intents
        ),
    )


def _contrast_lines() -> dict[int, list[tuple[str, str]]]:
    """By intent: the other one's name, and when to choose this instead."""
    lines: dict[int, list[tuple[str, str]]] = {}
    for pair in ContrastPair.objects.select_related("first", "second"):
        for one in (pair.first, pair.second):
            other = pair.other_than(one.pk)
            lines.setdefault(one.pk, []).append((other.name, pair.line_for(one.pk)))
    return lines


def _card(
    intent: Intent, version: SchemaVersion | None, contrasts: Iterable[tuple[str, str]]
) -> IntentCard:
    card = {
        "id": intent.pk,
        "name": intent.name,
        "title": intent.title,
        "domain": intent.domain.name,
        "domain_title": intent.domain.title,
        "description": intent.description,
        "aliases": tuple(intent.aliases),
        "is_out_of_scope": intent.is_out_of_scope,
        "usual_act": intent.usual_act,
        "contrasts": tuple(contrasts),
    }
    if version:
        card |= {
            "function": version.function.name,
            "schema_version_id": version.pk,
            "schema_number": version.number,
            "parameters": labels.parameters(version.body),
            "schema": _tree(version),
        }
    return IntentCard(**card)


def _tree(version: SchemaVersion) -> Node | None:
    """The schema's tree; None for a text that today's rules no longer read.

    One such version must not close every desk: its labels go without value checks.
    """
    try:
        return read(version.canonical)
    except SchemaError as refused:
        logger.error(
            "live schema cannot be read",
            extra={"schema": version.pk, "faults": len(refused.faults)},
        )
        return None


@transaction.atomic
def ensure_intents(
    names: Iterable[tuple[str, str]], *, by: User | None, iteration: int = 3
) -> dict[str, Intent]:
    """Every named intent exists afterwards; returns them by the names asked for.

    names: (intent, domain) pairs; an intent already there keeps its domain.
    """
    wanted = dict(names)
    known = intent_names.resolved(wanted)
    domains = {d.name: d for d in Domain.objects.all()}
    for name in sorted(set(wanted) - set(known)):
        domain = domains.get(wanted[name])
        if domain is None:
            domain = domains[wanted[name]] = Domain.objects.create(
                name=wanted[name], title=wanted[name].replace("_", " ").capitalize()
            )
        known[name] = Intent.objects.create(
            name=name,
            title=name.replace("_", " ").capitalize(),
            domain=domain,
            iteration=iteration,
            is_out_of_scope=name == OUT_OF_SCOPE,
        )
        audit.record(
            by=by, action="intent.created", obj=f"intent:{known[name].pk}", name=name
        )
    return known


def intent_named(name: str) -> Intent:
    """The intent of this name, or of this former name. Raises NotFoundError."""
    listed = Intent.objects.select_related("domain", "function")
    found = (
        listed.filter(name=name).first()
        or listed.filter(is_active=True, aliases__contains=[name]).first()
    )
    if found is None:
        raise NotFoundError(_("There is no intent “%(name)s”.") % {"name": name})
    return found
