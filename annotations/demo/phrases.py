"""How callers and writers put a request: what stands before, around and after it."""

from annotations.demo.catalogue import DemoIntent
from annotations.demo.dice import Dice, Weighted
from annotations.demo.grammar import Pattern

# Before a request ("pay my bill"). The empty frame only suits actions.
REQUEST_FRAMES = (
    "i want to",
    "i'd like to",
    "i need to",
    "i would like to",
    "i'm calling to",
    "i was calling to",
    "i'm trying to",
    "can you help me",
    "can i",
    "could i",
    "how do i",
    "how can i",
    "i'm looking to",
    "is it possible to",
    "what do i have to do to",
    "i was wondering if i could",
    "i wanna",
    "i'm gonna need to",
    "i just want to",
    "would you help me",
    "",
    "",
    "",
    "",
)
_NOT_ACTIONS = ("know", "find", "see", "understand", "let", "be", "talk", "hear")
TOPIC_FRAMES = (
    "",
    "",
    "",
    "it's about",
    "i'm calling about",
    "i have a question about",
    "calling about",
    "i need help with",
    "question about",
    "i wanted to ask about",
    "yeah about",
    "something about",
)
OPENINGS = (
    "hi",
    "hello",
    "hey",
    "yeah hi",
    "um yeah",
    "okay so",
    "good morning",
    "good afternoon",
    "yes",
    "well",
    "hi there",
    "so",
    "uh",
    "yes hello",
    "yeah um",
    "hi my name is {caller_name} and",
    "hello this is {caller_name}",
    "yes ma'am",
    "hi i hope you can help me",
)
ASIDES = (
    "i've been on hold forever and",
    "i'm not sure who to ask but",
    "i called about this before",
    "my husband usually does this but",
    "i've been a customer for years and",
    "i just got home and",
    "i'm on my break so quickly",
    "i got a letter from you and",
    "i'm calling for my mother",
    "i looked on the website and",
    "i don't know if you can help me but",
    "okay here's the thing",
)
CLOSERS = (
    "please",
    "thank you",
    "thanks",
    "if you can",
    "can you help me with that",
    "as soon as possible",
    "today",
    "if that's okay",
    "i don't know what to do",
    "is that possible",
    "for me",
    "and how long does that take",
    "because this can't go on",
)
DETAILS = {
    "account_number": (
        "my account number is {account_number}",
        "the account is {account_number}",
        "account number {account_number}",
    ),
    "phone_number": (
        "my number is {phone_number}",
        "you can reach me at {phone_number}",
        "my phone number is {phone_number}",
    ),
    "zip_code": ("my zip code is {zip_code}", "zip is {zip_code}"),
}
FOLLOW_UPS = ("also", "and", "one more thing", "oh and", "yeah also", "yes", "actually")
REPEATS = ("no", "i said", "again", "no i said", "like i said", "")

SYNONYMS = {
    "bill": ("bill", "bill", "bill", "bill", "statement", "invoice"),
    "router": ("router", "router", "router", "box", "modem"),
    "technician": ("technician", "technician", "tech", "repair guy", "repairman"),
    "payment": ("payment", "payment", "payment", "bill payment"),
    "cell": ("cell", "mobile"),
    "neighborhood": ("neighborhood", "block", "street"),
    "phone": ("phone", "phone", "phone", "cell phone"),
    "guys": ("guys", "people"),
    "customer": ("customer", "subscriber", "customer"),
    "company": ("company", "company", "outfit"),
    "isn't": ("isn't", "isn't", "ain't"),
    "weird": ("weird", "strange"),
    "terrible": ("terrible", "awful", "horrible"),
    "fixed": ("fixed", "repaired", "fixed"),
    "email": ("email", "email", "e mail"),
    "package": ("package", "package", "bundle"),
    "really": ("really", "really", "so"),
    "wifi": ("wifi", "wifi", "wi fi", "wireless"),
}

_FORMS = Weighted(("requests", "statements", "topics"), (48, 40, 12))


def core(intent: DemoIntent, dice: Dice) -> str:
    """What is wanted, without anything around it; slots stay as `{name}`."""
    form = dice.weighted(_FORMS)
    patterns: tuple[Pattern, ...] = getattr(intent, form) or intent.statements
    sentence = _reword(dice.favour(patterns).expand(dice), dice)
    if form == "requests" and intent.requests:
        return f"{_request_frame(sentence, dice)} {sentence}".strip()
    if form == "topics" and intent.topics:
        return f"{dice.pick(TOPIC_FRAMES)} {sentence}".strip()
    return sentence


def opening(intent: DemoIntent, dice: Dice) -> str:
    """A caller's first request, with what people say around one."""
    parts = [framed(core(intent, dice), dice)]
    known = [name for name in DETAILS if name in (intent.parameters or {})]
    if known and dice.chance(0.12):
        parts.append(dice.pick(DETAILS[dice.pick(known)]))
    return " ".join(parts)


def framed(request: str, dice: Dice) -> str:
    """The request with what people say before and after one."""
    parts = [request]
    if dice.chance(0.04):
        parts.insert(0, dice.pick(ASIDES))
    if dice.chance(0.3):
        parts.insert(0, dice.pick(OPENINGS))
    if dice.chance(0.14):
        parts.append(dice.pick(CLOSERS))
    return " ".join(parts)


def _request_frame(sentence: str, dice: Dice) -> str:
    frame = dice.pick(REQUEST_FRAMES)
    if frame == "" and sentence.startswith(_NOT_ACTIONS):
        return "i'd like to"
    return frame


def _reword(sentence: str, dice: Dice) -> str:
    return " ".join(
        dice.pick(SYNONYMS[word]) if word in SYNONYMS else word
        for word in sentence.split()
    )
