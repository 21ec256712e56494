"""Which request is open before a turn, and what it has already."""

import pytest

from annotations.functions.dialogue import Filled, Said, State, default_act, state_after

PARAMETERS = {"check_bill": ["month", "account"], "pay_bill": ["amount"]}
USUAL = {"yes": "confirms", "details": "continues", "bye": "closes"}


def after(*turns):
    return state_after(
        turns,
        usual_act=lambda intent: USUAL.get(intent, ""),
        parameters_of=lambda intent: PARAMETERS.get(intent, []),
    )


def test_before_any_turn_nothing_is_open():
    assert after() == State()


def test_a_request_opens_with_the_values_that_it_says():
    state = after(Said(1, "check_bill", "new", {"month": "2026-03"}))

    assert state == State("check_bill", {"month": Filled("2026-03", 1)})


def test_later_turns_fill_what_the_open_request_takes():
    state = after(
        Said(1, "check_bill", "", {"month": "2026-03"}),
        Said(3, "details", "", {"account": "[ACCOUNT_NUMBER_1]", "amount": "12.00"}),
    )

    assert state.filled == {
        "month": Filled("2026-03", 1),
        "account": Filled("[ACCOUNT_NUMBER_1]", 3),
    }


def test_a_correction_replaces_the_earlier_value():
    state = after(
        Said(1, "check_bill", "new", {"month": "2026-03"}),
        Said(3, "details", "corrects", {"month": "2026-04"}),
    )

    assert state.filled == {"month": Filled("2026-04", 3)}


def test_another_request_starts_with_nothing_filled():
    state = after(
        Said(1, "check_bill", "new", {"month": "2026-03"}), Said(3, "pay_bill", "new")
    )

    assert state == State("pay_bill")


def test_a_yes_leaves_the_request_open_and_a_goodbye_closes_it():
    request = Said(1, "check_bill", "new")

    assert after(request, Said(3, "yes")).intent == "check_bill"
    assert after(request, Said(3, "bye")) == State()


def test_the_request_said_again_goes_on_with_it():
    again = [Said(1, "check_bill", "new", {"month": "2026-03"}), Said(3, "check_bill")]

    assert after(*again).filled == {"month": Filled("2026-03", 1)}


@pytest.mark.parametrize(
    ("intent", "usual", "opened", "act"),
    [
        ("yes", "confirms", "check_bill", "confirms"),
        ("check_bill", "", "check_bill", "continues"),
        ("pay_bill", "", "check_bill", "new"),
        ("pay_bill", "", "", "new"),
    ],
)
def test_the_default_act_follows_from_intent_and_state(intent, usual, opened, act):
    assert default_act(intent, usual, opened) == act
