"""Where turns take a conversation: one rule a test, no model and no database."""

import uuid
from datetime import date

import pytest

from annotations.functions import schema
from annotations.functions.labels import parameters
from annotations.services.catalogue import Catalogue, IntentCard
from training.ml.data import Span
from training.serving.dialogue import Outcome, Reason, State, advance
from training.serving.predictor import Prediction

TODAY = date(2026, 11, 22)
ACCOUNT = {
    "type": "string",
    "x-placeholder": "ACCOUNT_NUMBER",
    "x-prompt": "What is your account number?",
}
MONTH = {"type": "string", "format": "month", "x-prompt": "Which month?"}
NOTE = {"type": "string"}


def card(
    name: str, function: str = "", optional=(), usual_act: str = "", **rules: dict
) -> IntentCard:
    body = {
        "type": "object",
        "additionalProperties": False,
        "properties": rules,
        "required": [name for name in rules if name not in optional],
    }
    return IntentCard(
        id=hash(name),
        name=name,
        title=name.replace("_", " ").capitalize(),
        domain="billing",
        domain_title="Billing",
        description="",
        aliases=(),
        is_out_of_scope=name == "oos",
        function=function,
        parameters=parameters(body),
        schema=schema.build(body),
        usual_act=usual_act,
    )


CARDS = Catalogue(
    uuid.UUID(int=1),
    (
        card(
            "check_bill",
            "check_bill_status",
            ["note"],
            account_number=ACCOUNT,
            bill_month=MONTH,
            note=NOTE,
        ),
        card("pay_bill", "pay_bill", account_number=ACCOUNT),
        card("greet"),
        card("yes", usual_act="confirms"),
        card("bye", usual_act="closes"),
        card("say_city", "say_city", city={"type": "string"}),
        card("oos"),
    ),
)


def guess(
    *intents: tuple[str, float], spans=(), fallback=False, oos=False, act=("", 0.0)
):
    return Prediction(
        intents=intents,
        is_fallback=fallback,
        spans=tuple(Span(0, 1, param, value) for param, value in spans),
        scope_score=0.0,
        is_named_out_of_scope=oos,
        act=act[0],
        act_confidence=act[1],
    )


def turn(state: State, text: str, prediction: Prediction):
    return advance(state, text, prediction, CARDS, today=TODAY)


def test_what_is_missing_is_asked_for_in_the_schemas_order():
    reply = turn(State(), "my bill please", guess(("check_bill", 0.9), ("greet", 0.05)))

    assert reply.outcome == Outcome.ASK
    assert reply.missing == ("account_number", "bill_month")
    assert reply.prompt == "What is your account number?"
    assert reply.state == State("check_bill", {}, "account_number")


def test_an_answer_fills_what_was_asked_whatever_the_model_makes_of_it():
    asked = State("check_bill", {}, "account_number")

    reply = turn(
        asked, "it is [ACCOUNT_NUMBER_1]", guess(("greet", 0.4), fallback=True)
    )

    assert reply.state.arguments == {"account_number": "[ACCOUNT_NUMBER_1]"}
    assert reply.missing == ("bill_month",)


def test_the_call_is_made_once_everything_is_known():
    asked = State("check_bill", {"account_number": "[ACCOUNT_NUMBER_1]"}, "bill_month")

    reply = turn(asked, "march", guess(("greet", 0.5), ("check_bill", 0.3)))

    assert reply.outcome == Outcome.CALL
    assert reply.function == "check_bill_status"
    assert reply.state.arguments["bill_month"] == "2026-03"
    assert reply.state.asked == ""


def test_a_value_said_again_replaces_the_one_before():
    done = State("check_bill", {"account_number": "[ACCOUNT_NUMBER_1]",
                                "bill_month": "2026-03"})  # fmt: skip

    reply = turn(
        done, "no i meant april",
        guess(("check_bill", 0.7), ("greet", 0.1), spans=[("bill_month", "april")]),
    )  # fmt: skip

    assert reply.outcome == Outcome.CALL
    assert reply.state.arguments["bill_month"] == "2026-04"
    assert reply.state.arguments["account_number"] == "[ACCOUNT_NUMBER_1]"


def test_a_sure_other_request_opens_its_own_function_with_nothing_filled():
    asked = State("check_bill", {"bill_month": "2026-03"}, "account_number")

    reply = turn(asked, "i want to pay", guess(("pay_bill", 0.9), ("greet", 0.05)))

    assert reply.state == State("pay_bill", {}, "account_number")


