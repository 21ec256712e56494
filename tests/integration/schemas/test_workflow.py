"""Drafts, decisions, emergencies: who may do what to which version, and when."""

import pytest

from annotations.errors import ConflictError, InvalidError, NotAllowedError
from annotations.models import AuditEvent, LabelMigration, SchemaRemark
from annotations.services import schemas
from tests.factories import cast
from tests.unit.annotations.functions.pairs import fn, s

pytestmark = pytest.mark.django_db

REASON = "agreed with billing operations"


@pytest.fixture
def drafted(boris):
    return schemas.draft(
        intent=cast.intent("check_bill"), name="check_bill", body=fn(a=s()), by=boris
    )


@pytest.fixture
def in_review(drafted, boris):
    return schemas.submit(version=drafted, by=boris)


def remarks(version):
    return list(version.remarks.values_list("kind", flat=True))


def test_a_draft_is_not_live_and_cannot_be_approved(drafted, dana):
    assert schemas.live_of(drafted.function) is None
    with pytest.raises(ConflictError, match="not in review"):
        schemas.approve(version=drafted, by=dana, reason=REASON)


def test_an_edit_voids_an_approval(in_review, boris, dana):
    approved = schemas.approve(
        version=in_review, by=dana, reason=REASON, put_live=False
    )

    edited = schemas.edit(version=approved, by=boris, body=fn(a=s(), b=s()))

    assert edited.status == "draft"
    assert edited.approved_by is None
    assert remarks(edited) == ["submitted", "approved", "voided"]


def test_only_the_author_edits(drafted, dana):
    with pytest.raises(NotAllowedError, match="Only its author"):
        schemas.edit(version=drafted, by=dana, body=fn())


def test_a_live_version_cannot_be_edited(in_review, boris, dana):
    live = schemas.approve(version=in_review, by=dana, reason=REASON)

    with pytest.raises(ConflictError, match="propose a new version"):
        schemas.edit(version=live, by=boris, body=fn())


def test_an_approval_is_of_the_text_that_was_read(in_review, boris, dana):
    read_then = in_review.content_hash
    edited = schemas.edit(version=in_review, by=boris, body=fn(b=s()))
    schemas.submit(version=edited, by=boris)

    with pytest.raises(ConflictError, match="edited since"):
        schemas.approve(version=edited, by=dana, reason=REASON, content_hash=read_then)


def test_a_domain_with_owners_is_decided_by_them(in_review, dana):
    owner = cast.person("olga", "product_owner")
    in_review.function.domain.owners.add(owner)

    with pytest.raises(NotAllowedError, match="owners of Billing"):
        schemas.approve(version=in_review, by=dana, reason=REASON)

    assert schemas.approve(version=in_review, by=owner, reason=REASON).status == "live"


def test_reject_gives_the_draft_back_with_the_reason(in_review, boris, dana):
    rejected = schemas.reject(version=in_review, by=dana, reason="name the month too")

    assert rejected.status == "draft"
    last = SchemaRemark.objects.filter(kind="rejected").get()
    assert (last.by, last.text) == (dana, "name the month too")
    assert schemas.submit(version=rejected, by=boris).status == "in_review"


def test_an_example_that_does_not_do_what_it_promises_stops_the_submission(
    drafted, boris
):
    schemas.edit(
        version=drafted,
        by=boris,
        body=fn("a", a=s()),
        examples=[
            {"arguments": {"a": "x"}, "valid": True},
            {"arguments": {}, "valid": True},
            {"arguments": {"a": "y"}, "valid": False},
        ],
    )

    with pytest.raises(InvalidError) as refused:
        schemas.submit(version=drafted, by=boris)

    assert "Example 2 must pass" in refused.value.message
    assert "Example 3 must fail" in refused.value.message


def test_an_emergency_takes_two_people_and_owes_a_review(in_review, boris, dana):
    olga = cast.person("olga", "product_owner")

    for second in (dana, boris):
        with pytest.raises(NotAllowedError):
            schemas.approve_in_emergency(
                version=in_review, by=dana, second=second, reason=REASON
            )
    live = schemas.approve_in_emergency(
        version=in_review, by=dana, second=olga, reason=REASON
    )

    assert (live.status, live.is_emergency) == ("live", True)
    with pytest.raises(NotAllowedError, match="did not approve"):
        schemas.follow_up(version=live, by=olga, reason=REASON)
    third = cast.person("pia", "product_owner")
    assert schemas.follow_up(version=live, by=third, reason=REASON).followed_up_by


def test_publishing_names_the_version_by_its_changes(in_review, boris, dana):
    first = schemas.approve(version=in_review, by=dana, reason=REASON)
    versions = [first.version]
    for body in (fn(a=s(), b=s()), fn(a=s(description="which"), b=s()), fn(b=s())):
        next_one = schemas.propose(
            intent=first.function.intent, name="check_bill", body=body, by=boris
        )
        live = schemas.approve(version=next_one, by=dana, reason=REASON)
        versions.append(live.version)

    assert versions == ["1.0.0", "1.1.0", "1.1.1", "2.0.0"]
    assert LabelMigration.objects.count() == 3


def test_a_deprecated_version_can_be_retired_and_no_other(in_review, boris, dana):
    first = schemas.approve(version=in_review, by=dana, reason=REASON)
    with pytest.raises(ConflictError):
        schemas.retire(version=first, by=dana)
    second = schemas.propose(
        intent=first.function.intent, name="check_bill", body=fn(), by=boris
    )
    schemas.approve(version=second, by=dana, reason=REASON)

    assert schemas.retire(version=first, by=dana).status == "retired"


def test_a_rename_must_lead_from_a_gone_to_a_new_parameter(in_review, boris, dana):
    live = schemas.approve(version=in_review, by=dana, reason=REASON)

    with pytest.raises(InvalidError, match="cannot become"):
        schemas.draft(
            intent=live.function.intent,
            name="check_bill",
            body=fn(a=s(), b=s()),
            by=boris,
            renames={"a": "b"},
        )


def test_every_step_is_in_the_trail(in_review, dana):
    schemas.comment(version=in_review, by=dana, text="why not the month?")
    schemas.approve(version=in_review, by=dana, reason=REASON)

    actions = AuditEvent.objects.filter(object=f"schema:{in_review.pk}")
    assert set(actions.values_list("action", flat=True)) == {
        "schema.drafted",
        "schema.submitted",
        "schema.commented",
        "schema.approved",
        "schema.published",
    }
