"""The warm-up: five made-up items on which a newcomer practises the desk's keys.

Answers to them never leave the page. Stored is only, for each person, that they did
or skipped it.
"""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.errors import InvalidError
from annotations.functions.dialogue import State
from annotations.models import OUT_OF_SCOPE, Annotation, DeskSettings, User, WarmUp
from annotations.services import audit
from annotations.services.desk import DeskItem, SuggestedIntent

CATALOGUE = "warm-up"  # its version, for the page
WHY = gettext_lazy("Made up for practice")
AMOUNT = {
    "name": "amount",
    "type": "number",
    "required": True,
    "description": "how much was charged",
}
# Data like any catalogue, so in one language: (title, domain, description) by name.
INTENTS = {
    "pay_bill": ("Pay a bill", "Billing", "Wants to pay what is owed."),
    "explain_charge": ("Explain a charge", "Billing", "Asks what a charge is for."),
    "dispute_charge": (
        "Dispute a charge",
        "Billing",
        "Says that a charge should not be there.",
    ),
    "change_plan": ("Change the plan", "Plans", "Wants another plan."),
    "book_visit": ("Book a visit", "Support", "Wants a technician to come."),
    "report_outage": ("Report an outage", "Support", "Nothing works where they are."),
    OUT_OF_SCOPE: ("None of these", "Other", "Nothing the bot can do."),
}
# (what the caller says, guesses with their confidence). What is to be done with each
# is the page's (static/js/warm-up.js).
ITEMS = (
    ("i'd like to pay my bill please", {"pay_bill": 0.93, "explain_charge": 0.06}),
    (
        "what is this roaming thing on my bill for",
        {"dispute_charge": 0.61, "explain_charge": 0.33},
    ),
    (
        "the internet has been dead in our street since this morning",
        {"change_plan": 0.34, "book_visit": 0.15},
    ),
    ("twelve dollars for roaming is wrong i was home", {"dispute_charge": 0.9}),
    ("can i pay the rest today", {"pay_bill": 0.88, "change_plan": 0.07}),
)


def items() -> list[DeskItem]:
    """The five, as the desk shows any other."""
    return [
        DeskItem(
            item_id=number,
            text=text,
            context=(),
            turns=(),
            state=State(),
            open_title="",
            acts={},
            why=str(WHY),
            domain="",
            count=1,
            is_blind=False,
            suggestions=tuple(
                SuggestedIntent(name, *INTENTS[name], confidence)
                for name, confidence in guesses.items()
            ),
            parameters=(),
            similar=(),
            lease_expires_at="",
            catalogue=CATALOGUE,
        )
        for number, (text, guesses) in enumerate(ITEMS, start=1)
    ]


def picker_index() -> dict[str, Any]:
    """The intents of the warm-up in the form of `desk.picker_index`."""
    return {
        "version": CATALOGUE,
        "intents": [
            {
                "name": name,
                "title": title,
                "domain": domain,
                "description": description,
                "aliases": [],
                "oos": name == OUT_OF_SCOPE,
                "function": "",
                "schema": None,
                "parameters": [AMOUNT] if name == "dispute_charge" else [],
            }
            for name, (title, domain, description) in INTENTS.items()
        ],
    }


def is_offered(stored: DeskSettings) -> bool:
    """Whether the desk offers it: to whoever neither decided on it nor answered yet."""
    if stored.warm_up != WarmUp.TO_COME:
        return False
    return not Annotation.objects.filter(annotator=stored.user_id).exists()


@transaction.atomic
def end(*, by: User, how: str) -> None:
    """It is stored as done or skipped; once done, it stays done.

    Raises InvalidError where `how` is neither.
    """
    if how not in (WarmUp.DONE, WarmUp.SKIPPED):
        raise InvalidError(_("The warm-up ends done or skipped."))
    stored, _is_new = DeskSettings.objects.select_for_update().get_or_create(user=by)
    if stored.warm_up in (how, WarmUp.DONE):
        return
    stored.warm_up = how
    stored.save(update_fields=["warm_up"])
    audit.record(by=by, action="desk.warm_up_ended", obj=f"user:{by.pk}", how=how)
