"""The demo's people and catalogue. Each function adds nothing when run again."""

from dataclasses import dataclass

from django.db import transaction

from annotations.demo import catalogue as demo
from annotations.demo.catalogue import DemoCatalogue, DemoIntent
from annotations.models import (
    Domain,
    Intent,
    Role,
    SchemaVersion,
    User,
)
from annotations.services import audit, schemas, sign_in

PROPOSER = ("demo-petra", "Petra Novak (demo)", [Role.PRODUCT_OWNER])
APPROVER = ("demo-boris", "Boris Adler (demo)", [Role.PRODUCT_OWNER])
# Name, and how often they choose a look-alike by mistake.
ANNOTATORS = (
    ("demo-ana", "Ana Reyes (demo)", 0.01),
    ("demo-luis", "Luis Ferrer (demo)", 0.02),
    ("demo-mei", "Mei Tanaka (demo)", 0.04),
    ("demo-tom", "Tom Okafor (demo)", 0.06),
)
_REASON = "Reviewed for the demo: names, types and required parameters are right."


@dataclass(frozen=True)
class Cast:
    """Who acts in the demo. None of them has a password or a link."""

    proposer: User
    approver: User
    annotators: tuple[tuple[User, float], ...]  # with their error rate


def ensure_people() -> Cast:
    """A person for each role, to sign in as; and those who did the demo's work.

    The former come first: a newcomer's desk must not hold the demo's answers.
    """
    for role in Role.values:
        sign_in.demo_person(role)
    return Cast(
        proposer=_person(*PROPOSER),
        approver=_person(*APPROVER),
        annotators=tuple(
            (_person(username, name, [Role.ANNOTATOR]), error_rate)
            for username, name, error_rate in ANNOTATORS
        ),
    )


def ensure_intents(cast: Cast) -> tuple[int, int]:
    """All domains and intents; returns how many of each were new."""
    n_domains = n_intents = 0
    for domain in demo.load().domains:
        with transaction.atomic():
            row, is_new = Domain.objects.get_or_create(
                name=domain.name, defaults={"title": domain.title}
            )
            n_domains += is_new
            if is_new:
                _record(cast, "domain", row)
            known = set(Intent.objects.values_list("name", flat=True))
            for intent in domain.intents:
                if intent.name not in known:
                    _record(cast, "intent", _create(intent, row))
                    n_intents += 1
    return n_domains, n_intents


def ensure_functions(cast: Cast, *iterations: int) -> int:
    """Functions with a live schema, of these iterations; returns how many were new."""
    known = demo.load()
    rows = {row.name: row for row in Intent.objects.filter(function__isnull=True)}
    new = 0
    for intent in known.intents:
        wanted = intent.parameters is not None and intent.iteration in iterations
        if wanted and intent.name in rows:
            _sign_off(known, intent, rows[intent.name], cast)
            new += 1
    return new


def _person(username: str, name: str, roles: list[str]) -> User:
    known = User.objects.filter(username=username).first()
    return known or sign_in.create_person(
        username=username, name=name, roles=roles, by=None
    )


def _create(intent: DemoIntent, domain: Domain) -> Intent:
    return Intent.objects.create(
        name=intent.name,
        title=intent.title,
        domain=domain,
        description=intent.description,
        iteration=intent.iteration,
        usual_act=intent.usual_act,
        is_out_of_scope=intent.is_out_of_scope,
    )


def _record(cast: Cast, kind: str, row: Domain | Intent) -> None:
    audit.record(
        by=cast.proposer,
        action=f"{kind}.created",
        obj=f"{kind}:{row.pk}",
        name=row.name,
    )


@transaction.atomic
def _sign_off(
    known: DemoCatalogue, intent: DemoIntent, row: Intent, cast: Cast
) -> SchemaVersion:
    version = schemas.propose(
        intent=row,
        name=intent.name,
        body=demo.function_schema(known, intent),
        by=cast.proposer,
        description=f"{intent.title}. {intent.description}",
    )
    return schemas.approve(version=version, by=cast.approver, reason=_REASON)