def test_an_unsure_other_guess_that_answers_nothing_does_not_fill_anything():
    asked = State("check_bill", {}, "bill_month")

    reply = turn(asked, "uh hello there", guess(("greet", 0.5), ("pay_bill", 0.2)))

    assert reply.outcome == Outcome.INTENT
    assert reply.state.intent == "greet"


def test_free_text_is_an_answer_only_where_it_is_nothing_else():
    asked = State("say_city", {}, "city")

    unknown = turn(asked, "springfield", guess(("greet", 0.3), fallback=True))
    known = turn(asked, "good morning", guess(("greet", 0.9), ("pay_bill", 0.05)))

    assert unknown.state.arguments == {"city": "springfield"}
    assert known.outcome == Outcome.INTENT


def test_two_intents_about_as_likely_are_asked_about():
    reply = turn(State(), "my bill", guess(("check_bill", 0.45), ("pay_bill", 0.42)))

    assert reply.outcome == Outcome.CLARIFY
    assert "Check bill" in reply.prompt and "Pay bill" in reply.prompt
    assert reply.state == State()


@pytest.mark.parametrize(
    ("prediction", "reason"),
    [
        (guess(("oos", 0.8), ("greet", 0.1), fallback=True, oos=True),
         Reason.OUT_OF_SCOPE),
        (guess(("greet", 0.3), ("oos", 0.2), fallback=True), Reason.UNFAMILIAR),
        (guess(("dropped_intent", 0.9), ("greet", 0.05)), Reason.NOT_IN_USE),
    ],
)  # fmt: skip
def test_a_fallback_says_why_and_keeps_the_open_request(prediction, reason):
    asked = State("check_bill", {"bill_month": "2026-03"}, "account_number")

    reply = turn(asked, "tell me something about the weather on mars today please",
                 prediction)  # fmt: skip

    assert (reply.outcome, reply.reason) == (Outcome.FALLBACK, reason)
    assert reply.state == asked


def test_a_state_survives_storing():
    state = State("check_bill", {"bill_month": "2026-03"}, "account_number")

    assert State.from_json(state.as_json()) == state
    assert State.from_json({}) == State()


def test_a_month_is_not_ahead_unless_it_is_said():
    asked = State("check_bill", {"account_number": "[ACCOUNT_NUMBER_1]"}, "bill_month")

    reply = turn(asked, "december", guess(("greet", 0.2), fallback=True))

    assert reply.state.arguments["bill_month"] == "2025-12"


ASKED = State("check_bill", {"bill_month": "2026-03"}, "account_number")
DONE = State(
    "check_bill", {"account_number": "[ACCOUNT_NUMBER_1]", "bill_month": "2026-03"}
)


@pytest.mark.parametrize(
    "said",
    [
        guess(("yes", 0.9), ("greet", 0.05)),
        guess(("greet", 0.7), ("yes", 0.1), act=("confirms", 0.95)),
        guess(("greet", 0.3), fallback=True, act=("continues", 0.9)),
    ],
    ids=["by what its intent does", "by what was heard", "without an intent"],
)
def test_a_turn_that_goes_on_without_a_value_is_asked_again(said):
    reply = turn(ASKED, "yes that would be really lovely of you if you could", said)

    assert reply.outcome == Outcome.ASK
    assert reply.missing == ("account_number",)
    assert reply.state == ASKED


def test_a_yes_after_the_call_keeps_the_request_and_calls_nothing_again():
    reply = turn(DONE, "yes", guess(("yes", 0.9), ("greet", 0.05)))

    assert reply.outcome == Outcome.INTENT
    assert reply.state == DONE


def test_a_yes_to_nothing_is_an_intent_like_any_other():
    reply = turn(State(), "yes", guess(("yes", 0.9), ("greet", 0.05)))

    assert (reply.outcome, reply.state) == (Outcome.INTENT, State("yes"))


@pytest.mark.parametrize("state", [ASKED, DONE, State()])
def test_a_closing_turn_leaves_nothing_open(state):
    reply = turn(state, "goodbye", guess(("bye", 0.9), ("greet", 0.05)))

    assert (reply.outcome, reply.state) == (Outcome.INTENT, State())


def test_the_same_request_made_anew_begins_with_nothing_once_it_was_done():
    said = guess(("check_bill", 0.9), ("greet", 0.05), act=("new", 0.95),
                 spans=[("bill_month", "april")])  # fmt: skip

    again = turn(DONE, "and my bill for april", said)
    meanwhile = turn(ASKED, "my bill for april", said)

    assert again.state.arguments == {"bill_month": "2026-04"}
    assert again.missing == ("account_number",)
    # Still being asked, a caller repeats what the request is.
    assert meanwhile.state == State(
        "check_bill", {"bill_month": "2026-04"}, "account_number"
    )


