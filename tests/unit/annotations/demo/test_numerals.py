import pytest

from annotations.demo.dice import Dice
from annotations.demo.numerals import ordinal, spoken_digits, spoken_number, spoken_pair

DIGIT = {
    word: str(number)
    for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    )
} | {"oh": "0"}
PAIR = {spoken_pair(f"{number:02d}"): f"{number:02d}" for number in range(100)}


def read_back(said: str) -> set[str]:
    """Every digit string the words can stand for."""
    words = said.split()
    results = {""}
    for at, word in enumerate(words):
        if word.isdigit():
            return {said}
        if word == "double":
            results = {r + DIGIT[words[at + 1]] for r in results}
        elif word in DIGIT:
            results = {r + DIGIT[word] for r in results}
    return results


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (40, "forty"),
        (99, "ninety nine"),
        (120, "one hundred twenty"),
        (9999, "nine thousand nine hundred ninety nine"),
    ],
)
def test_numbers_are_said_as_people_say_them(number, said):
    assert spoken_number(number) == said


def test_ordinals_reach_the_end_of_the_month():
    assert [ordinal(n) for n in (1, 20, 21, 30, 31)] == [
        "first",
        "twentieth",
        "twenty first",
        "thirtieth",
        "thirty first",
    ]


def test_digits_said_one_by_one_or_doubled_read_back():
    singly = 0
    for seed in range(200):
        dice = Dice(seed)
        digits = dice.digits(9)  # odd, so never in pairs
        said = spoken_digits(digits, dice)
        assert read_back(said) == {digits}
        singly += not said.isdigit()
    assert singly > 100


def test_each_pair_of_digits_sounds_different():
    assert len(PAIR) == 100


def test_some_callers_say_double():
    said = [spoken_digits("5555550144", Dice(seed)) for seed in range(50)]

    assert any("double five" in words for words in said)
