"""The report on agreement, intent by intent."""

import pytest

from annotations.models import Annotation, Intent
from annotations.services import agreement_report
from tests.factories import cast
from tests.integration.security.conftest import client_of

pytestmark = pytest.mark.django_db


def said(person, utterance, intent: Intent) -> None:
    Annotation.objects.create(
        id=cast.new_id(), kind="label", utterance=utterance, annotator=person,
        intent=intent, body_hash="0" * 64,
    )  # fmt: skip


@pytest.fixture
def answers(db):
    """Twenty utterances of two intents that agree but for one, and one of a third."""
    ana, ben = cast.ana(), cast.ben()
    bill, pay, rare = (cast.intent(name) for name in ("bill", "pay", "rare"))
    for n in range(20):
        utterance = cast.utterance(status="labeled")
        said(ana, utterance, bill if n % 2 else pay)
        said(ben, utterance, bill if n % 2 or not n else pay)
    alone = cast.utterance(status="labeled")
    for person in (ana, ben):
        said(person, alone, rare)


def test_one_utterance_of_an_intent_gives_no_interval(answers):
    rows = {row.detail: row for row in agreement_report.report(days=1).intents}

    assert rows["rare"].alpha.n_units == 1
    assert rows["rare"].alpha.interval is None
    assert rows["bill"].alpha.interval is not None


def test_the_page_says_why_there_is_no_interval(answers):
    page = client_of(cast.person("mia", "ml_engineer")).get("/review/agreement")

    assert "one utterance gives none" in page.content.decode()
    assert "1.00 to 1.00" not in page.content.decode()