def test_another_function_named_surely_is_a_new_request_whatever_the_turn_does():
    said = guess(("pay_bill", 0.9), ("greet", 0.05), act=("corrects", 0.95))

    reply = turn(ASKED, "no i meant to pay", said)

    assert reply.state == State("pay_bill", {}, "account_number")


def test_an_act_that_is_not_sure_changes_nothing():
    said = guess(("greet", 0.7), ("yes", 0.1), act=("closes", 0.6))

    reply = turn(ASKED, "well hello", said)

    assert reply == turn(ASKED, "well hello", guess(("greet", 0.7), ("yes", 0.1)))


def test_a_closing_turn_asks_for_nothing_whatever_intent_it_is_taken_for():
    said = guess(("check_bill", 0.9), ("greet", 0.05), act=("closes", 0.95))

    reply = turn(ASKED, "no that was all about my bill thanks", said)

    assert (reply.outcome, reply.state) == (Outcome.INTENT, State())


@pytest.mark.parametrize("intent", ["check_bill", "pay_bill"])
def test_a_yes_after_the_call_calls_nothing_whatever_intent_it_is_taken_for(intent):
    said = guess((intent, 0.55), ("greet", 0.2), act=("confirms", 0.95))

    reply = turn(DONE, "yes please do", said)

    assert (reply.outcome, reply.state) == (Outcome.INTENT, DONE)


def test_a_value_that_both_functions_take_does_not_hold_back_another_request():
    asked = State("check_bill", {}, "bill_month")
    said = guess(
        ("pay_bill", 0.95), ("greet", 0.02),
        spans=[("account_number", "[ACCOUNT_NUMBER_1]")],
    )  # fmt: skip

    reply = turn(asked, "i want to pay for account [ACCOUNT_NUMBER_1]", said)

    assert reply.state == State("pay_bill", {"account_number": "[ACCOUNT_NUMBER_1]"})


def test_a_value_that_only_the_open_function_takes_answers_it():
    asked = State("check_bill", {}, "account_number")
    said = guess(
        ("pay_bill", 0.95), ("greet", 0.02), spans=[("bill_month", "march")]
    )  # fmt: skip

    reply = turn(asked, "the one of march", said)

    assert reply.state == State(
        "check_bill", {"bill_month": "2026-03"}, "account_number"
    )


@pytest.mark.parametrize(
    ("asked", "said", "value"),
    [
        ("account_number", "it is [ACCOUNT_NUMBER_1]", "[ACCOUNT_NUMBER_1]"),
        ("bill_month", "march please", "2026-03"),
    ],
)
def test_what_was_asked_for_is_an_answer_though_an_intent_without_function_is_sure(
    asked, said, value
):
    reply = turn(
        State("check_bill", {}, asked), said, guess(("greet", 0.9), ("pay_bill", 0.05))
    )

    assert reply.state.arguments == {asked: value}


def test_a_parameter_that_the_live_schema_has_dropped_is_not_called_with():
    done = State("check_bill", {**DONE.arguments, "branch": "north"})

    reply = turn(
        done, "no i meant april",
        guess(("check_bill", 0.7), ("greet", 0.1), spans=[("bill_month", "april")]),
    )  # fmt: skip

    assert reply.outcome == Outcome.CALL
    assert reply.state.arguments == {
        "account_number": "[ACCOUNT_NUMBER_1]", "bill_month": "2026-04",
    }  # fmt: skip


@pytest.mark.parametrize("said", ["i do not know it", "[NAME_1]", "wait a moment"])
def test_words_without_a_digit_are_no_account_number(said):
    unknown = guess(("greet", 0.3), fallback=True)

    reply = turn(ASKED, said, unknown)

    assert (reply.outcome, reply.state) == (Outcome.FALLBACK, ASKED)
    assert turn(ASKED, "it is four one double two", unknown).state == ASKED
    assert turn(ASKED, "four one double two", unknown).state.arguments == {
        "account_number": "4122", "bill_month": "2026-03",
    }  # fmt: skip


@pytest.mark.parametrize(
    "said", ["yes", "no thank you", "uh okay sure", "Yes, please."]
)
def test_a_yes_or_a_no_is_no_free_text(said):
    asked = State("say_city", {}, "city")

    reply = turn(asked, said, guess(("greet", 0.3), fallback=True))

    assert (reply.outcome, reply.state) == (Outcome.FALLBACK, asked)
