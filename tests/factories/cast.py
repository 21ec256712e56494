"""Small worlds for tests, with a fixed cast: Ana and Ben label, Chen may nothing."""

import hashlib
import itertools
import json
import uuid

from annotations.models import (
    Domain,
    Function,
    Intent,
    QueueItem,
    Reason,
    SchemaVersion,
    Suggestion,
    User,
    Utterance,
)

_numbers = itertools.count(1)

BILL_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "account_number": {"type": "string", "x-placeholder": "ACCOUNT_NUMBER"},
        "bill_month": {"type": "string", "description": "which bill"},
    },
    "required": ["account_number"],
}


def person(username: str, *roles: str) -> User:
    return User.objects.create_user(username, name=username.title(), roles=list(roles))


def ana() -> User:
    return person("ana", "annotator")


def ben() -> User:
    return person("ben", "annotator")


def intent(name: str, domain: str = "billing", **fields: object) -> Intent:
    found, _ = Domain.objects.get_or_create(
        name=domain, defaults={"title": domain.title()}
    )
    return Intent.objects.create(
        name=name,
        title=name.replace("_", " ").capitalize(),
        domain=found,
        **fields,
    )


def live_schema(of: Intent, body: dict | None = None) -> SchemaVersion:
    """A live version 1, proposed by one person and approved by another."""
    n = next(_numbers)
    canonical = json.dumps(body or BILL_SCHEMA, sort_keys=True)
    function = Function.objects.create(name=of.name, intent=of, domain=of.domain)
    return SchemaVersion.objects.create(
        function=function,
        number=1,
        canonical=canonical,
        content_hash=hashlib.sha256(canonical.encode()).hexdigest(),
        status=SchemaVersion.Status.LIVE,
        proposed_by=person(f"author{n}", "product_owner"),
        approved_by=person(f"approver{n}", "product_owner"),
        approved_at=of.created_at,
    )


def utterance(text: str = "", **fields: object) -> Utterance:
    n = next(_numbers)
    text = text or f"why is bill number {n} so high"
    return Utterance.objects.create(
        text=text,
        dedupe_key=hashlib.sha256(f"{n} {text}".encode()).digest(),
        **{
            "split": Utterance.Split.TRAIN,
            "redaction": Utterance.Redaction.FULL,
            "source": "calls",
            **fields,
        },
    )


def item(of: Utterance | None = None, **fields: object) -> QueueItem:
    defaults = {
        "reason": Reason.UNCERTAIN,
        "rank": next(_numbers),
        "draw_probability": 0.5,
    }
    return QueueItem.objects.create(
        utterance=of or utterance(), **{**defaults, **fields}
    )


def suggestion(of: Utterance, *names: str, **fields: object) -> Suggestion:
    shares = [0.6, 0.2, 0.1, 0.06, 0.04]
    return Suggestion.objects.create(
        utterance=of,
        model_name="test-model",
        intents=[
            {"intent": name, "confidence": share}
            for name, share in zip(names, shares, strict=False)
        ],
        **fields,
    )


def new_id() -> uuid.UUID:
    return uuid.uuid4()
