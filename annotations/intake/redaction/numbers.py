"""Spoken and written numbers, read as the digits a listener would write down.

"four one double one", "twenty five", "eight hundred", "oh" and fillers between
digits all become one run of digits that knows where it stood in the text.
"""

from dataclasses import dataclass

from .lexicon import HESITATIONS, word_set
from .words import Words

UNITS = {
    "zero": "0",
    "oh": "0",
    "o": "0",
    "nought": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "niner": "9",
}
TEENS = {
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
    "thirteen": "13",
    "fourteen": "14",
    "fifteen": "15",
    "sixteen": "16",
    "seventeen": "17",
    "eighteen": "18",
    "nineteen": "19",
}
TENS = {
    "twenty": "2",
    "thirty": "3",
    "forty": "4",
    "fourty": "4",
    "fifty": "5",
    "sixty": "6",
    "seventy": "7",
    "eighty": "8",
    "ninety": "9",
}
REPEATS = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
PLURALS = {
    "zeros": "0",
    "zeroes": "0",
    "ones": "1",
    "twos": "2",
    "threes": "3",
    "fours": "4",
    "fives": "5",
    "sixes": "6",
    "sevens": "7",
    "eights": "8",
    "nines": "9",
}
# What speech recognition writes for a digit; believed only between digits.
SOUNDALIKES = {"to": "2", "too": "2", "for": "4", "fore": "4", "ate": "8", "won": "1"}
SCALES = {"hundred": "00", "thousand": "000"}
FILLERS = HESITATIONS | word_set(
    "and dash hyphen space dot then comma yeah no sorry wait actually i mean let me"
    " see hold on you know"
)
MAX_FILLERS = 5

NUMBER_WORDS = frozenset(UNITS) | frozenset(TEENS) | frozenset(TENS)
_STARTERS = (NUMBER_WORDS | frozenset(REPEATS)) - {"o", "oh"}
_GAP = frozenset(" \t\n\r-\u2013\u2014.,()+#*·•_'\"")


@dataclass(slots=True)
class Run:
    """Numbers said in one breath; `first`/`last` are word indices, inclusive."""

    first: int
    last: int
    digits: str
    groups: tuple[int, ...]  # digits of each number said or written
    is_written: bool
    is_digitwise: bool  # only single spoken digits, repeats, or written digits
    is_scaled: bool  # "hundred" or "thousand" was said
    is_money: bool = False  # after a currency sign, or 1,234 or 12.99


@dataclass(slots=True)
class _Atom:
    digits: str
    last: int
    is_written: bool = False
    is_digitwise: bool = True
    is_scaled: bool = False


def has_numbers(words: Words) -> bool:
    return any(word in _STARTERS or word[0] in "0123456789" for word in words.words)


def read_runs(words: Words) -> list[Run]:
    """Every run of numbers in the text, in order, none overlapping."""
    runs: list[Run] = []
    index = 0
    while index < len(words):
        atom = _atom(words, index)
        if atom is None or _is_glued(words, index):
            index += 1
            continue
        run = _read_run(words, index, atom)
        runs.append(run)
        index = run.last + 1
    return runs


def _read_run(words: Words, first: int, atom: _Atom) -> Run:
    atoms = [atom]
    is_money = _after_currency(words, first)
    while True:
        found = _next_atom(words, atoms)
        if found is None:
            break
        is_money = is_money or _is_thousands(words, atoms[-1], found)
        atoms.append(found)
    return Run(
        first=first,
        last=atoms[-1].last,
        digits="".join(atom.digits for atom in atoms),
        groups=tuple(len(atom.digits) for atom in atoms),
        is_written=all(atom.is_written for atom in atoms),
        is_digitwise=all(atom.is_digitwise for atom in atoms),
        is_scaled=any(atom.is_scaled for atom in atoms),
        is_money=is_money,
    )


def _next_atom(words: Words, atoms: list[_Atom]) -> _Atom | None:
    """The number after `atoms`, across fillers; None where the run ends."""
    last = atoms[-1].last
    scaled = _scale(words, atoms)
    if scaled is not None:
        return scaled
    said_and = False
    for step in range(MAX_FILLERS + 1):
        index = last + 1 + step
        if index >= len(words) or not _joins(words, index - 1):
            return None
        atom = _soundalike(words, index, atoms) or _atom(words, index, inside=True)
        if atom is not None:
            if _is_glued(words, index) or (said_and and not _is_single(atoms, atom)):
                return None
            return atom
        if words.words[index] not in FILLERS:
            return None
        said_and = said_and or words.words[index] == "and"
    return None


