"""Numbers as callers say them."""

from annotations.demo.dice import Dice


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ONES = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TENS = _words("twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINALS = _words(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth "
    "twentieth"
)


def spoken_number(number: int) -> str:
    """0 to 9,999 in words, as said."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        ones = f" {_ONES[number % 10]}" if number % 10 else ""
        return _TENS[number // 10 - 2] + ones
    if number < 1000:
        rest = f" {spoken_number(number % 100)}" if number % 100 else ""
        return f"{_ONES[number // 100]} hundred{rest}"
    rest = f" {spoken_number(number % 1000)}" if number % 1000 else ""
    return f"{_ONES[number // 1000]} thousand{rest}"


def spoken_digits(digits: str, dice: Dice) -> str:
    """Digits one by one, with "oh" and "double", in pairs, or left as numerals."""
    style = dice.share()
    if style < 0.2:
        return digits
    if style < 0.35 and len(digits) % 2 == 0:
        pairs = (digits[at : at + 2] for at in range(0, len(digits), 2))
        return " ".join(spoken_pair(pair) for pair in pairs)
    zero = dice.pick(("oh", "zero"))
    words: list[str] = []
    at = 0
    while at < len(digits):
        digit = digits[at]
        word = zero if digit == "0" else _ONES[int(digit)]
        if digits[at : at + 2] == digit * 2 and dice.chance(0.5):
            words += ["double", word]
            at += 2
        else:
            words.append(word)
            at += 1
    return " ".join(words)


def spoken_pair(pair: str) -> str:
    if pair[0] == "0":
        return f"oh {_ONES[int(pair[1])]}" if pair[1] != "0" else "oh oh"
    return spoken_number(int(pair))


def ordinal(number: int) -> str:
    if number <= 20:
        return _ORDINALS[number - 1]
    if number == 30:
        return "thirtieth"
    return f"{_TENS[number // 10 - 2]} {_ORDINALS[number % 10 - 1]}"
