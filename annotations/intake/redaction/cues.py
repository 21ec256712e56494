"""Words around a number, or in the bot's question, that say what the number is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from . import entities as kinds

_NO = r"(?: ?(?:numbers?|num|nos?|ids?|code)\b| ?#)"

# In order: where two match at one place the earlier wins.
_CUES: tuple[tuple[str, str], ...] = (
    (
        kinds.CVV,
        r"cvv2?|cvc2?|c v (?:v|c)|security (?:code|number)|card verification"
        r"|(?:three|four|[34])[- ]digits? (?:\w+ )?(?:on|at|from) the (?:back|front)"
        r"|(?:code|number|numbers|digits|it'?s|them|one) (?:is )?(?:on|at|from) the"
        r" (?:back|flip side)|on the back|(?:three|3)[- ]digit"
        r"|back of (?:my|the) card",
    ),
    (
        kinds.SSN,
        r"social(?: security)?(?! media)" + _NO + r"?|ssn|s s n"
        r"|tax(?:payer)? i\.?d|itin",
    ),
    (
        kinds.PIN,
        r"pin" + _NO + r"?|p i n|pass ?codes?|access code|pass ?words?"
        r"|(?:verification|confirmation text|one[- ]time|texted me|sent me a)"
        r" (?:code|pass ?code|pin)|otp|the code (?:is|was|you sent)",
    ),
    (
        kinds.DOB,
        r"date of birth|d ?o ?b|birth ?da(?:y|te)|i was born|was born|born (?:on|in)",
    ),
    (kinds.ZIP, r"zip(?: ?code)?|postal(?: code)?|post ?code"),
    (
        kinds.DEVICE_ID,
        r"imei|i m e i|iccid|meid|eid|sim(?: card)?" + _NO + r"?|serial" + _NO + "?"
        r"|mac address|(?:device|modem|router|equipment|box) (?:id|number|serial)",
    ),
    (
        kinds.GOVERNMENT_ID,
        r"driver'?s? licen[sc]e|drivers? i\.?d|passport|licen[sc]e(?: plate)?"
        r"|state i\.?d|plate number",
    ),
    (
        kinds.ACCOUNT_NUMBER,
        r"(?:ac+ou?nt|acct|a/c|customer|client|member(?:ship)?|subscriber|billing"
        r"|routing|policy|user|loyalty|bank account|checking|savings|installation)"
        r"(?:'s)?" + _NO + r"|acct|routing|(?:ac+ou?nt|checking|savings)"
        r" (?:is|ends|ending|starts|starting|that ends)",
    ),
    (
        kinds.PHONE,
        r"(?:phone|cell(?: ?phone)?|mobile|call ?back|contact|land ?line|telephone"
        r"|home|work|office|best|daytime|husband'?s|wife'?s|day|evening)" + _NO + "|"
        r"(?:call|ring|text|reach|contact|phone|sms) (?:me|us|him|her|them)"
        r"(?: back)? (?:at|on)|(?:my|our|her|his|their|whose) (?:other )?number"
        r"|number i'?m calling (?:from|about)|calling from|cell ?phone|cell is"
        r"|mobile is|phone is|callback|call back at|reached at|line ending",
    ),
    (
        kinds.CARD,
        r"(?:credit|debit|gift|visa|bank|new|payment)?[- ]?\bcard" + _NO + r"?|visa"
        r"|master ?card|amex|american express|discover card|card on file",
    ),
    (
        kinds.REFERENCE_NUMBER,
        r"(?:order|ticket|case|claim|confirmation|reference|ref|invoice|tracking"
        r"|purchase|transaction|incident|work order|appointment|service request"
        r"|complaint|shipment|parcel)" + _NO + r"?|(?:conf|bill)" + _NO,
    ),
    (kinds.ACCOUNT_NUMBER + "_", r"ac+ou?nt|(?:last|first|final) (?:\w+ )?digits"),
    (kinds.ACCOUNT_NUMBER + "_", r"(?:last|final|first) (?:four|4|five|5|six|6)"),
)

_CUE = re.compile(
    r"\b(?:"
    + "|".join(f"(?P<c{n}>{pattern})" for n, (_, pattern) in enumerate(_CUES))
    + r")(?:(?<=#)|(?!\w))"
)
_KINDS = {f"c{n}": kind for n, (kind, _) in enumerate(_CUES)}

# Least and most digits a number of each kind may have for its cue to hold.
LENGTHS = {
    kinds.CARD: (4, 19),
    kinds.CVV: (3, 4),
    kinds.SSN: (3, 9),
    kinds.PHONE: (4, 15),
    kinds.ACCOUNT_NUMBER: (3, 24),
    kinds.ACCOUNT_NUMBER + "_": (4, 24),
    kinds.REFERENCE_NUMBER: (4, 24),
    kinds.DEVICE_ID: (5, 24),
    kinds.GOVERNMENT_ID: (4, 14),
    kinds.PIN: (3, 8),
    kinds.ZIP: (3, 9),
    kinds.DOB: (4, 8),
}

_QUESTIONS: tuple[tuple[str, str], ...] = (
    (kinds.EMAIL, r"e-? ?mail"),
    (
        kinds.NAME,
        r"(?:your|full|first|last|the|caller'?s?|account holder'?s?) (?:\w+ )?name"
        r"|name (?:on|please|for)|who am i (?:speaking|talking)"
        r"|spell (?:it|that|your)|may i ask who|whom? (?:am i|i am|is this)",
    ),
    (
        kinds.ADDRESS,
        r"(?:street|home|service|billing|mailing|your|new|the) (?:\w+ )?address"
        r"|where do you live",
    ),
)
_QUESTION = re.compile(
    "|".join(f"(?P<q{n}>{pattern})" for n, (_, pattern) in enumerate(_QUESTIONS))
)
_CALLERS = frozenset({"user", "caller", "customer", "human", "client", "you"})


@dataclass(frozen=True, slots=True)
class Cue:
    start: int
    end: int
    kind: str
    is_weak: bool


def find_cues(folded: str) -> list[Cue]:
    """Every cue in the text, in order."""
    cues = []
    for match in _CUE.finditer(folded):
        kind = _KINDS[str(match.lastgroup)]
        cues.append(
            Cue(match.start(), match.end(), kind.rstrip("_"), kind.endswith("_"))
        )
    return cues


def expected_kind(context: Sequence[Mapping[str, str] | str]) -> str | None:
    """What the bot's last question asked for; None where it asked for nothing."""
    question = _last_question(context)
    if not question:
        return None
    folded = question.lower()
    named = [_KINDS[str(m.lastgroup)] for m in _CUE.finditer(folded)]
    strong = [kind for kind in named if not kind.endswith("_")]
    asked = _QUESTION.search(folded)
    if strong:
        return strong[-1]
    if asked is not None:
        return _QUESTIONS[int(str(asked.lastgroup)[1:])][0]
    return named[-1].rstrip("_") if named else None


def is_caller(role: str) -> bool:
    """Whether a turn with this role is the caller's own."""
    return role.lower() in _CALLERS


def _last_question(context: Sequence[Mapping[str, str] | str]) -> str:
    for turn in reversed(context[-2:]):
        if isinstance(turn, str):
            return turn
        if not is_caller(str(turn.get("role", ""))):
            return str(turn.get("text", ""))
    return ""