def _is_single(atoms: list[_Atom], following: _Atom) -> bool:
    """Whether "and" stands between two digits: elsewhere it lists numbers."""
    before = atoms[-1]
    is_said = before.is_digitwise and not before.is_written
    return (is_said or len(before.digits) == 1) and len(following.digits) == 1


def _atom(words: Words, index: int, *, inside: bool = False) -> _Atom | None:
    """The number that begins at word `index`, however many words it takes."""
    word = words.words[index]
    following = words.words[index + 1] if index + 1 < len(words) else ""
    if word[0] in "0123456789":
        return _Atom(word, index, is_written=True)
    if word in REPEATS:
        digit = UNITS.get(following) or (following if len(following) == 1 else "")
        if digit.isdigit() and digit.isascii():
            return _Atom(digit * REPEATS[word], index + 1)
        return None
    if word in UNITS:
        if word in ("o", "oh") and not inside and not _is_number(following):
            return None
        if following in PLURALS and word not in ("o", "oh", "zero", "one"):
            return _Atom(PLURALS[following] * int(UNITS[word]), index + 1)
        return _scaled(words, _Atom(UNITS[word], index))
    if word in TEENS:
        return _scaled(words, _Atom(TEENS[word], index, is_digitwise=False))
    if word in TENS:
        unit = UNITS.get(following, "0")
        takes_unit = unit != "0" and words.gap(index) in (" ", "-")
        atom = _Atom(
            TENS[word] + (unit if takes_unit else "0"),
            index + takes_unit,
            is_digitwise=False,
        )
        return _scaled(words, atom)
    return None


def _scaled(words: Words, atom: _Atom) -> _Atom:
    """`atom` times the hundreds or thousands said right after it."""
    while atom.last + 1 < len(words):
        zeros = SCALES.get(words.words[atom.last + 1])
        if zeros is None or words.gap(atom.last) not in (" ", "-"):
            break
        atom = _Atom(
            atom.digits + zeros, atom.last + 1, is_digitwise=False, is_scaled=True
        )
    return atom


def _scale(words: Words, atoms: list[_Atom]) -> _Atom | None:
    """Let "eight hundred and fifty five" end in 855: the rest fills the zeros."""
    if not atoms[-1].is_scaled or not atoms[-1].digits.endswith("00"):
        return None
    index = atoms[-1].last + 1
    if index < len(words) and words.words[index] == "and":
        index += 1
    if index >= len(words) or not _joins(words, index - 1):
        return None
    rest = _atom(words, index, inside=True)
    if rest is None or rest.is_written or rest.is_scaled or len(rest.digits) != 2:
        return None
    atoms[-1].digits = atoms[-1].digits[:-2]
    rest.is_scaled = True
    return rest


def _soundalike(words: Words, index: int, atoms: list[_Atom]) -> _Atom | None:
    digit = SOUNDALIKES.get(words.words[index])
    if digit is None or len(atoms) < 2 or index + 1 >= len(words):
        return None
    around = (*atoms[-2:], _atom(words, index + 1, inside=True))
    if any(a is None or not a.is_digitwise or len(a.digits) > 1 for a in around):
        return None
    return _Atom(digit, index)


def _is_number(word: str) -> bool:
    return word in UNITS or word in TEENS or word in TENS or word[:1].isdigit()


def _joins(words: Words, index: int) -> bool:
    """Whether what stands after word `index` can stand inside one number."""
    gap = words.gap(index)
    if gap == " ":
        return True
    if gap == "." and words.words[index + 1].isdigit():
        # 12.99 is an amount, 555.123.4567 is a telephone number
        return len(words.words[index + 1]) > 2
    return len(gap) <= 6 and _GAP.issuperset(gap)


def _is_glued(words: Words, index: int) -> bool:
    """True for the 4 of "4g" and the 14 of "iphone14": no digits of a number."""
    word = words.words[index]
    if not word[0].isdigit() or len(word) >= 4:
        return False
    after = words.text[words.ends[index] : words.ends[index] + 1]
    before = words.text[max(0, words.starts[index] - 1) : words.starts[index]]
    return after.isalpha() or before.isalpha()


def _after_currency(words: Words, index: int) -> bool:
    before = words.text[: words.starts[index]].rstrip()
    return before.endswith(("$", "£", "€"))


def _is_thousands(words: Words, last: _Atom, following: _Atom) -> bool:
    return (
        last.is_written
        and following.is_written
        and len(following.digits) == 3
        and words.gap(last.last) == ","
    )
