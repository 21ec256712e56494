"""Tickets, questions, case notes, feedback, experts' samples: not speech."""

from dataclasses import replace

from annotations.demo import phrases
from annotations.demo.catalogue import DemoIntent
from annotations.demo.dice import Dice
from annotations.demo.draft import NO_VALUE, Draft

_GREETINGS = ("Hello,", "Hi,", "Dear team,", "Good day,", "To whom it may concern,", "")
_STORIES = (
    "I have been a customer for nine years.",
    "I tried your chat first and it did not help.",
    "I called twice last week.",
    "This is urgent for me.",
    "I work from home and depend on it.",
    "Please answer by email.",
    "I could not find this on your website.",
    "My neighbor told me to write to you.",
    "I hope this is the right place to ask.",
)
_THANKS = ("Thanks", "Thank you", "Best regards", "Regards", "Kind regards")
_TYPOS = {
    "account": "acount",
    "receive": "recieve",
    "because": "becuase",
    "internet": "internt",
    "payment": "paymnet",
    "router": "ruoter",
    "please": "plz",
    "you": "u",
    "technician": "tecnician",
    "password": "pasword",
    "don't": "dont",
    "can't": "cant",
    "i'm": "im",
}
_QUESTION_WORDS = (
    "what how why when where who which is are am do does did can could would was "
    "should has have will any"
)
_QUESTION = frozenset(_QUESTION_WORDS.split(" "))
_NEGATIVE = (
    "Your phone bot is no help.",
    "Two stars.",
    "Waited forever.",
    "The app is confusing.",
    "Not happy.",
    "The robot did not understand me.",
)


def ticket(intent: DemoIntent, draft: Draft, dice: Dice) -> None:
    """A longer message with greeting, reason, details and a name."""
    _as_is(draft, dice.pick(_GREETINGS))
    _sentence(draft, phrases.core(intent, dice), dice)
    for name in phrases.DETAILS:
        if name in (intent.parameters or {}) and dice.chance(0.55):
            _sentence(draft, dice.pick(phrases.DETAILS[name]), dice)
    if dice.chance(0.4):
        _as_is(draft, dice.pick(_STORIES))
    if dice.chance(0.6):
        _as_is(draft, f"{dice.pick(_THANKS)}, {{caller_name}}")


def question(intent: DemoIntent, draft: Draft, dice: Dice) -> None:
    """A question as a list of frequent ones has it."""
    patterns = intent.requests or intent.statements
    frame = dice.pick(("how do i", "how can i", "where can i", "can i"))
    sentence = dice.pick(patterns).expand(dice)
    _sentence(draft, f"{frame if intent.requests else ''} {sentence}", dice)


def case_note(intent: DemoIntent, draft: Draft, dice: Dice) -> None:
    """An agent's note about a caller."""
    _as_is(draft, dice.pick(("Cust called.", "Customer calling:", "CCI re:", "Cust")))
    _sentence(draft, phrases.core(intent, dice), dice, typos=0.05)
    if "account_number" in (intent.parameters or {}):
        _as_is(draft, "Acct {account_number} .")
    if dice.chance(0.4):
        _as_is(draft, dice.pick(("Adv 24h.", "Transf to L2.", "CB req.", "Resolved.")))


def feedback(intent: DemoIntent, draft: Draft, dice: Dice) -> None:
    """What people write into the box after a call."""
    before = dice.chance(0.5)
    if before:
        _as_is(draft, dice.pick(_NEGATIVE))
    _sentence(draft, phrases.core(intent, dice), dice, typos=0.08)
    if not before:
        _as_is(draft, dice.pick(_NEGATIVE))


def sample(intent: DemoIntent, draft: Draft, dice: Dice) -> None:
    """A clean sentence an expert wrote for training."""
    _sentence(draft, phrases.core(intent, dice), dice, typos=0.0)


WRITERS = {
    "tickets": ticket,
    "faq": question,
    "crm": case_note,
    "feedback": feedback,
    "expert": sample,
}


def _as_is(draft: Draft, text: str) -> None:
    draft.say(text)


def _sentence(draft: Draft, text: str, dice: Dice, typos: float = 0.03) -> None:
    start = len(draft.words)
    draft.say(text)
    for at in range(start, len(draft.words)):
        word = draft.words[at]
        if word.value == NO_VALUE:
            draft.words[at] = replace(word, text=_spell(word.text, typos, dice))
    first = draft.words[start]
    if first.value == NO_VALUE:
        capital = first.text[:1].upper() + first.text[1:]
        draft.words[start] = replace(first, text=capital)
    draft.end_sentence("?" if text.split()[0] in _QUESTION else ".")


def _spell(word: str, typos: float, dice: Dice) -> str:
    if word in _TYPOS and dice.chance(typos * 4):
        return _TYPOS[word]
    if word == "i" or word.startswith("i'"):
        return "I" + word[1:]
    return word
