"""Utterances of a telecom's callers, the same for every contestant and every run."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

TEMPLATES = (
    "i want to pay {amount} on my {plan} bill",
    "can you tell me why i was charged {amount} on {day}",
    "my {device} has had no signal since {day}",
    "add roaming for {country} from {day}",
    "please block the sim on {phone}",
    "move my number {phone} to {plan}",
    "uh yeah i moved to {address} last {day}",
    "send a technician to {address}",
    "what is left on account {account}",
    "reset my {device} it keeps dropping",
    "cancel {plan} on account {account}",
    "upgrade me to {plan} with a new {device}",
)
FILLERS = ("", "hi ", "um ", "yeah hi ", "okay so ", "hello ")
WORDS = {
    "day": ("monday", "tuesday", "last week", "march third", "yesterday", "the fifth"),
    "plan": ("unlimited plus", "family share", "prepaid mini", "fiber gig"),
    "device": ("router", "phone", "tablet", "modem", "set top box"),
    "country": ("spain", "japan", "mexico", "kenya", "india"),
    "phone": ("[PHONE_NUMBER_1]",),
    "account": ("[ACCOUNT_NUMBER_1]",),
    "address": ("[ADDRESS_1]",),
}
PARAMETERS = ("amount", *WORDS)
INTENTS = tuple(
    f"{verb}_{noun}"
    for verb in ("pay", "check", "dispute", "change", "cancel", "add", "report", "book")
    for noun in ("bill", "plan", "sim", "device", "account", "visit", "roaming",
                 "line", "address", "autopay", "outage", "discount")
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    number: int
    text: str
    # The first parameter said: where, and which.
    start: int
    end: int
    param: str
    intent: str
    # A model's doubt, uniform in 0..1: higher is more informative.
    score: float


def lines(n: int, *, seed: int = 7) -> Iterator[Line]:
    """n different utterances; the same for the same seed, whatever n is."""
    rng = random.Random(seed)
    for number in range(n):
        text = rng.choice(FILLERS)
        place = None
        for part in rng.choice(TEMPLATES).split("{"):
            param, brace, rest = part.partition("}")
            if not brace:
                text += part
                continue
            value = _value(rng, param)
            place = place or (len(text), len(text) + len(value), param)
            text += value + rest
        assert place is not None
        yield Line(
            number,
            f"{text} reference {number}",
            *place,
            intent=INTENTS[rng.randrange(len(INTENTS))],
            score=rng.random(),
        )


def _value(rng: random.Random, param: str) -> str:
    if param == "amount":
        return f"{rng.randint(5, 250)} dollars"
    return rng.choice(WORDS[param])
