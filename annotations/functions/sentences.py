"""Sentences in English that can still be said in another language. No Django.

Modules of this room import `sentence` as `_`, the name that tools which collect
messages for translators look for; whoever shows a sentence translates its message.
"""


class Sentence(str):
    """English text, with the message and the values that it was made of."""

    __slots__ = ("message", "values")

    message: str
    values: dict[str, object]


def sentence(message: str, /, **values: object) -> Sentence:
    """message: with named placeholders, such as “is below %(limit)s”."""
    made = Sentence(message % values)
    made.message, made.values = message, values
    return made
