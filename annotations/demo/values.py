"""Values callers give: invented people, numbers and dates, as said and as written.

No real person's data: phones are 555-01xx, cards the networks' published test numbers,
mail addresses in the domains reserved for examples.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from annotations.demo.catalogue import DemoCatalogue
from annotations.demo.dice import Dice
from annotations.demo.numerals import (
    ordinal,
    spoken_digits,
    spoken_number,
    spoken_pair,
)
from annotations.demo.wordlists import (
    AREA_CODES,
    FIRST_NAMES,
    LAST_NAMES,
    MONTHS,
    STREETS,
    TEST_CARDS,
    WEEKDAYS,
    WIFI_NAMES,
)


@dataclass(frozen=True)
class Value:
    spoken: str
    written: str
    canonical: str  # as the function takes it


@dataclass(frozen=True)
class Person:
    """Who calls; the same numbers all through a conversation."""

    name: str
    account_number: str
    phone_number: str
    zip_code: str
    service_address: tuple[str, str]  # house number, street
    email: str

    @classmethod
    def invent(cls, dice: Dice) -> "Person":
        first, last = dice.pick(FIRST_NAMES), dice.pick(LAST_NAMES)
        tail = str(dice.between(2, 99)) if dice.chance(0.3) else ""
        domain = dice.pick(("example.com", "example.net", "example.org"))
        return cls(
            name=f"{first} {last}",
            account_number=str(dice.between(1, 9)) + dice.digits(9),
            phone_number=dice.pick(AREA_CODES) + "55501" + dice.digits(2),
            zip_code=dice.digits(5),
            service_address=(str(dice.between(2, 9899)), dice.pick(STREETS)),
            email=f"{first}{dice.pick(('.', ''))}{last}{tail}@{domain}",
        )


def draw(
    slot: str, *, person: Person, today: date, dice: Dice, catalogue: DemoCatalogue
) -> Value:
    """A value for the slot. Raises ValueError for a slot nobody can fill."""
    maker = _MAKERS.get(slot)
    if maker:
        return maker(person, today, dice)
    parameter = catalogue.parameters.get(slot)
    if parameter and "enum" in parameter.rule:
        value = dice.pick(parameter.rule["enum"])
        return Value(value, value, value)
    raise ValueError(f"no value for slot {slot!r}")


def _account(person: Person, today: date, dice: Dice) -> Value:
    digits = person.account_number
    return Value(spoken_digits(digits, dice), digits, digits)


def _phone(person: Person, today: date, dice: Dice) -> Value:
    digits = person.phone_number
    written = f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    return Value(spoken_digits(digits, dice), written, digits)


def _zip(person: Person, today: date, dice: Dice) -> Value:
    return Value(spoken_digits(person.zip_code, dice), person.zip_code, person.zip_code)


def _card(person: Person, today: date, dice: Dice) -> Value:
    digits = dice.pick(TEST_CARDS)
    groups = " ".join(digits[at : at + 4] for at in range(0, 16, 4))
    return Value(spoken_digits(digits, dice), groups, digits)


def _order(person: Person, today: date, dice: Dice) -> Value:
    digits = str(dice.between(1, 9)) + dice.digits(5)
    return Value(spoken_digits(digits, dice), digits, digits)


def _email(person: Person, today: date, dice: Dice) -> Value:
    user, domain = person.email.split("@")
    letters = user.rstrip("0123456789")
    tail = user[len(letters) :]
    said = letters.replace(".", " dot ")
    said += f" {spoken_number(int(tail))}" if tail else ""
    return Value(
        f"{said} at {domain.replace('.', ' dot ')}", person.email, person.email
    )


def _name(person: Person, today: date, dice: Dice) -> Value:
    return Value(person.name, person.name.title(), person.name.title())


def _other_name(person: Person, today: date, dice: Dice) -> Value:
    name = f"{dice.pick(FIRST_NAMES)} {person.name.split()[-1]}"
    return Value(name, name.title(), name.title())


def _address(person: Person, today: date, dice: Dice) -> Value:
    number, street = person.service_address
    said = _spoken_house(number, dice)
    written = f"{number} {street.title()}"
    return Value(f"{said} {street}", written, written)


def _spoken_house(number: str, dice: Dice) -> str:
    if int(number) < 100 or dice.chance(0.4):
        return spoken_digits(number, dice)
    # "three twenty five", "fifty four seventy four"
    head, tail = number[:-2], number[-2:]
    if tail == "00":
        return f"{spoken_number(int(head))} hundred"
    return f"{spoken_number(int(head))} {spoken_pair(tail)}"


def _amount(person: Person, today: date, dice: Dice) -> Value:
    dollars = dice.between(5, 240)
    cents = dice.pick((0, 0, 0, 10, 25, 49, 50, 75, 95, 99))
    words = spoken_number(dollars)
    if cents == 0:
        said = f"{words} dollars"
    elif dice.chance(0.6):
        said = f"{words} dollars and {spoken_number(cents)} cents"
    else:
        said = f"{words} {spoken_number(cents)}"
    return Value(said, f"${dollars}.{cents:02d}", f"{dollars}.{cents:02d}")


def _bill_month(person: Person, today: date, dice: Dice) -> Value:
    months_ago = dice.pick((0, 0, 1, 1, 1, 2, 2, 3, 4))
    index = today.year * 12 + today.month - 1 - months_ago
    year, month = divmod(index, 12)
    said = MONTHS[month]
    if months_ago < 2 and dice.chance(0.2):
        said = ("this month", "last month")[months_ago]
    written = said.capitalize() if said in MONTHS else said
    return Value(said, written, f"{year:04d}-{month + 1:02d}")


def _day(person: Person, today: date, dice: Dice) -> Value:
    ahead = dice.between(1, 20)
    day = today + timedelta(days=ahead)
    if ahead == 1:
        said = "tomorrow"
    elif ahead < 7:
        said = WEEKDAYS[day.weekday()]
    elif ahead < 14 and dice.chance(0.6):
        said = f"next {WEEKDAYS[day.weekday()]}"
    elif dice.chance(0.5):
        said = f"the {ordinal(day.day)}"
    else:
        said = f"{MONTHS[day.month - 1]} {ordinal(day.day)}"
    return Value(said, said, day.isoformat())


def _wifi_name(person: Person, today: date, dice: Dice) -> Value:
    name = dice.pick(WIFI_NAMES)
    return Value(name, name.title(), name)


def _count(low: int, high: int):
    def draw_count(person: Person, today: date, dice: Dice) -> Value:
        number = dice.between(low, high)
        return Value(spoken_number(number), str(number), str(number))

    return draw_count


_MAKERS = {
    "account_number": _account,
    "phone_number": _phone,
    "zip_code": _zip,
    "card_number": _card,
    "order_number": _order,
    "email": _email,
    "caller_name": _name,
    "person_name": _other_name,
    "service_address": _address,
    "amount": _amount,
    "bill_month": _bill_month,
    "payment_date": _day,
    "appointment_date": _day,
    "start_date": _day,
    "wifi_name": _wifi_name,
    "data_gb": _count(2, 20),
    "line_count": _count(2, 5),
}
