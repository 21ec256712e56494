"""Pages say what became of a promoted model, and how it came to serve."""

import pytest
from django.test import Client

from tests.factories import rounds as factory
from training.models import DriftCheck, Policy, Round
from training.services import checkpoints, promotion, rounds
from training.services.rounds import Status

pytestmark = pytest.mark.django_db
REASON = "callers were sent to the wrong desk"


@pytest.fixture
def mia():
    client = Client()
    client.force_login(factory.engineer())
    return client


def text_of(answer) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.fixture
def promoted(tmp_path):
    """Promotes a model of its own round, in place of the one that serves."""
    policy = factory.policy()
    serving = []

    def promote(name: str, **fields: object) -> Round:
        found = Round.objects.create(
            policy=policy,
            recipe="head",
            status=Status.PROMOTED,
            started_at="2026-03-02T09:00Z",
            finished_at="2026-03-02T09:00:40Z",
            cause=f"cause of {name}",
        )
        made = factory.checkpoint(
            name, tmp_path / name, factory.SAYINGS, round=found, **fields
        )
        found.challenger = made
        found.save()
        before = serving[-1] if serving else None
        promotion.promote(checkpoint=made, reason=REASON, by=None, instead_of=before)
        serving.append(made)
        return found

    return promote


def roll_back() -> None:
    promotion.roll_back(
        by=factory.engineer(), reason=REASON, instead_of=checkpoints.champion()
    )


def row_of(page: str, found: Round) -> str:
    start = page.index(f'id="round-{found.pk}"')
    return page[start : page.index("</tr>", start)]


def test_a_round_whose_model_was_rolled_back_says_so(mia, promoted):
    first, second = promoted("one"), promoted("two")
    roll_back()

    page = text_of(mia.get(f"/rounds/{second.pk}"))
    assert "It was rolled back on" in page
    assert f"Mia had one serve again: “{REASON}”" in page
    assert "It serves now." in text_of(mia.get(f"/rounds/{first.pk}"))
    listed = text_of(mia.get("/rounds"))
    assert "rolled back" in row_of(listed, second)
    assert "serves now" in row_of(listed, first)
    assert "rolled back" not in row_of(listed, first)


def test_a_round_whose_model_was_followed_by_a_better_one_was_not_rolled_back(
    mia, promoted
):
    first, _ = promoted("one"), promoted("two")

    page = text_of(mia.get(f"/rounds/{first.pk}"))

    assert "when two took over." in page and "rolled back" not in page
    assert "rolled back" not in text_of(mia.get("/rounds"))


def test_a_model_that_came_back_after_its_roll_back_only_took_over_again(mia, promoted):
    first, second = promoted("one"), promoted("two")
    for _ in range(2):
        roll_back()

    page = text_of(mia.get(f"/rounds/{first.pk}"))

    assert "when two took over." in page and "rolled back" not in page
    assert "It serves now." in text_of(mia.get(f"/rounds/{second.pk}"))


def test_the_list_tells_who_brought_which_model_back_and_why(mia, promoted):
    promoted("one")
    promoted("two")
    roll_back()

    page = text_of(mia.get("/rounds"))

    served = page[page.index('id="history"') : page.index('id="all"')]
    assert served.index("brought back by Mia") < served.index("/models/two")
    assert f"<p>{REASON}</p>" in served
    assert served.count("promoted by the policy") == 2


def test_a_model_promoted_against_the_gate_is_marked(mia, promoted):
    found = promoted("one", gate_passed=False)

    assert "against the gate" in row_of(text_of(mia.get("/rounds")), found)
    page = text_of(mia.get(f"/rounds/{found.pk}"))
    assert "The challenger was promoted against the gate after 40 s." in page


def test_the_list_says_on_how_many_items_models_were_compared(mia, promoted):
    found = promoted("one")
    compared = {"n": 358, "champion_accuracy": 0.5, "challenger_accuracy": 0.75}
    Round.objects.filter(pk=found.pk).update(verdict={"comparison": compared})

    row = row_of(text_of(mia.get("/rounds")), found)

    assert '50.0 % → 75.0 % <small class="soft">of 358</small>' in row


def test_a_round_leads_to_the_drift_check_that_opened_it(mia, promoted):
    found = promoted("one")
    check = DriftCheck.objects.create(
        cause="a test",
        checkpoint=found.challenger,
        round=found,
        reference_from="2026-01-01T00:00Z",
        reference_to="2026-02-01T00:00Z",
        window_from="2026-02-01T00:00Z",
        window_to="2026-03-01T00:00Z",
    )

    assert f'href="/drift/{check.pk}"' in text_of(mia.get(f"/rounds/{found.pk}"))


def test_a_policy_that_rests_can_still_be_started_by_hand(mia):
    Policy.objects.update(is_active=False)

    page = text_of(mia.get("/rounds"))

    assert page.count("does not start by itself") == 3
    assert 'href="/rounds/start?policy=2"' in page


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.FAILED])
def test_a_step_that_was_broken_off_is_not_called_done(mia, status):
    factory.world()
    found = rounds.request(policy=factory.policy(), cause="a test", by=None)
    claim = rounds.claim(found.pk, worker="here")
    rounds.enter(claim, Status.SNAPSHOT)
    rounds.enter(claim, Status.TRAINING)
    rounds.finish(claim, status)

    page = text_of(mia.get(f"/rounds/{found.pk}"))

    steps = page[page.index('id="steps"') : page.index("</ol>")]
    assert (steps.count(">done<"), steps.count(">broken off<")) == (1, 1)
    assert steps.count(">not reached<") == 2 and ">to come<" not in steps
