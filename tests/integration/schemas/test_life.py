"""A schema version goes live only by another person's approval of its very text."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from annotations.errors import ConflictError, InvalidError, NotAllowedError
from annotations.models import AuditEvent, SchemaVersion
from annotations.services import catalogue, schemas
from tests.factories import cast

pytestmark = pytest.mark.django_db

REASON = "agreed with billing operations"


@pytest.fixture
def proposed(boris):
    return schemas.propose(
        intent=cast.intent("check_bill"),
        name="check_bill",
        body=cast.BILL_SCHEMA,
        by=boris,
    )


def test_approve_makes_the_version_live_and_retires_the_one_before(
    proposed, boris, dana
):
    schemas.approve(version=proposed, by=dana, reason=REASON)
    second = schemas.propose(
        intent=proposed.function.intent,
        name="check_bill",
        body={**cast.BILL_SCHEMA, "required": []},
        by=boris,
    )
    schemas.approve(version=second, by=dana, reason=REASON)

    statuses = SchemaVersion.objects.order_by("number").values_list("status", flat=True)
    assert list(statuses) == ["deprecated", "live"]
    assert AuditEvent.objects.filter(action="schema.approved").count() == 2


def test_approve_refuses_the_author(proposed, boris):
    with pytest.raises(NotAllowedError, match="You proposed"):
        schemas.approve(version=proposed, by=boris, reason=REASON)


def test_the_database_refuses_the_author_too(proposed, boris):
    with pytest.raises(IntegrityError), transaction.atomic():
        SchemaVersion.objects.filter(pk=proposed.pk).update(
            status="live", approved_by=boris, approved_at=proposed.proposed_at
        )


def test_approve_needs_a_reason(proposed, dana):
    with pytest.raises(InvalidError, match="at least 10"):
        schemas.approve(version=proposed, by=dana, reason="ok")


def test_approve_twice_is_a_conflict(proposed, dana):
    schemas.approve(version=proposed, by=dana, reason=REASON)

    with pytest.raises(ConflictError):
        schemas.approve(version=proposed, by=dana, reason=REASON)


def test_an_open_schema_is_refused(boris):
    with pytest.raises(InvalidError, match="closed"):
        schemas.propose(
            intent=cast.intent("x"), name="x", body={"type": "object"}, by=boris
        )


def test_the_text_of_an_approved_version_cannot_be_edited(proposed, dana):
    schemas.approve(version=proposed, by=dana, reason=REASON)

    with pytest.raises(DatabaseError), transaction.atomic():
        SchemaVersion.objects.filter(pk=proposed.pk).update(canonical="{}")


def test_the_hash_must_be_that_of_the_text(proposed):
    with pytest.raises(IntegrityError), transaction.atomic():
        SchemaVersion.objects.filter(pk=proposed.pk).update(content_hash="0" * 64)


def test_the_catalogue_knows_a_schema_as_soon_as_it_is_live(proposed, dana):
    before = catalogue.current().by_name["check_bill"]
    schemas.approve(version=proposed, by=dana, reason=REASON)
    after = catalogue.current().by_name["check_bill"]

    assert before.parameters == ()
    assert [p.name for p in after.parameters] == ["account_number", "bill_month"]
    assert after.parameters[0].placeholder == "ACCOUNT_NUMBER"


def test_a_live_text_that_no_longer_reads_does_not_close_the_desk():
    cast.live_schema(cast.intent("odd"), {"type": "object", "properties": {}})

    card = catalogue.current().by_name["odd"]

    assert card.schema is None
    assert card.schema_number == 1
