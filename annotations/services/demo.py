"""The demo's people and catalogue. Each function adds nothing when run again."""

from dataclasses import dataclass

from django.db import transaction

from annotations.demo import catalogue as demo
from annotations.demo.catalogue import DemoCatalogue, DemoIntent
from annotations.models import (
    Domain,
    Function,
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


@dataclass
class CatalogueCount:
    domains: int = 0
    intents: int = 0
    functions: int = 0


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


def ensure_catalogue(cast: Cast) -> CatalogueCount:
    """Domains, intents and functions with a live schema; returns what was new."""
    known = demo.load()
    count = CatalogueCount()
    for domain in known.domains:
        with transaction.atomic():
            row, is_new = Domain.objects.get_or_create(
                name=domain.name, defaults={"title": domain.title}
            )
            if is_new:
                count.domains += 1
                audit.record(
                    by=cast.proposer,
                    action="domain.created",
                    obj=f"domain:{row.pk}",
                    name=row.name,
                )
            for intent in domain.intents:
                _ensure_intent(known, intent, row, cast, count)
    return count


def _person(username: str, name: str, roles: list[str]) -> User:
    known = User.objects.filter(username=username).first()
    return known or sign_in.create_person(
        username=username, name=name, roles=roles, by=None
    )


def _ensure_intent(
    known: DemoCatalogue,
    intent: DemoIntent,
    domain: Domain,
    cast: Cast,
    count: CatalogueCount,
) -> None:
    row, is_new = Intent.objects.get_or_create(
        name=intent.name,
        defaults={
            "title": intent.title,
            "domain": domain,
            "description": intent.description,
            "iteration": intent.iteration,
            "is_out_of_scope": intent.is_out_of_scope,
        },
    )
    if is_new:
        count.intents += 1
        audit.record(
            by=cast.proposer,
            action="intent.created",
            obj=f"intent:{row.pk}",
            name=row.name,
        )
    if intent.parameters is not None and not Function.objects.filter(intent=row):
        count.functions += 1
        _sign_off(known, intent, row, cast)


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
