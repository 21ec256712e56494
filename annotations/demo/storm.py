"""The storm: from one day on many callers ask what hardly anybody asked before.

It gives a model that learned earlier something to be checked on: other words, and
other shares of the intents.
"""

from datetime import datetime, timedelta

from annotations.demo import grammar
from annotations.demo.dice import Dice, Weighted

# It began so long before the end of the calls, and they still call: a month of calls
# is a month of it, so that a look at the last one finds it in both halves.
DAYS = 30
# Of the requests since. Of all that callers say it is three in ten, as most of that
# answers the bot's questions; a look at drift tells from two in ten on.
SHARE = 0.8

_LINES = {
    "report_outage": (
        "(the|a) tree (fell on|took down|pulled down) the fiber line (behind|next to) "
        "(my|our) house",
        "since the storm (our fiber|the fiber box|the new fiber line) is dead",
        "the fiber (cabinet|line) on our street is (flooded|torn|under water)",
        "lightning hit (the pole|our roof) and the fiber (is gone|light is red)",
        "the storm knocked out the fiber (on our street|for the whole block|)",
    ),
    "restoration_time": (
        "when (will|does) the storm crew (get to|fix the fiber on) our street",
        "how long until the fiber is (spliced|repaired|back) after the storm",
        "(is there|do you have) a date for the storm repairs (in {zip_code}|)",
        "you said the storm damage (is|would be) fixed by (monday|the weekend)",
    ),
    "outage_credit": (
        "do i (get|have) a (storm credit|credit) for the days without fiber",
        "(i want|can i have) money back for the week the storm took our fiber",
        "who pays for the (days|week) without service since the storm",
    ),
    "check_outage_status": (
        "is our (street|zip code) on the storm map",
        "is the fiber in {zip_code} still down from the storm",
    ),
}
_WEIGHTS = (44, 28, 18, 10)
LINES = {
    name: tuple(grammar.parse(line) for line in lines) for name, lines in _LINES.items()
}
_INTENTS = Weighted(tuple(LINES), _WEIGHTS)


def has_begun(at: datetime, ends_at: datetime) -> bool:
    """Whether it had at that time, in calls that end then."""
    return at >= ends_at - timedelta(days=DAYS)


def ask(dice: Dice) -> tuple[str, str]:
    """An intent and how a caller in the storm asks for it; slots stay as `{name}`."""
    name = dice.weighted(_INTENTS)
    return name, dice.pick(LINES[name]).expand(dice)
