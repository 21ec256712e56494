"""What a speech recognizer writes: fillers, restarts, wrong words, lost words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from annotations.demo.dice import Dice, Weighted
from annotations.demo.draft import NO_VALUE, Word

FILLERS = ("um", "uh", "like", "you know", "i mean", "well", "so", "er", "uhm")

# Words a recognizer loses first: short and unstressed.
_WEAK_WORDS = (
    "a an the my to is it of i for on in that do can and be was are your you me"
)
_WEAK = frozenset(_WEAK_WORDS.split(" "))

# What was said -> what comes out. Homophones, splits and near misses.
MISHEARD = {
    "account": ("a count", "account", "accounting"),
    "activate": ("active eight", "activated"),
    "agent": ("asian", "agents"),
    "appointment": ("a point meant", "appointments"),
    "autopay": ("auto pay", "otto pay", "audio pay"),
    "balance": ("balanced", "ballots"),
    "bill": ("bell", "build", "bills", "bil"),
    "box": ("books", "fox"),
    "cable": ("able", "table", "cables"),
    "cancel": ("council", "cancelled", "can sell"),
    "channels": ("chanel", "channel"),
    "charge": ("church", "charged", "charges"),
    "charged": ("charge", "large"),
    "connection": ("connect shin", "collection"),
    "credit": ("credits", "edit"),
    "data": ("date a", "dada", "later"),
    "declined": ("the client", "decline"),
    "dropping": ("shopping", "drop in"),
    "due": ("do", "dew"),
    "email": ("e mail", "female"),
    "extender": ("extended", "x tender"),
    "fee": ("free", "feed", "the"),
    "fix": ("fics", "mix", "fixed"),
    "for": ("four",),
    "four": ("for",),
    "go": ("goal",),
    "internet": ("enter net", "inner net", "internets"),
    "know": ("no",),
    "late": ("lake", "eight"),
    "light": ("like", "lite"),
    "line": ("lying", "mine"),
    "lost": ("last", "loss"),
    "modem": ("mode m", "mow dem", "modern"),
    "move": ("moves", "groove"),
    "my": ("me", "by", "mind"),
    "need": ("knead", "neat"),
    "no": ("know",),
    "number": ("numb er", "numbers"),
    "order": ("older", "orders", "border"),
    "outage": ("out age", "outrage", "output"),
    "paid": ("paint", "pay"),
    "password": ("pass word", "passport"),
    "pay": ("pain", "pace", "play"),
    "payment": ("pavement", "pay mint", "payments"),
    "phone": ("fun", "own", "foam"),
    "pin": ("pen", "bin"),
    "plan": ("plane", "land", "plant"),
    "refund": ("re fund", "we found"),
    "remote": ("remove", "a moat"),
    "reset": ("recent", "re set"),
    "right": ("write", "rite"),
    "roaming": ("roman", "rowing"),
    "router": ("rooter", "rotor", "outer"),
    "service": ("surface", "services"),
    "signal": ("single", "signals"),
    "sim": ("some", "same", "seem"),
    "slow": ("flow", "low"),
    "speed": ("spend", "speak"),
    "technician": ("tech nation", "technicians", "technical"),
    "there": ("their", "they're"),
    "to": ("two", "too"),
    "tv": ("t v", "tv's"),
    "two": ("to",),
    "want": ("what", "won't", "wanna"),
    "wifi": ("why fi", "wi fi", "wife i"),
    "won't": ("want",),
    "working": ("walking", "work in"),
}
_MUMBLE = ("the", "and", "it", "uh", "what", "all", "in", "this", "he", "then")


@dataclass(frozen=True)
class Quality:
    """How well a line carries speech; rates are per word unless said otherwise."""

    name: str
    filler: float
    wrong: float
    lost: float
    restart: float  # per utterance


QUALITIES = Weighted(
    (
        Quality("good", filler=0.015, wrong=0.015, lost=0.01, restart=0.03),
        Quality("fair", filler=0.03, wrong=0.05, lost=0.02, restart=0.06),
        Quality("poor", filler=0.04, wrong=0.15, lost=0.05, restart=0.10),
    ),
    (62, 28, 10),
)


def hear(words: Sequence[Word], quality: Quality, dice: Dice) -> list[Word]:
    """The words as recognized; a value's own words stay, so that it can be labeled."""
    heard: list[Word] = []
    for word in words:
        if word.value == NO_VALUE:
            heard += _recognize(word, quality, dice)
        else:
            heard.append(word)
    if len(heard) > 4 and dice.chance(quality.restart):
        heard = _restart(heard, dice)
    return heard or list(words)


def _recognize(word: Word, quality: Quality, dice: Dice) -> list[Word]:
    if word.text in _WEAK and dice.chance(quality.lost * 2):
        return []
    if dice.chance(quality.lost / 3):
        return []
    filler = dice.pick(FILLERS) if dice.chance(quality.filler) else ""
    text = word.text
    if text in MISHEARD and dice.chance(quality.wrong):
        text = dice.pick(MISHEARD[text])
    elif dice.chance(quality.wrong / 6):
        text = dice.pick(_MUMBLE)
    return [replace(word, text=part) for part in f"{filler} {text}".split()]


def _restart(words: list[Word], dice: Dice) -> list[Word]:
    """The caller begins, breaks off, and begins again."""
    length = dice.between(1, 3)
    opening = words[:length]
    if any(word.value != NO_VALUE for word in opening):
        return words
    pause = [Word("uh")] if dice.chance(0.4) else []
    return [*opening, *pause, *words]
